"""A report as a value, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import attrs

SCHEMA_VERSION = 1
"""Of the JSON; `report.schema.json` beside this module describes it."""

TestStatus = Literal["passed", "failed", "not-run"]
ClauseStatus = Literal["passed", "failed", "known-failure", "not-run", "not-applicable", "untested"]
VerdictWord = Literal["conformant", "incomplete", "not conformant"]


@attrs.frozen(kw_only=True)
class TestRow:
    """A test that was run or left out."""

    __test__ = False  # pytest takes it for a test class by its name

    id: str
    status: TestStatus
    duration_s: float
    what: str = ""
    seen: str = ""
    expected: str = ""
    where: str = ""
    journal: tuple[str, ...] = ()
    needs: str = ""
    reason: str = ""


@attrs.frozen(kw_only=True)
class ClauseRow:
    """What became of a clause."""

    id: str
    level: str
    profile: str
    state: str
    """The state of the clause itself: active, provisional."""
    status: ClauseStatus
    text: str
    reason: str = ""
    """Why it was not run, does not apply, is excused or cannot be tested."""
    tests: tuple[TestRow, ...] = ()


@attrs.frozen(kw_only=True)
class Verdict:
    """The last word, and why."""

    word: VerdictWord
    excused: bool = False
    """Nothing but known failures stands against it."""
    reasons: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Report:
    """Everything that is written down of one session."""

    driver: Mapping[str, Any]
    suite: Mapping[str, Any]
    platform: Mapping[str, Any]
    profile: str
    effort: str
    started_at: str
    duration_s: float
    capabilities: tuple[str, ...]
    clauses: tuple[ClauseRow, ...]
    verdict: Verdict

    def counts(self) -> dict[str, int]:
        """Return how many clauses have each status."""
        found: dict[str, int] = {}
        for row in self.clauses:
            found[row.status] = found.get(row.status, 0) + 1
        return dict(sorted(found.items()))


def report_to_json(report: Report) -> dict[str, Any]:
    """Return the report as JSON; `report_from_json` reads it."""
    data: dict[str, Any] = {"schema": SCHEMA_VERSION, **attrs.asdict(report)}
    data["counts"] = report.counts()
    return data


def report_from_json(data: Mapping[str, Any]) -> Report:
    """Return the report that `report_to_json` gave.

    Raises:
        ValueError: it is none, or one of another schema.
    """
    try:
        if data["schema"] != SCHEMA_VERSION:
            raise ValueError(f"the report has schema {data['schema']}, not {SCHEMA_VERSION}")
        fields = {key: value for key, value in data.items() if key not in {"schema", "counts"}}
        rows = tuple(_clause_row(row) for row in fields.pop("clauses"))
        verdict = fields.pop("verdict")
        verdict = Verdict(**{**verdict, "reasons": tuple(verdict["reasons"])})
        capabilities = tuple(fields.pop("capabilities"))
        return Report(**fields, clauses=rows, verdict=verdict, capabilities=capabilities)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it is no report of the conformance suite: {error}") from error


def _clause_row(row: Mapping[str, Any]) -> ClauseRow:
    tests = tuple(TestRow(**{**one, "journal": tuple(one["journal"])}) for one in row["tests"])
    return ClauseRow(**{**row, "tests": tests})
