"""Reports: what became of each clause, in JSON, Markdown, JUnit and as a badge."""

from swamp_driver_conformance.reporting._badge import render_badge
from swamp_driver_conformance.reporting._build import build_report
from swamp_driver_conformance.reporting._diff import diff_reports
from swamp_driver_conformance.reporting._junit import render_junit
from swamp_driver_conformance.reporting._markdown import render_markdown, render_matrix
from swamp_driver_conformance.reporting._report import (
    SCHEMA_VERSION,
    ClauseRow,
    Report,
    TestRow,
    Verdict,
    report_from_json,
    report_to_json,
)
from swamp_driver_conformance.reporting._reporter import Reporter
from swamp_driver_conformance.reporting._verdict import decide

__all__ = [
    "SCHEMA_VERSION",
    "ClauseRow",
    "Report",
    "Reporter",
    "TestRow",
    "Verdict",
    "build_report",
    "decide",
    "diff_reports",
    "render_badge",
    "render_junit",
    "render_markdown",
    "render_matrix",
    "report_from_json",
    "report_to_json",
]
