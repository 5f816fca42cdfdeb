"""The options of the reference driver."""

from __future__ import annotations

import attrs

from swamp_driver.spec import option


@attrs.frozen(kw_only=True)
class ReferenceConfig:
    """Where it keeps its records, and what every driver has."""

    pass_env: tuple[str, ...] = option(
        default=(), help="Names or patterns of variables of the caller that steps get."
    )
    records: str | None = option(
        default=None,
        help="The directory with a record of each run directory; one for the user, below the "
        "directory for temporary files, by default.",
        example="/var/lib/reference",
    )
