"""The files that steps handed on, as people see them."""

from __future__ import annotations

from collections.abc import Iterator

from swamp_driver.cli._columns import Cell
from swamp_driver.cli._durations import format_bytes
from swamp_driver.host import StepRecord

HANDED_ON = ("HANDED ON BY", "FILES", "SIZE", "DIGEST", "PATH")
_DIGITS = 12
"""Of a digest: enough to see whether two are equal; `--json` has all."""


def handed_on_rows(step: StepRecord) -> Iterator[list[Cell]]:
    """Yield a row for each output of a step, under the header `HANDED_ON`."""
    for one in step.handed_on:
        yield [
            Cell(f"{step.job}/{step.step}"),
            Cell(str(one.files)),
            Cell(format_bytes(one.size_bytes)),
            Cell(one.digest[:_DIGITS]),
            Cell(one.path),
        ]
