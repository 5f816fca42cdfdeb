"""The pytest plug-in, seen from outside: options, messages, reports."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.sessions import REFERENCE, run_session

_MUTANTS = "swamp_driver_conformance.mutants"
_OTHER_PATH = f"{_MUTANTS}._ws:SlashAtEnd"
_NO_SHOULD = f"{_MUTANTS}._env:AddsVariables"


def test_a_failure_says_all_that_is_needed(tmp_path: Path) -> None:
    """A stranger has to mend a driver with nothing but this message."""
    session = run_session(tmp_path, "--swamp-clause", "SWD-WS-001", driver=_OTHER_PATH)
    assert session.code == 1
    for part in (
        "SWD-WS-001 (MUST) `prepare_workspace` returns a `Workspace`",
        "why: Expressions were evaluated with that string",
        "prepare_workspace(create, '",
        "what:     Workspace.path",
        "seen:     '",
        "expected: '",
        f"again:    swamp-driver conformance run --object {_OTHER_PATH} --clause SWD-WS-001",
    ):
        assert part in session.output


def test_all_reports_are_written(tmp_path: Path) -> None:
    """Each has its readers."""
    session = run_session(tmp_path, "--swamp-clause", "SWD-WS-004")
    assert session.code == 0
    assert session.status_of("SWD-WS-004") == "passed"
    assert session.report["verdict"]["word"] == "incomplete"
    for name in ("report.md", "junit.xml", "badge.json"):
        assert (tmp_path / name).stat().st_size > 0


def test_a_failed_should_does_not_fail_the_session(tmp_path: Path) -> None:
    """Builds of others must not break by what is only advice."""
    session = run_session(tmp_path, "--swamp-clause", "SWD-ENV-003", driver=_NO_SHOULD)
    assert session.code == 0
    assert session.status_of("SWD-ENV-003") == "failed"


def _known(tmp_path: Path, expires: str) -> str:
    file = tmp_path / "known.toml"
    table = f'[[known]]\nclause = "SWD-WS-001"\nreason = "issue 7"\nexpires = {expires}\n'
    file.write_text(table, encoding="utf-8")
    return str(file)


def test_a_known_failure_is_excused(tmp_path: Path) -> None:
    """A build stays green while somebody mends it."""
    options = ["--swamp-clause", "SWD-WS-001", "--swamp-known-failures"]
    known = _known(tmp_path, "2999-01-01")
    session = run_session(tmp_path / "out", *options, known, driver=_OTHER_PATH)
    assert (session.code, session.status_of("SWD-WS-001")) == (0, "known-failure")


def test_an_excuse_expires(tmp_path: Path) -> None:
    """Otherwise it is for ever."""
    options = ["--swamp-clause", "SWD-WS-001", "--swamp-known-failures"]
    known = _known(tmp_path, "2020-01-01")
    session = run_session(tmp_path / "out", *options, known, driver=_OTHER_PATH)
    assert session.code == 1


def test_an_excuse_that_is_not_needed_fails(tmp_path: Path) -> None:
    """The file has to say what is so."""
    options = ["--swamp-clause", "SWD-WS-001", "--swamp-known-failures"]
    session = run_session(tmp_path / "out", *options, _known(tmp_path, "2999-01-01"))
    assert session.code == 1
    assert "the file of known failures says that it is not" in session.output


_UNAVAILABLE = """
from swamp_driver.spec import Availability, hookimpl
from swamp_driver_conformance.reference import ReferenceDriver


class Away(ReferenceDriver):
    @hookimpl
    def probe_environment(self):
        return Availability(available=False, detail="the engine sleeps", fix="wake it")
"""


@pytest.fixture
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a driver that cannot work here."""
    (tmp_path / "away_driver.py").write_text(_UNAVAILABLE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    return "away_driver:Away"


def test_an_engine_that_is_not_there_makes_the_verdict_incomplete(
    tmp_path: Path, away: str
) -> None:
    """Nothing was found wrong, and nothing was found right."""
    session = run_session(tmp_path / "out", "--swamp-clause", "SWD-WS-001", driver=away)
    assert session.code == 0
    assert session.status_of("SWD-WS-001") == "not-run"
    assert "not run: SWD-WS-001: driver: the engine sleeps; wake it" in session.output


def test_an_engine_can_be_required(tmp_path: Path, away: str) -> None:
    """In CI nothing is left out silently."""
    options = ["--swamp-clause", "SWD-WS-001", "--swamp-require-env", "driver"]
    session = run_session(tmp_path / "out", *options, driver=away)
    assert (session.code, session.status_of("SWD-WS-001")) == (1, "failed")


def test_workers_and_random_order_change_nothing(tmp_path: Path) -> None:
    """Findings come with the reports of tests, wherever these were run.

    This is plain pytest, with whatever plug-ins the environment has.
    """
    picked = ["--swamp-quick", "-k", "test_cap or test_result"]
    plain = run_session(tmp_path / "plain", *picked)
    words = ["-p", "no:cacheprovider", "-n", "2", "--swamp-driver-object", REFERENCE]
    command = [sys.executable, "-m", "pytest", "--pyargs", "swamp_driver_conformance.suite"]
    spread = tmp_path / "spread"
    done = subprocess.run(
        [*command, *words, *picked, "--swamp-report", str(spread)],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    assert (plain.code, done.returncode) == (0, 0), done.stdout
    report = json.loads((spread / "report.json").read_text(encoding="utf-8"))
    statuses = [
        {row["id"]: (row["status"], len(row["tests"])) for row in one["clauses"]}
        for one in (plain.report, report)
    ]
    assert statuses[0] == statuses[1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--swamp-driver", "nosuch"], "unknown driver 'nosuch' (installed: "),
        (["--swamp-driver-object", "nosuch:Driver"], "'nosuch:Driver' cannot be imported"),
        (["--swamp-driver", "raw", "--swamp-profile", "x"], "unknown profile 'x'"),
        (
            ["--swamp-driver", "raw", "--swamp-known-failures", "/nosuch"],
            "'/nosuch' cannot be read",
        ),
        (["--swamp-driver", "raw", "--swamp-driver-config", "/nosuch"], "'/nosuch' cannot be read"),
    ],
)
def test_wrong_options_are_told_in_a_line(options: list[str], message: str) -> None:
    """A traceback of pytest helps nobody."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--co", "-q", *options],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    assert done.returncode == 4
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_the_plug_in_is_light(tmp_path: Path) -> None:
    """It is loaded into every pytest session of its environment."""
    script = (
        "import sys; import swamp_driver_conformance.plugin; "
        "heavy = {'hypothesis', 'attrs', 'swamp_driver.spec'} & set(sys.modules) - {'attrs'}; "
        "raise SystemExit(sorted(heavy) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_environment_of_the_runner_is_not_told(tmp_path: Path) -> None:
    """A driver that leaks it is found by showing it, and reports are published."""
    value = "s3cr3t-of-the-'runner'"
    leaky = f"{_MUTANTS}._env:LeaksEnvironment"
    options = ["--swamp-clause", "SWD-ENV-002", "--swamp-clause", "SWD-ENV-003"]
    session = run_session(tmp_path, *options, driver=leaky, AAA_TOKEN=value)
    assert session.status_of("SWD-ENV-002") == "failed"
    assert "<value of AAA_TOKEN>" in session.output
    for path in [tmp_path / "log", *tmp_path.glob("*.*")]:
        assert "s3cr3t" not in path.read_text(encoding="utf-8"), path
