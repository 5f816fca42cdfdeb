"""Findings, rows and reports with defaults."""

from __future__ import annotations

from typing import Any

from swamp_driver_conformance.clauses import profile_by_name
from swamp_driver_conformance.reporting import Report, build_report, decide


def finding(
    clause: str = "SWD-WS-001", *, status: str = "passed", test: str = "", **more: Any
) -> dict[str, Any]:
    """Return what one phase of one test found."""
    name = test or f"test_x.py::test_{clause}"
    return {"test": name, "clauses": [clause], "status": status, "duration_s": 0.1, **more}


def report(
    *findings: dict[str, Any],
    capabilities: tuple[str, ...] = (),
    known: dict[str, str] | None = None,
    profile: str = "core",
    effort: str = "normal",
) -> Report:
    """Return the report of a session with these findings."""
    rows = build_report(findings, capabilities=capabilities, known=known or {})
    return Report(
        driver={
            "name": "mine",
            "object": "pkg:Mine",
            "distribution": "pkg",
            "version": "1",
            "summary": "steps | run elsewhere",
            "api": "1.0",
            "config_sha256": "0" * 64,
            "available": True,
            "availability": "fine",
        },
        suite={"contract": "1.0", "version": "1"},
        platform={"system": "Linux"},
        profile=profile,
        effort=effort,
        started_at="2026-01-01T00:00:00+00:00",
        duration_s=1.0,
        capabilities=capabilities,
        clauses=rows,
        verdict=decide(
            rows, profile=profile_by_name(profile), capabilities=capabilities, effort=effort
        ),
    )


def all_passed(*, capabilities: tuple[str, ...] = (), but: tuple[str, ...] = ()) -> list[Any]:
    """Return findings in which every clause that applies was kept, but for some."""
    empty = report(capabilities=capabilities)
    return [
        finding(row.id) for row in empty.clauses if row.status == "not-run" and row.id not in but
    ]


def status_of(one: Report, clause_id: str) -> str:
    """Return the status of a clause in a report."""
    return next(row.status for row in one.clauses if row.id == clause_id)
