"""The fake driver: it keeps the contract, and it tells when a host does not."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import attrs
import pytest

from swamp_driver.errors import LifecycleError, UnavailableError
from swamp_driver.host._discovery import InstalledDriver
from swamp_driver.host._registry import check_driver
from swamp_driver.spec import (
    CancelToken,
    Notice,
    RunContext,
    RunEnded,
    RunEvent,
    RunStarted,
    RunStatus,
    StepEnd,
    StepIO,
    StepRequest,
    StepResult,
    Workspace,
    config_options,
    structure_config,
)
from swamp_driver.testing import (
    FakeConfig,
    FakeDriver,
    PolicingError,
    RecordingObserver,
    RecordingSink,
    a_plan,
    a_planned_job,
    a_planned_step,
    a_run_context,
    a_run_outcome,
    a_step_request,
    a_step_result,
    ends,
    exits,
    fake_driver,
    hangs,
    raises,
    succeeds,
)
from swamp_driver.testing._builders import with_mode

LIMIT_S = 30.0


@attrs.frozen
class Fake:
    """A fake driver that has prepared a workspace below a temporary directory."""

    driver: FakeDriver
    run: RunContext
    workspace: Workspace

    def run_step(self, *, io: StepIO | None = None, **fields: Any) -> StepResult:
        """Run one step."""
        step = a_step_request(self.run, **fields)
        return self.driver.run_step(self.run, self.workspace, step, io or RecordingSink().io())

    def teardown(self, **fields: Any) -> Any:
        """Tear the run down."""
        return self.driver.teardown(self.run, self.workspace, a_run_outcome(**fields))


def prepared(tmp_path: Path, cls: type[FakeDriver] | None = None, **fields: Any) -> Fake:
    """Return a fake driver that is ready for steps."""
    driver = (cls or fake_driver())(FakeConfig())
    run = a_run_context(tmp_path, **fields)
    return Fake(driver, run, driver.prepare_workspace(run))


def test_it_keeps_the_contract_as_a_class() -> None:
    """A fake that the host would refuse is no fake of a driver."""
    check_driver("fake", fake_driver(), InstalledDriver(name="fake", entry_point="x:y"))
    assert [option.key for option in config_options(FakeConfig)] == ["label", "passEnv"]
    for sample in FakeDriver.info.good_configs:
        structure_config(FakeConfig, sample.data)


def test_a_run_leaves_nothing(tmp_path: Path) -> None:
    """It makes the directories that a real driver makes, and removes them."""
    fake = prepared(tmp_path)
    assert Path(fake.workspace.path).is_dir()
    assert Path(fake.run.workspace.home).is_dir()
    fake.run_step()
    assert not Path(fake.run.workspace.exchange("s1")).exists()
    report = fake.teardown()
    assert report.removed == (fake.run.workspace.run_dir,)
    assert list(tmp_path.iterdir()) == []
    fake.driver.journal.check()


def test_a_workspace_can_be_kept(tmp_path: Path) -> None:
    """`--preserve-workspace` is tested with it."""
    fake = prepared(tmp_path)
    report = fake.teardown(remove_workspace=False)
    assert report.kept == (fake.run.workspace.run_dir,)
    assert Path(fake.workspace.path).is_dir()


def test_an_attached_driver_leaves_the_directory(tmp_path: Path) -> None:
    """It belongs to the driver that made it."""
    first = prepared(tmp_path)
    run = with_mode(first.run, "attach")
    second = fake_driver()(FakeConfig())
    workspace = second.prepare_workspace(run)
    second.teardown(run, workspace, a_run_outcome())
    assert Path(first.workspace.path).is_dir()


def test_steps_succeed_unless_told_otherwise(tmp_path: Path) -> None:
    """Most tests of a host are not about what a step does."""
    result = prepared(tmp_path).run_step()
    assert (result.end, result.exit_code) == (StepEnd.SUCCEEDED, 0)


def test_a_step_does_what_its_name_says(tmp_path: Path) -> None:
    """Output, files in the workspace, outputs and exit code can be scripted."""
    cls = fake_driver(
        {
            "test": exits(3, stdout=b"1 failed", stderr=b"E", files={"report.txt": b"r"}),
            "build": succeeds(stdout=b"ok", outputs={"version": "1.2"}),
        }
    )
    fake, sink = prepared(tmp_path, cls), RecordingSink()
    failed = fake.run_step(step_id="s1", name="test", io=sink.io())
    built = fake.run_step(step_id="s2", name="build", io=sink.io())
    assert (failed.end, failed.exit_code) == (StepEnd.FAILED, 3)
    assert built.collected == {"output": b"version=1.2\n"}
    assert (sink.stdout, sink.stderr) == (b"1 failedok", b"E")
    assert Path(fake.workspace.path, "report.txt").read_bytes() == b"r"


def test_all_other_steps_do_what_the_default_says(tmp_path: Path) -> None:
    """A driver that is broken is broken for every step."""
    cls = fake_driver(default=raises(UnavailableError("no engine")))
    with pytest.raises(UnavailableError):
        prepared(tmp_path, cls).run_step()


def test_a_hanging_step_ends_when_it_is_cancelled(tmp_path: Path) -> None:
    """Whoever tests a cancel knows that the step has started."""
    started = threading.Event()
    fake = prepared(tmp_path, fake_driver(default=hangs(started=lambda _: started.set())))
    cancel = CancelToken()
    results: list[StepResult] = []
    thread = threading.Thread(
        target=lambda: results.append(fake.run_step(io=RecordingSink().io(cancel=cancel)))
    )
    thread.start()
    assert started.wait(LIMIT_S)
    cancel.cancel()
    thread.join(LIMIT_S)
    assert [result.end for result in results] == [StepEnd.CANCELLED]


def test_a_hanging_step_times_out(tmp_path: Path) -> None:
    """Its time-out is that of the step."""
    fake = prepared(tmp_path, fake_driver(default=hangs()))
    assert fake.run_step(timeout_s=0.01).end is StepEnd.TIMED_OUT


def test_a_cancelled_step_is_not_started(tmp_path: Path) -> None:
    """The contract says so, so the fake does so."""
    cancel = CancelToken()
    cancel.cancel()
    sink = RecordingSink()
    fake = prepared(tmp_path, fake_driver(default=exits(0, stdout=b"ran")))
    assert fake.run_step(io=sink.io(cancel=cancel)).end is StepEnd.CANCELLED
    assert sink.writes == ()


def test_calls_are_written_down(tmp_path: Path) -> None:
    """A test of a host asks what the driver was told."""
    fake = prepared(tmp_path)
    fake.run_step(name="build", env={"A": "b"})
    fake.teardown()
    journal = fake.driver.journal
    assert journal.hooks == ("prepare_workspace", "run_step", "teardown")
    assert journal.step("build").env["A"] == "b"
    assert [call.run for call in journal.calls] == [fake.run] * 3
    with pytest.raises(LookupError, match="0 steps named 'test' were run"):
        journal.step("test")


def test_each_fake_driver_has_a_journal_of_its_own() -> None:
    """Tests that run at once do not see each other's calls."""
    assert fake_driver().journal is not fake_driver().journal


def violations(fake: Fake) -> str:
    """Return what the journal holds against the host."""
    with pytest.raises(PolicingError) as caught:
        fake.driver.journal.check()
    return str(caught.value)


def test_a_step_before_the_workspace_is_told(tmp_path: Path) -> None:
    """The contract promises an error to the host, and the test hears of it too."""
    run = a_run_context(tmp_path)
    workspace = Workspace(path=run.workspace.path, host_visible=True)
    fake = Fake(fake_driver()(FakeConfig()), run, workspace)
    with pytest.raises(LifecycleError):
        fake.run_step()
    assert violations(fake) == "run_step: called before prepare_workspace has returned"


def test_a_step_after_the_teardown_is_told(tmp_path: Path) -> None:
    """Its directory is gone."""
    fake = prepared(tmp_path)
    fake.teardown()
    with pytest.raises(LifecycleError):
        fake.run_step()
    assert violations(fake) == "run_step: called after teardown"


def test_a_teardown_while_a_step_runs_is_told(tmp_path: Path) -> None:
    """The step would lose the directory it works in."""
    fakes: list[Fake] = []

    def tear_down(_request: StepRequest, _io: StepIO) -> StepResult:
        with pytest.raises(PolicingError):
            fakes[0].teardown()
        return ends(StepEnd.SUCCEEDED)

    fakes.append(prepared(tmp_path, fake_driver(default=tear_down)))
    fakes[0].run_step()
    assert violations(fakes[0]) == "teardown: called while steps are running: s1"


def test_a_second_prepare_is_told(tmp_path: Path) -> None:
    """One instance serves one run."""
    fake = prepared(tmp_path)
    with pytest.raises(PolicingError, match="called a second time on one instance"):
        fake.driver.prepare_workspace(fake.run)


@pytest.mark.parametrize(
    ("fields", "violation"),
    [
        ({"argv": ()}, "argv is not a tuple of one or more texts"),
        ({"argv": ["true"]}, "argv is not a tuple of one or more texts"),
        ({"argv": ("echo", "a\0b")}, "argv has a NUL in it"),
        ({"env": {"A": 1}}, "env has no text without NUL under 'A'"),
        ({"env": {"A=B": "x"}}, "env has the name 'A=B'"),
        ({"env": {"A": "x\0"}}, "env has no text without NUL under 'A'"),
        ({"secret_names": frozenset({"T"})}, "secret_names has names that are not in env: T"),
        (
            {"argv": ("x", "-p=hunter2"), "env": {"T": "hunter2"}, "secret_names": {"T"}},
            "argv shows the secret 'T'",
        ),
        ({"cwd": "build"}, "cwd 'build' is not absolute and normalised"),
        ({"cwd": "/a/../b"}, "cwd '/a/../b' is not absolute and normalised"),
        ({"exchange": "/tmp/x"}, "exchange '/tmp/x' is not that of step 's1'"),
        ({"step_id": "a/b"}, "step id 'a/b' does not match"),
        ({"step_id": "a" * 41}, f"step id '{'a' * 41}' does not match"),
        ({"timeout_s": 0.0}, "timeout_s or grace_s is no length of time"),
        ({"grace_s": -1.0}, "timeout_s or grace_s is no length of time"),
        ({"files": {"a/b": b""}}, "'a/b' is no name of a file in the exchange directory"),
        ({"collect": ("..",)}, "'..' is no name of a file in the exchange directory"),
        ({"files": {"a": "text"}}, "files has no bytes under 'a'"),
        ({"files": {"tmp": b""}}, "files and directories both have: tmp"),
    ],
)
def test_a_step_that_breaks_the_contract_is_told(
    tmp_path: Path, fields: dict[str, Any], violation: str
) -> None:
    """What the fake lets pass would fail under a real driver only, where it is hard to find."""
    fake = prepared(tmp_path)
    with pytest.raises(PolicingError) as caught:
        fake.run_step(**fields)
    assert f"run_step: {violation}" in str(caught.value)
    assert violations(fake) == str(caught.value)


def test_a_step_without_a_home_is_told(tmp_path: Path) -> None:
    """The base environment is the host's work, the same under every driver."""
    fake = prepared(tmp_path)
    step = attrs.evolve(a_step_request(fake.run), env={})
    with pytest.raises(PolicingError, match="env has no HOME\nrun_step: env has no TMPDIR"):
        fake.driver.run_step(fake.run, fake.workspace, step, RecordingSink().io())


def test_a_step_id_that_comes_twice_is_told(tmp_path: Path) -> None:
    """It names directories and containers."""
    fake = prepared(tmp_path)
    fake.run_step(step_id="s1")
    with pytest.raises(PolicingError, match="the step id 's1' was used before"):
        fake.run_step(step_id="s1")


def test_another_run_or_workspace_is_told(tmp_path: Path) -> None:
    """A host that mixes up two runs would mix up their files."""
    fake = prepared(tmp_path)
    with pytest.raises(PolicingError, match="another run"):
        attrs.evolve(fake, run=attrs.evolve(fake.run, workflow="other")).run_step()
    other = attrs.evolve(fake.workspace, host_visible=False)
    with pytest.raises(PolicingError, match="another workspace"):
        attrs.evolve(fake, workspace=other).run_step()
    with pytest.raises(PolicingError, match="another workspace"):
        attrs.evolve(fake, workspace=other).teardown()


def test_an_outcome_that_is_none_is_told(tmp_path: Path) -> None:
    """A run is torn down once it has ended."""
    fake = prepared(tmp_path)
    with pytest.raises(PolicingError, match="still running\nteardown: deadline_s is no length"):
        fake.teardown(status=RunStatus.RUNNING, deadline_s=0.0)


@pytest.mark.parametrize(
    ("fields", "violation"),
    [
        ({"run_id": "R1"}, "run id 'R1' does not match"),
        ({"config": FakeConfig(label="x")}, "the run has other options than the driver was made"),
        ({"concurrency": 0}, "concurrency is less than 1"),
    ],
)
def test_a_run_that_breaks_the_contract_is_told(
    tmp_path: Path, fields: dict[str, Any], violation: str
) -> None:
    """Names of containers and labels are made of it."""
    with pytest.raises(PolicingError) as caught:
        prepared(tmp_path, **fields)
    assert f"prepare_workspace: {violation}" in str(caught.value)


def test_a_run_directory_that_leads_through_a_symlink_is_told(tmp_path: Path) -> None:
    """The path must be the same on every side, and a symlink is not followed on the other one."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    run = a_run_context(tmp_path)
    for directory, violation in (("link", "through a symlink"), ("gone", "does not exist")):
        run_dir = str(tmp_path / directory / "r1")
        request = attrs.evolve(run.workspace, run_dir=run_dir)
        with pytest.raises(PolicingError, match=violation):
            fake_driver()(FakeConfig()).prepare_workspace(attrs.evolve(run, workspace=request))


def events(*kinds: type[RunEvent], first: int = 1) -> RecordingObserver:
    """Return an observer that was told events of these kinds."""
    fields: dict[type[RunEvent], dict[str, Any]] = {
        RunStarted: {"workflow": "w", "source": "s", "jobs": ()},
        RunEnded: {"status": RunStatus.SUCCEEDED, "exit_code": 0, "duration_s": 1.0},
        Notice: {"text": "t"},
    }
    observer = RecordingObserver()
    for seq, kind in enumerate(kinds, first):
        observer.on_event(kind(run_id="r1", seq=seq, time_s=1.0, **fields[kind]))
    return observer


def test_an_observer_keeps_what_it_was_told() -> None:
    """A test asks for the kind it is about."""
    observer = events(RunStarted, Notice, RunEnded)
    observer.check()
    assert [event.text for event in observer.of(Notice)] == ["t"]
    assert len(observer.events) == 3


@pytest.mark.parametrize(
    "observer", [events(), events(RunStarted), events(RunStarted, RunEnded, first=2)]
)
def test_events_that_are_not_all_of_a_run_are_told(observer: RecordingObserver) -> None:
    """Views count on the first, the last and the numbers."""
    with pytest.raises(AssertionError):
        observer.check()


def test_plans_are_built_with_defaults() -> None:
    """A test of a host shows only the part of a plan that it is about."""
    plan = a_plan(a_planned_job("main", a_planned_step("a"), a_planned_step("b", weight=2)))
    (job,) = plan.jobs
    assert [(step.name.text, step.id, step.weight) for step in job.steps] == [
        ("a", "s-a", 0),
        ("b", "s-b", 2),
    ]
    assert {step.binding for step in job.steps} == {binding.id for binding in plan.bindings}


def test_results_are_built_as_the_contract_wants_them() -> None:
    """An end alone says what the exit code must be."""
    assert a_step_result(StepEnd.SIGNALLED, signal=9).exit_code == 137
    assert a_step_result(StepEnd.LOST).exit_code is None
