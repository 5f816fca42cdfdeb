"""Reports on whole runs: made by their own processes, kept, and shown."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest

from swamp_driver.errors import WorkflowError
from swamp_driver.host import HostSettings, ReportRecord, ReportStatus, load_workflow, open_store
from swamp_driver.host import plan as plan_loaded
from swamp_driver.host import run as run_plan
from swamp_driver.spec import Notice
from swamp_driver.testing import RecordingObserver
from tests.run.shell import Shell

WORKFLOW = """\
name: w
jobs:
  - name: j
    steps:
      - {name: fine, run: 'echo figure=7 >> "$SWAMP_OUTPUT"; echo made > file'}
      - {name: bad, run: exit 3, allowFailure: true}
"""
COUNT = """
from swamp_driver.reports import Report, report

@report(scope="workflow", description="How many steps ended how.")
def count(context):
    failed = [step.name for step in context.steps if step.status == "failed"]
    return Report(f"# {len(failed)} failed\\n", {"failed": failed, "run": context.run.status})
"""
COUNTER = """
from swamp_driver.models import File, Model, Resource, method

class Counter(Model):
    type = "demo/counter"
    resources = {"figure": Resource()}
    files = {"log": File(content_type="text/plain")}

    @method
    def count(self, to: int):
        self.write_resource("figure", "figure", {"figure": to})
        with self.create_file_writer("log", "log") as file:
            file.write("counted")
        if to > 1:
            raise ValueError("too far")
"""
COUNTING = """\
name: w
jobs:
  - name: j
    steps:
      - {name: script, run: "true"}
      - name: count-${{ self.to }}
        forEach: {item: to, in: [1, 2]}
        allowFailure: true
        task:
          type: model_method
          modelType: demo/counter
          modelName: c
          methodName: count
          inputs: {to: "${{ self.to }}"}
        dataOutputOverrides: [{specName: figure, vary: [to]}, {specName: log, vary: [to]}]
"""
ASKING = """\
name: w
jobs:
  - name: j
    steps:
      - name: count
        task:
          type: model_method
          modelType: demo/counter
          modelName: c
          methodName: count
          inputs: {to: 1}
      - name: ask
        dependsOn: [{step: count, condition: {type: succeeded}}]
        task: {type: manual_approval, prompt: Go on?}
"""


class Repository:
    """A repository with reports, and a host to run its workflow on."""

    def __init__(self, directory: Path, settings: HostSettings) -> None:
        self.directory = directory
        self.settings = settings
        self.observer = RecordingObserver()

    def write(self, name: str, text: str) -> None:
        """Write a file of reports."""
        folder = self.directory / "extensions/reports"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(textwrap.dedent(text), encoding="utf-8")

    def run(self, workflow: str = WORKFLOW) -> tuple[str, int | None, list[ReportRecord]]:
        """Run a workflow; return its status, its exit code and its reports."""
        file = self.directory / "w.yaml"
        file.write_text(workflow, encoding="utf-8")
        planned = plan_loaded(load_workflow(file))
        record = run_plan(planned, settings=self.settings, observers=[self.observer])
        with open_store(self.settings) as store:
            return str(record.status), record.exit_code, list(store.reports(record.run_id))

    @property
    def notices(self) -> list[str]:
        """Return the notices of the run."""
        return [event.text for event in self.observer.of(Notice)]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Return a repository without reports."""
    directory = tmp_path / "repository"
    directory.mkdir()
    return Repository(directory, HostSettings(root=tmp_path / "root", state_dir=tmp_path / "state"))


def test_a_report_sees_the_steps_and_the_outcome_of_its_run(repository: Repository) -> None:
    """That is all that most reports need."""
    repository.write("count.py", COUNT)

    status, _, (report,) = repository.run()

    assert status == "succeeded"
    assert (report.name, report.scope) == ("count", "workflow")
    assert report.markdown == "# 1 failed\n"
    assert report.json == {"failed": ["bad"], "run": "succeeded"}


def test_a_report_on_the_workflow_reads_the_workspace_before_it_goes(
    repository: Repository,
) -> None:
    """What steps leave there is what many reports are about."""
    repository.write(
        "files.py",
        """
        from swamp_driver.reports import report

        @report(scope="workflow")
        def files(context):
            figure = {step.name: step.outputs for step in context.steps}["fine"]["figure"]
            return (context.workspace / "file").read_text() + figure
        """,
    )

    _, _, (report,) = repository.run()

    assert report.markdown == "made\n7"
    assert list((repository.settings.root / "runs").iterdir()) == []


def test_a_report_on_a_method_reads_what_the_method_wrote(repository: Repository) -> None:
    """That is what it is for: data of one step, in words."""
    models = repository.directory / "extensions/models"
    models.mkdir(parents=True)
    (models / "count.py").write_text(COUNTER, encoding="utf-8")
    repository.write(
        "counted.py",
        """
        from swamp_driver.reports import Report, report

        @report(scope="method", model_types=["demo/counter"])
        def counted(context):
            step, data = context.step, context.data
            figure = data.latest("c", "figure", [step.name[-1]]).attributes["figure"]
            log = data.latest("c", "log", [step.name[-1]])
            return f"{step.name} {step.status}: {figure} {log.read_text()}", {
                "model": [step.model, step.model_type, step.method],
                "workspace": context.workspace,
                "run": context.run.status,
            }

        @report(scope="workflow")
        def total(context):
            found = context.data.find(model="c", spec="figure")
            return str(sum(one.attributes["figure"] for one in found))
        """,
    )

    status, _, reports = repository.run(COUNTING)

    assert status == "succeeded", repository.notices
    assert {report.step or report.name: report.markdown for report in reports} == {
        "count-1": "count-1 succeeded: 1 counted",
        "count-2": "count-2 failed: 2 counted",
        "total": "3",
    }
    assert reports[0].json == {
        "model": ["c", "demo/counter", "count"],
        "workspace": None,
        "run": "running",
    }


def test_a_report_that_fails_is_told_of_and_does_not_fail_the_run(repository: Repository) -> None:
    """A mistake in a report is no mistake of what was built."""
    repository.write(
        "broken.py",
        """
        from swamp_driver.reports import report

        @report(scope="workflow")
        def broken(context):
            print("half way")
            raise ValueError("no figures")
        """,
    )

    status, code, (report,) = repository.run()

    assert (status, code) == ("succeeded", 0)
    assert (report.status, report.error) == (ReportStatus.FAILED, "ValueError: no figures")
    assert report.words.startswith("half way\nTraceback")
    assert repository.notices == ["report 'broken' could not be made: ValueError: no figures"]


def test_a_report_that_is_required_and_fails_makes_the_run_fail(repository: Repository) -> None:
    """Whoever requires a report has no use for a run without it."""
    repository.write("broken.py", COUNT.replace("return", "raise SystemExit(9)\n    return"))

    status, code, _ = repository.run(f"{WORKFLOW}reports: {{require: [count]}}\n")

    assert (status, code) == ("failed", 1)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("import os; os._exit(7)", "its process ended with exit code 7"),
        ("import os; os.kill(os.getpid(), 9)", "its process ended with SIGKILL"),
        ("return 7", "TypeError: a report returns Report, (markdown, json), markdown or None: int"),
        ("return 'x', {1, 2}", "TypeError: Object of type set is not JSON serializable"),
        ("return 'x' * 9_000_000", "it is larger than 8388608 bytes"),
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
    ],
)
def test_whatever_a_report_does_the_host_goes_on(
    repository: Repository, body: str, error: str
) -> None:
    """Reports are other people's code: they run beside the host, never in it."""
    repository.write(
        "hostile.py",
        f"from swamp_driver.reports import report\n@report(scope='workflow')\n"
        f"def hostile(context):\n    {body}\n",
    )

    status, _, (report,) = repository.run()

    assert status == "succeeded"
    assert report.error == error


def test_a_report_with_nothing_to_say_is_not_shown(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line for each thing that did not happen would hide what did."""
    repository.write("none.py", COUNT.replace("return", "return None\n    return"))

    _, _, (report,) = repository.run()

    assert report.status is ReportStatus.EMPTY
    monkeypatch.setenv("SWAMP_DRIVER_STATE", str(repository.settings.state_dir))
    assert Shell(capsys)("reports").out == ""


def test_a_report_sees_none_of_the_callers_secrets(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it says is kept and shown, so it must not know what must not be."""
    monkeypatch.setenv("API_TOKEN", "hunter22")
    repository.write(
        "env.py",
        """
        import os
        from swamp_driver.reports import report

        @report(scope="workflow")
        def env(context):
            return "", sorted(os.environ)
        """,
    )

    _, _, (report,) = repository.run()

    assert isinstance(report.json, list)
    assert "PATH" in report.json
    assert "API_TOKEN" not in report.json


def test_what_is_skipped_is_not_made(repository: Repository) -> None:
    """One workflow of a repository may do without what the others want."""
    repository.write("count.py", COUNT)

    _, _, reports = repository.run(f"{WORKFLOW}reports: {{skip: [count]}}\n")

    assert reports == []


def test_a_file_that_cannot_be_read_is_told_of_and_the_others_are_made(
    repository: Repository,
) -> None:
    """One mistake in a folder must not take everything else from it."""
    repository.write("count.py", COUNT)
    repository.write("wrong.py", "def x(:\n")

    _, _, (report,) = repository.run()

    assert report.name == "count"
    assert repository.notices == [
        "reports are left out: extensions/reports/wrong.py:1: it is not Python: invalid syntax"
    ]


def test_unknown_names_are_found_before_anything_runs(repository: Repository) -> None:
    """A report that is missed after an hour was misspelt an hour before."""
    repository.write("count.py", COUNT)

    with pytest.raises(WorkflowError) as caught:
        repository.run(f"{WORKFLOW}reports: {{require: [coumt], skip: [count, other]}}\n")

    assert [
        f"{one.line}:{one.column}: {one.path}: {one.what} ({one.hint})"
        for one in caught.value.problems
    ] == [
        "7:21: reports.require[0]: there is no report 'coumt' (did you mean 'count'?)",
        "7:43: reports.skip[1]: there is no report 'other' (there are: count)",
    ]


def test_reports_are_shown_after_the_run_and_whenever_they_are_asked_for(
    repository: Repository,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whoever ran it sees them at once, whoever comes later finds them."""
    repository.write("count.py", COUNT)
    (repository.directory / "w.yaml").write_text(WORKFLOW, encoding="utf-8")
    monkeypatch.chdir(repository.directory)
    call = Shell(capsys)

    ran = call("run", "w.yaml")

    assert ran.out.endswith("✓ report count\n\n# 1 failed\n\n")
    assert call("reports").out == "✓ report count\n\n# 1 failed\n\n"
    assert "# 1 failed\n" in call("show", "--reports").out
    assert "its reports: swamp-driver reports " in call("show").out
    (only,) = json.loads(call("reports", "last", "count", "--json").out)["reports"]
    assert only["json"] == {"failed": ["bad"], "run": "succeeded"}
    missing = call("reports", "last", "other")
    assert missing.code == 2
    assert "there is no report 'other' on run " in missing.err


def test_reports_go_to_the_summary_page_of_github(
    repository: Repository,
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """There Markdown is what people see first."""
    repository.write("count.py", COUNT)
    (repository.directory / "w.yaml").write_text(WORKFLOW, encoding="utf-8")
    page = tmp_path / "summary.md"
    monkeypatch.chdir(repository.directory)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))

    Shell(capsys)("run", "w.yaml", "--format", "github")

    assert page.read_text(encoding="utf-8") == "# 1 failed\n\n\n"


def test_a_run_that_was_suspended_reports_on_all_of_it(
    repository: Repository,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An approval in the middle must not cut a report in two, nor make one twice."""
    models = repository.directory / "extensions/models"
    models.mkdir(parents=True)
    (models / "count.py").write_text(COUNTER, encoding="utf-8")
    repository.write(
        "each.py",
        """
        from swamp_driver.reports import report

        @report(scope="method")
        def each(context):
            return context.step.name

        @report(scope="workflow")
        def whole(context):
            figures = [one.attributes["figure"] for one in context.data.find(spec="figure")]
            return f"{[step.name for step in context.steps]} {figures}"
        """,
    )
    (repository.directory / "w.yaml").write_text(ASKING, encoding="utf-8")
    monkeypatch.chdir(repository.directory)
    call = Shell(capsys)

    assert call("run", "w.yaml").code == 4
    assert "whole" not in call("reports").out
    approved = call("approve", "last")

    assert approved.code == 0, approved.err
    reports = json.loads(call("reports", "last", "--json").out)["reports"]
    assert [(one["name"], one["markdown"]) for one in reports] == [
        ("each", "count"),
        ("whole", "['count', 'ask'] [1]"),
    ]


def test_an_installed_report_is_made_where_it_is_required(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Installing a package must not change what runs do; asking for its report does."""
    info = tmp_path / "team-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: team\nVersion: 1.0\n\n")
    (info / "entry_points.txt").write_text("[swamp.reports]\n@team/count = team_reports:count\n")
    (tmp_path / "team_reports.py").write_text(COUNT, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))

    assert repository.run() == ("succeeded", 0, [])
    _, _, (report,) = repository.run(f'{WORKFLOW}reports: {{require: ["@team/count"]}}\n')

    assert (report.name, report.markdown) == ("@team/count", "# 1 failed\n")
