"""How much a step may hand on: an archive comes from a place that is not to be trusted."""

from __future__ import annotations

import attrs

from swamp_driver._value import Value


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Limits(Value):
    """Bounds for all outputs of one step together."""

    entries: int = 500_000
    """Files, directories and symlinks; what is known of each of them is kept in memory."""
    size_bytes: int = 64 << 30
    """Of the archive that they arrive in."""
    header_bytes: int = 64 << 10
    """Of what an archive says about one entry: long names, extended attributes."""
