"""Collects findings in the process that controls the session, and writes the reports at its end."""

from __future__ import annotations

import datetime
import hashlib
import importlib.metadata
import json
import os
import platform
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import swamp_driver
from swamp_driver.spec import API_VERSION, Availability
from swamp_driver_conformance._known import KnownFailure
from swamp_driver_conformance.clauses import Profile
from swamp_driver_conformance.loading import Subject
from swamp_driver_conformance.outcomes import FINDING
from swamp_driver_conformance.reporting._badge import render_badge
from swamp_driver_conformance.reporting._build import build_report
from swamp_driver_conformance.reporting._junit import render_junit
from swamp_driver_conformance.reporting._markdown import render_markdown
from swamp_driver_conformance.reporting._report import Report, report_to_json
from swamp_driver_conformance.reporting._verdict import decide

_SHOWN = 6


class Reporter:
    """One session. Findings come with the reports of tests, so that xdist makes no difference."""

    def __init__(
        self,
        config: pytest.Config,
        subject: Subject,
        availability: Availability,
        *,
        profile: Profile,
        known: Mapping[str, KnownFailure],
    ) -> None:
        self._config = config
        self._subject = subject
        self._availability = availability
        self._profile = profile
        self._known = known
        self._findings: list[Mapping[str, Any]] = []
        self._began = time.time()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the finding of one phase of one test."""
        finding = getattr(report, FINDING, None)
        if finding is not None:
            self._findings.append(finding)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the reports."""
        directory = self._config.getoption("--swamp-report")
        if directory is not None and not self._config.option.collectonly:
            write_reports(Path(directory), self.report())
        del session

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the verdict, what speaks against it, and what was not run."""
        if self._config.option.collectonly:
            return
        report = self.report()
        terminalreporter.section(f"swamp driver '{report.driver['name']}'")
        by_reason: dict[str, list[str]] = {}
        for row in report.clauses:
            if row.status == "not-run" or row.reason.startswith("partly"):
                by_reason.setdefault(row.reason, []).append(row.id)
        for reason, ids in by_reason.items():
            terminalreporter.line(f"not run: {_some(ids)}: {reason}")
        counts = ", ".join(f"{count} {status}" for status, count in report.counts().items())
        terminalreporter.line(f"clauses: {counts}")
        reasons = report.verdict.reasons
        terminalreporter.line(f"verdict: {report.verdict.word} (profile {report.profile})")
        if reasons:
            more = f" and {len(reasons) - _SHOWN} more reasons" if len(reasons) > _SHOWN else ""
            terminalreporter.line(f"because: {'; '.join(reasons[:_SHOWN])}{more}")

    def report(self) -> Report:
        """Return the report of what was found so far."""
        capabilities = tuple(sorted(str(one) for one in self._subject.info.capabilities))
        effort = "quick" if self._config.getoption("--swamp-quick") else "normal"
        rows = build_report(
            self._findings,
            capabilities=capabilities,
            known={known.clause: known.reason for known in self._known.values()},
        )
        return Report(
            driver=self._driver(),
            suite={"contract": str(API_VERSION), "version": swamp_driver.__version__},
            platform=_platform(),
            profile=self._profile.name,
            effort=effort,
            started_at=datetime.datetime.fromtimestamp(self._began, datetime.UTC).isoformat(
                timespec="seconds"
            ),
            duration_s=round(time.time() - self._began, 1),
            capabilities=capabilities,
            clauses=rows,
            verdict=decide(rows, profile=self._profile, capabilities=capabilities, effort=effort),
        )

    def _driver(self) -> dict[str, Any]:
        subject, cls = self._subject, self._subject.cls
        config = json.dumps(subject.config_data, sort_keys=True, default=str)
        return {
            "name": subject.ref.label,
            "object": f"{cls.__module__}:{cls.__qualname__}",
            "distribution": subject.distribution,
            "version": subject.version,
            "summary": str(subject.info.summary),
            "api": str(subject.info.api),
            "config_sha256": hashlib.sha256(config.encode()).hexdigest(),
            "available": self._availability.available,
            "availability": self._availability.detail,
        }


def _some(ids: list[str]) -> str:
    more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
    return ", ".join(ids[:_SHOWN]) + more


def _platform() -> dict[str, Any]:
    return {
        "system": platform.system(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "pytest": pytest.__version__,
        "pluggy": importlib.metadata.version("pluggy"),
        "hypothesis": importlib.metadata.version("hypothesis"),
        "user": "root" if os.geteuid() == 0 else "not root",
    }


def write_reports(directory: Path, report: Report) -> None:
    """Write `report.json`, `report.md`, `junit.xml` and `badge.json` into a directory."""
    directory.mkdir(parents=True, exist_ok=True)
    files = {
        "report.json": json.dumps(report_to_json(report), indent=2, ensure_ascii=False) + "\n",
        "report.md": render_markdown(report),
        "junit.xml": render_junit(report),
        "badge.json": json.dumps(render_badge(report), indent=2) + "\n",
    }
    for name, text in files.items():
        (directory / name).write_text(text, encoding="utf-8", errors="backslashreplace")
