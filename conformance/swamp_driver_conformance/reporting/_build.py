"""From the findings of tests to a row for each clause. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from swamp_driver_conformance.clauses import CLAUSES, Clause
from swamp_driver_conformance.reporting._report import ClauseRow, ClauseStatus, TestRow

_WORST_FIRST = ("failed", "not-run", "passed")


def build_report(
    findings: Iterable[Mapping[str, Any]],
    *,
    capabilities: Collection[str],
    known: Mapping[str, str],
) -> tuple[ClauseRow, ...]:
    """Return a row for every clause that is not retired, in the order of the document.

    `findings` has one entry for each phase of each test; `known` maps clauses that are known to
    fail to the reason.
    """
    tests = _merge_phases(findings)
    return tuple(
        _row(clause, [row for row, ids in tests if clause.id in ids], capabilities, known)
        for clause in CLAUSES
        if clause.status != "retired"
    )


def _merge_phases(findings: Iterable[Mapping[str, Any]]) -> list[tuple[TestRow, list[str]]]:
    """Return one row for each test: of its phases the worst one counts."""
    by_test: dict[str, list[Mapping[str, Any]]] = {}
    for finding in findings:
        by_test.setdefault(finding["test"], []).append(finding)
    return [(_test_row(phases), phases[0]["clauses"]) for phases in by_test.values()]


def _test_row(phases: list[Mapping[str, Any]]) -> TestRow:
    worst = min(phases, key=lambda one: _WORST_FIRST.index(one["status"]))
    texts = {
        key: worst[key]
        for key in ("what", "seen", "expected", "where", "needs", "reason")
        if key in worst
    }
    return TestRow(
        id=worst["test"],
        status=worst["status"],
        duration_s=round(sum(one["duration_s"] for one in phases), 3),
        journal=tuple(worst.get("journal", ())),
        **texts,
    )


def _row(
    clause: Clause,
    tests: list[TestRow],
    capabilities: Collection[str],
    known: Mapping[str, str],
) -> ClauseRow:
    status, reason = _status(clause, tests, capabilities)
    if status == "failed" and clause.id in known:
        status, reason = "known-failure", known[clause.id]
    return ClauseRow(
        id=clause.id,
        level=clause.level,
        profile=clause.profile,
        state=clause.status,
        status=status,
        text=clause.text,
        reason=reason,
        tests=tuple(sorted(tests, key=lambda one: one.id)),
    )


def _status(
    clause: Clause, tests: list[TestRow], capabilities: Collection[str]
) -> tuple[ClauseStatus, str]:
    if not clause.applies_to(capabilities):
        declared = clause.capability is not None and clause.capability not in capabilities
        word = f"'{clause.capability}' is not" if declared else f"'{clause.without}' is"
        return "not-applicable", f"the capability {word} declared"
    if clause.untested:
        return "untested", clause.untested
    found = {test.status for test in tests}
    if "failed" in found:
        return "failed", ""
    left_out = "; ".join(
        sorted({f"{test.needs}: {test.reason}" for test in tests if test.status == "not-run"})
    )
    if "passed" in found:
        return "passed", left_out and f"partly not run: {left_out}"
    return "not-run", left_out or "its tests were not selected"
