"""The page with all reports side by side: `python -m swamp_driver_conformance.matrix FOLDER`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from swamp_driver_conformance.reporting import Report, render_matrix, report_from_json

_INTRO = """\
# Conformance of the drivers

Made from the reports in `conformance/reports`; its README says how to make them again. ✓ kept,
✗ not kept, · does not apply or cannot be tested by the suite. [The clauses](clauses.md) have their
full text.

"""


def render_page(reports: list[Report]) -> str:
    """Return the page: what was judged, and the matrix."""
    lines = ["| driver | verdict | where | when |", "|---|---|---|---|"]
    lines += [
        f"| `{one.driver['name']}` | {one.verdict.word} | {one.driver['availability']} | "
        f"{one.started_at[:10]}, {one.duration_s:.0f} s |"
        for one in reports
    ]
    return _INTRO + "\n".join(lines) + "\n\n" + render_matrix(reports)


def read_reports(folder: Path) -> list[Report]:
    """Return the reports of a folder, by name; raises `ValueError` where one is none."""
    paths = sorted(folder.glob("*.json"))
    return [report_from_json(json.loads(path.read_text(encoding="utf-8"))) for path in paths]


if __name__ == "__main__":
    sys.stdout.write(render_page(read_reports(Path(sys.argv[1]))))
