"""A badge in the form that badge services read from an address."""

from __future__ import annotations

from swamp_driver_conformance.reporting._report import Report

_COLOURS = {"conformant": "brightgreen", "incomplete": "yellow", "not conformant": "red"}


def render_badge(report: Report) -> dict[str, object]:
    """Return the JSON of a badge: label, message and colour."""
    contract = report.suite["contract"]
    profile = "" if report.profile == "core" else f" ({report.profile})"
    return {
        "schemaVersion": 1,
        "label": f"swamp driver contract {contract}",
        "message": f"{report.verdict.word}{profile}",
        "color": _COLOURS[report.verdict.word],
    }
