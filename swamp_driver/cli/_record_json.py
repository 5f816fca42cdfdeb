"""Records as JSON, for `--json`."""

from __future__ import annotations

import attrs

from swamp_driver.host import RunRecord


def run_to_json(run: RunRecord) -> dict[str, object]:
    """Return a run with its steps; enums become their words, tuples lists."""
    return attrs.asdict(run)
