"""From the outcome of a test to a finding about the driver, and the message for a person."""

from __future__ import annotations

import datetime
import shlex
import traceback
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from swamp_driver_conformance._known import KnownFailure
from swamp_driver_conformance._masking import Mask
from swamp_driver_conformance.clauses import Clause
from swamp_driver_conformance.expect import Deviation, NotRun
from swamp_driver_conformance.harness import Bench
from swamp_driver_conformance.loading import Subject
from swamp_driver_conformance.marks import clauses_of

BENCH = pytest.StashKey[Bench]()
"""Where the bench of a test is, for what it notes."""

FINDING = "swamp_finding"
"""The attribute of a test report that holds the finding: plain JSON, so that it crosses xdist."""

Finding = dict[str, Any]

_SHOWN = 800
_TEXTS = frozenset({"what", "seen", "expected", "where", "reason"})


class Judge:
    """Makes findings; runs wherever tests run."""

    def __init__(
        self,
        *,
        subject: Subject,
        required: frozenset[str],
        known: Mapping[str, KnownFailure],
        mask: Mask,
    ) -> None:
        self._mask = mask
        self._subject = subject
        self._required = required
        self._known = known

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Attach a finding to the report of each phase of a test of the suite."""
        report = yield
        clauses = clauses_of(item)
        if not clauses:
            return report
        found = self._finding(item, call, report, clauses)
        finding = {**found, **{key: self._shown(found[key]) for key in _TEXTS & set(found)}}
        report.sections = [(title, self._mask(text)) for title, text in report.sections]
        setattr(report, FINDING, finding)
        if finding["status"] == "failed":
            report.outcome = "failed"
            report.longrepr = self._message(finding, clauses)
            self._excuse(report, clauses)
        elif finding["status"] == "passed" and report.when == "call":
            self._refuse_excuse(report, finding, clauses)
        return report

    def _finding(
        self,
        item: pytest.Item,
        call: pytest.CallInfo[None],
        report: pytest.TestReport,
        clauses: Sequence[Clause],
    ) -> Finding:
        finding: Finding = {
            "test": item.nodeid.rpartition("/")[2],
            "clauses": [clause.id for clause in clauses],
            "status": "passed",
            "duration_s": round(call.duration, 3),
        }
        error = None if call.excinfo is None else call.excinfo.value
        if isinstance(error, NotRun):
            is_required = self._is_required(error.needs)
            finding |= {"needs": error.needs, "reason": error.reason}
            finding["status"] = "failed" if is_required else "not-run"
            if is_required:
                finding["what"] = f"'{error.needs}' is required here and missing"
                finding["seen"], finding["expected"] = error.reason, f"'{error.needs}'"
        elif error is not None and not isinstance(error, pytest.skip.Exception):
            finding |= _describe(error)
            finding["status"] = "failed"
            finding["journal"] = _journal(item)
        elif report.outcome == "skipped":
            finding |= {"status": "not-run", "needs": "unknown", "reason": str(error)}
        return finding

    def _shown(self, text: str) -> str:
        """Return a text as it may be shown, cut where it is long."""
        masked = self._mask(text)
        if len(masked) <= _SHOWN:
            return masked
        return f"{masked[:_SHOWN]}… ({len(masked)} characters)"

    def _is_required(self, needs: str) -> bool:
        names = {needs, "all"}
        if needs == "driver":
            names.add(self._subject.ref.label)
        return bool(names & self._required)

    def _message(self, finding: Finding, clauses: Sequence[Clause]) -> str:
        lines = []
        for clause in clauses:
            lines += [f"{clause.id} ({clause.level}) {clause.text}", f"    why: {clause.why}"]
        if finding.get("journal"):
            lines += ["done:", *(f"    {line}" for line in finding["journal"])]
        lines += [f"what:     {finding.get('what', '')}"]
        lines += [f"seen:     {finding.get('seen', '')}"]
        lines += [f"expected: {finding.get('expected', '')}"]
        if finding.get("where"):
            lines.append(f"where:    {finding['where']}")
        lines.append(f"again:    {self.rerun_command(clauses[0])}")
        return "\n".join(lines)

    def rerun_command(self, clause: Clause) -> str:
        """Return the command that runs the tests of just one clause."""
        ref = self._subject.ref
        which = [ref.name] if ref.name else ["--object", ref.object_path]
        words = ["swamp-driver", "conformance", "run", *which, "--clause", clause.id]
        return shlex.join(words) + (" --config FILE" if ref.config is not None else "")

    def _excuse(self, report: pytest.TestReport, clauses: Sequence[Clause]) -> None:
        """Let a failure count as expected where no MUST stands behind it, or where it is known."""
        today = datetime.datetime.now(tz=datetime.UTC).date()
        if all(clause.level != "MUST" or clause.status != "active" for clause in clauses):
            reason = f"{clauses[0].id} is a {clauses[0].level}, {clauses[0].status}"
        elif all(
            (known := self._known.get(clause.id)) is not None and not known.is_expired(today)
            for clause in clauses
        ):
            reason = f"known: {self._known[clauses[0].id].reason}"
        else:
            return
        report.outcome = "skipped"
        report.wasxfail = f"{reason}\n{report.longrepr}"

    def _refuse_excuse(
        self, report: pytest.TestReport, finding: Finding, clauses: Sequence[Clause]
    ) -> None:
        for clause in clauses:
            if clause.id in self._known:
                finding["stale_excuse"] = clause.id
                report.outcome = "failed"
                report.longrepr = (
                    f"{clause.id} is kept, and the file of known failures says that it is not "
                    f"({self._known[clause.id].reason}): remove it there"
                )


def _describe(error: BaseException) -> Finding:
    if isinstance(error, Deviation):
        found = {"what": error.what, "seen": error.seen, "expected": error.expected}
    else:
        found = {
            "what": "the test was stopped by an exception that it did not expect",
            "seen": f"{type(error).__name__}: {error}",
            "expected": "no exception",
        }
    return {**found, "where": _place(error)}


def _place(error: BaseException) -> str:
    """Return the line of the suite that found it, and the driver's line that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    suite = [f for f in frames if "swamp_driver_conformance/suite" in f.filename]
    cause = error.__cause__ or error
    is_own = isinstance(cause, Deviation)
    last = [] if is_own else traceback.extract_tb(cause.__traceback__)[-1:]
    shown = [f"{Path(f.filename).name}:{f.lineno}" for f in suite[-1:]]
    shown += [f"{f.filename}:{f.lineno}" for f in last if f not in suite[-1:]]
    return ", ".join(shown)


def _journal(item: pytest.Item) -> list[str]:
    bench: Bench | None = item.stash.get(BENCH, None)
    return [] if bench is None else bench.journal.lines()
