"""Reports are found by reading and made by processes that can do no harm."""

from __future__ import annotations

import os
import textwrap
import threading
import time
from pathlib import Path

import psutil
import pytest

from swamp_driver.host.reports import find_installed_reports, find_own_reports
from swamp_driver.host.reports._process import ReportAnswer, make_report
from swamp_driver.reports import Artifact, Data, Report
from swamp_driver.reports._report import as_report
from swamp_driver.spec import CancelToken
from swamp_driver.workflow import PlannedReport


def _write(repository: Path, name: str, text: str) -> Path:
    file = repository / "extensions/reports" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(textwrap.dedent(text), encoding="utf-8")
    return file


def _make(file: Path, *, limit_s: float = 30.0, cancel: CancelToken | None = None) -> ReportAnswer:
    request = {
        "function": {"file": str(file), "name": "one"},
        "run": {
            "id": "r",
            "status": "succeeded",
            "workflow": "w",
            "started_at": 0.0,
            "inputs": {},
            "tags": {},
            "source": "w.yaml",
        },
        "steps": [],
        "step": None,
        "data": [],
        "workspace": None,
        "repository": str(file.parent),
    }
    return make_report(
        request, limit_s=limit_s, cancel=cancel or CancelToken(), environ=dict(os.environ)
    )


def test_reports_are_read_from_their_decorators(tmp_path: Path) -> None:
    """Nothing of a repository is executed by planning a workflow of it."""
    file = _write(
        tmp_path,
        "one.py",
        """
        import no_such_module
        from swamp_driver import reports

        raise SystemExit("never executed")

        @reports.report(scope="method", model_types=["ci/git"], description="d")
        def one(context): ...

        @reports.report(name="@team/two", scope="workflow")
        def two(context): ...

        def three(context): ...
        """,
    )
    _write(tmp_path, "_shared.py", "this is not even Python")

    found = find_own_reports(tmp_path)

    assert found.unreadable == ()
    assert found.reports == (
        PlannedReport(
            name="one",
            scope="method",
            description="d",
            function="one",
            file=str(file),
            model_types=("ci/git",),
        ),
        PlannedReport(name="@team/two", scope="workflow", function="two", file=str(file)),
    )


@pytest.mark.parametrize(
    ("decorator", "why"),
    [
        ("@report", "2: write '@report(scope=..., ...)'"),
        ("@report('workflow')", "2: write '@report(scope=..., ...)'"),
        ("@report()", "2: the scope of a report is 'method' or 'workflow'"),
        ("@report(scope='job')", "2: the scope of a report is 'method' or 'workflow'"),
        ("@report(scope=SCOPE)", "2: 'scope' must be a literal: it is read, never executed"),
        (
            "@report(scope='method', models=[])",
            "2: @report has: description, model_types, name, scope",
        ),
        (
            "@report(scope='method', model_types='ci/git')",
            "2: 'model_types' of a report is a list of texts",
        ),
        (
            "@report(scope='method', name=7)",
            "2: 'name' and 'description' of a report are texts",
        ),
    ],
)
def test_a_decorator_that_cannot_be_read_is_said_with_its_line(
    tmp_path: Path, decorator: str, why: str
) -> None:
    """The author looks for the mistake there, and must not have to guess."""
    _write(tmp_path, "one.py", f"\n{decorator}\ndef one(context): ...\n")

    assert find_own_reports(tmp_path).unreadable == (f"extensions/reports/one.py:{why}",)


def test_two_reports_of_one_name_are_one_too_many(tmp_path: Path) -> None:
    """Which of them is meant must not depend on the names of files."""
    text = "@report(scope='workflow')\ndef one(context): ...\n"
    _write(tmp_path, "a.py", text)
    _write(tmp_path, "b.py", text)

    found = find_own_reports(tmp_path)

    assert [Path(report.file or "").name for report in found.reports] == ["a.py"]
    assert found.unreadable == ("extensions/reports/b.py:2: there is another report 'one'",)


def test_a_report_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    """A report must not hold up the end of a run, nor outlive it."""
    note = tmp_path / "pid"
    file = _write(
        tmp_path,
        "one.py",
        f"""
        import subprocess, time

        def one(context):
            child = subprocess.Popen(["sleep", "600"])
            open({str(note)!r}, "w").write(str(child.pid))
            time.sleep(600)
        """,
    )

    answer = _make(file, limit_s=3.0)

    assert answer.error == "it took longer than 3 s"
    assert _is_gone(int(note.read_text()))


def test_a_report_is_ended_when_its_run_is_cancelled(tmp_path: Path) -> None:
    """Ctrl-C means now, not after a minute of arithmetic."""
    note = tmp_path / "begun"
    file = _write(
        tmp_path,
        "one.py",
        f"""
        import pathlib, time

        def one(context):
            pathlib.Path({str(note)!r}).touch()
            time.sleep(600)
        """,
    )
    cancel = CancelToken()

    def cancel_when_begun() -> None:
        deadline = time.monotonic() + 20
        while not note.exists() and time.monotonic() < deadline:
            threading.Event().wait(0.01)
        cancel.cancel()

    thread = threading.Thread(target=cancel_when_begun)
    thread.start()
    answer = _make(file, cancel=cancel)
    thread.join()

    assert answer.error == "the run was cancelled"


def test_a_report_may_import_what_lies_beside_it(tmp_path: Path) -> None:
    """Two reports that share a table should not have to share a file."""
    _write(tmp_path, "_shared.py", "WORD = 'shared'\n")
    file = _write(tmp_path, "one.py", "import _shared\ndef one(context): return _shared.WORD\n")

    assert _make(file).markdown == "shared"


def test_what_a_report_prints_is_no_part_of_it(tmp_path: Path) -> None:
    """Libraries print: it must neither spoil the answer nor fill the disk."""
    file = _write(
        tmp_path,
        "one.py",
        "def one(context):\n    print('junk' * 1000)\n    context.logger.info('done')\n"
        "    return 'said', {'a': 1}\n",
    )

    answer = _make(file)

    assert (answer.markdown, answer.json) == ("said", {"a": 1})
    assert answer.words.endswith("junk\ndone\n")
    assert len(answer.words) <= 8000


@pytest.mark.parametrize(
    ("returned", "report"),
    [
        (None, None),
        ("text", Report("text")),
        (("text", [1]), Report("text", [1])),
        (Report(json={"a": (1, 2)}), Report(json={"a": [1, 2]})),
    ],
)
def test_a_report_is_given_in_the_form_that_suits_it(
    returned: object, report: Report | None
) -> None:
    """A line of text should not need a class."""
    assert as_report(returned) == report


def test_data_is_found_by_name_kind_and_tag_in_its_newest_version() -> None:
    """A report asks for what it needs, and gets no old versions of it."""
    old = Artifact(model="m", name="result-a", version=1, spec="result", kind="resource")
    new = Artifact(
        model="m", name="result-a", version=2, spec="result", kind="resource", tags={"t": "x"}
    )
    other = Artifact(model="n", name="log", version=1, spec="log", kind="file")
    data = Data([new, old, other])

    assert data.latest("m", "result", ["a"]) == new
    assert data.latest("m", "result") is None
    assert data.find(spec="result") == (new,)
    assert data.find(model="n") == (other,)
    assert data.find(tags={"t": "x"}) == (new,)
    assert data.find(tags={"t": "y"}) == ()
    assert len(data) == 3


def _is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_installed_reports_are_found_without_importing_their_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package that breaks at import must not keep workflows from being planned."""
    _install(
        tmp_path,
        monkeypatch,
        code="@report(scope='workflow', description='d')\ndef costs(context): ...\n",
        offers={"@team/costs": "team.reports:costs", "gone": "team.reports:gone"},
    )

    found = find_installed_reports()

    assert found.reports == (
        PlannedReport(
            name="@team/costs",
            scope="workflow",
            description="d",
            function="costs",
            module="team.reports",
        ),
    )
    assert found.unreadable == ("gone of team: there is no report 'gone' in 'team.reports'",)


def test_a_module_that_is_not_there_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name of the distribution is what its user can do something about."""
    _install(tmp_path, monkeypatch, code="", offers={"x": "team.nothing:x"})

    assert find_installed_reports().unreadable == ("x of team: there is no module 'team.nothing'",)


def _install(
    site: Path, monkeypatch: pytest.MonkeyPatch, *, code: str, offers: dict[str, str]
) -> None:
    """Make a distribution 'team' that can be found, and cannot be imported."""
    (site / "team").mkdir()
    (site / "team/__init__.py").write_text("raise SystemExit('imported')\n")
    (site / "team/reports.py").write_text(code)
    info = site / "team-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: team\nVersion: 1.0\n\n")
    lines = "\n".join(f"{name} = {value}" for name, value in offers.items())
    (info / "entry_points.txt").write_text(f"[swamp.reports]\n{lines}\n")
    monkeypatch.syspath_prepend(str(site))
