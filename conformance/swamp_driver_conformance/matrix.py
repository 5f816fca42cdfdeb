"""The page with all reports side by side: `python -m swamp_driver_conformance.matrix FOLDER`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from swamp_driver_conformance.reporting import Report, render_matrix, report_from_json

_INTRO = """\
# Conformance of the drivers

What the suite says of the drivers of this project and of the two examples, clause by clause:
✓ kept, ✗ not kept, · does not apply or cannot be tested by the suite. [The clauses](clauses.md)
have their full text. The page is made from the reports in `conformance/reports`, each of one run
of everything; the README of `conformance` says how to make them again.

"""


def render_page(reports: Mapping[str, Report]) -> str:
    """Return the page: what was judged, what was not run, and the matrix."""
    return _INTRO + "\n".join(_lines(reports)) + "\n\n" + render_matrix(reports)


def _lines(reports: Mapping[str, Report]) -> Iterator[str]:
    yield "| driver | verdict | clauses kept | not run | it said of its place | when |"
    yield "|---|---|---|---|---|---|"
    for name, report in reports.items():
        kept = report.counts().get("passed", 0)
        place = report.driver["availability"].replace("|", "\\|")
        when = f"{report.started_at[:10]}, {report.duration_s:.0f} s"
        left_out = ", ".join(_left_out(report)) or "nothing"
        yield f"| `{name}` | {report.verdict.word} | {kept} | {left_out} | {place} | {when} |"


def _left_out(report: Report) -> Iterator[str]:
    for row in report.clauses:
        if row.status == "not-run" or row.reason.startswith("partly"):
            yield f"{row.id} ({row.reason})"


def read_reports(folder: Path) -> dict[str, Report]:
    """Return the reports of a folder by the names of the files; `ValueError` where one is none."""
    return {
        path.stem: report_from_json(json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(folder.glob("*.json"), key=lambda path: path.stem)
    }


if __name__ == "__main__":
    sys.stdout.write(render_page(read_reports(Path(sys.argv[1]))))
