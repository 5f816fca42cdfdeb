"""Judging a driver from a program: the options of a run, and what becomes of it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import attrs

from swamp_driver_conformance.launch import run_suite
from swamp_driver_conformance.loading import SubjectError
from swamp_driver_conformance.reporting import Report, report_from_json

_USAGE_ERROR = 4
_XDIST = "xdist.plugin"


@attrs.frozen(kw_only=True)
class JudgeOptions:
    """What to judge, and how; each is an option of `swamp-driver conformance run`."""

    name: str = ""
    object_path: str = ""
    config: Path | None = None
    samples: tuple[str, ...] = ()
    """`CAPABILITY=FILE`: options for a capability that needs some."""
    profile: str = "core"
    report: Path | None = None
    require_env: tuple[str, ...] = ()
    known_failures: Path | None = None
    clauses: tuple[str, ...] = ()
    quick: bool = False
    jobs: int = 1
    root: Path | None = None


@attrs.frozen(kw_only=True)
class Judgement:
    """What became of it."""

    report: Report
    tests_passed: bool
    """No test failed that is not excused."""

    @property
    def exit_code(self) -> int:
        """Return 0 for conformant, 1 for not conformant, 3 for incomplete.

        Where only some clauses were asked for, 0 if they are kept. Where nothing but known failures
        stands against it, 0.
        """
        verdict = self.report.verdict
        if not self.tests_passed or (verdict.word == "not conformant" and not verdict.excused):
            return 1
        return 3 if verdict.word == "incomplete" else 0


def judge(options: JudgeOptions) -> Judgement:
    """Run the suite over a driver; its output goes where this process's does.

    Raises:
        SubjectError: the driver or an option is wrong; the suite has printed what.
    """
    with tempfile.TemporaryDirectory(prefix="swamp-report-") as scratch:
        folder = options.report or Path(scratch)
        words = [*_words(options), "--swamp-report", str(folder.resolve())]
        plugins = (_XDIST,) if options.jobs > 1 else ()
        code = run_suite(words, plugins=plugins)
        if code == _USAGE_ERROR:
            raise SubjectError("the suite was not run")
        report = read_report(folder / "report.json")
    return Judgement(report=report, tests_passed=code in {0, 5})


def read_report(path: Path) -> Report:
    """Read a report; raise `SubjectError` where it is none."""
    try:
        return report_from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise SubjectError(f"'{path}' cannot be read: {error}") from error


def _words(options: JudgeOptions) -> Iterator[str]:
    yield from ("-q", "--swamp-profile", options.profile)
    single = {
        "--swamp-driver": options.name,
        "--swamp-driver-object": options.object_path,
        "--swamp-driver-config": options.config,
        "--swamp-known-failures": options.known_failures,
        "--swamp-root": options.root,
    }
    for option, value in single.items():
        if value:
            yield from (option, str(value.resolve() if isinstance(value, Path) else value))
    for sample in options.samples:
        capability, _, path = sample.partition("=")
        yield from ("--swamp-sample", f"{capability}={Path(path).resolve()}")
    for word in options.require_env:
        yield from ("--swamp-require-env", word)
    for clause in options.clauses:
        yield from ("--swamp-clause", clause)
    if options.quick:
        yield "--swamp-quick"
    if options.jobs > 1:
        yield from ("-n", str(options.jobs))
