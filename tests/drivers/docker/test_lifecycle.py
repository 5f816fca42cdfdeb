"""The docker driver over a fake engine: what it asks for, when, and what it leaves."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from swamp_driver.errors import (
    LifecycleError,
    TeardownError,
    UnavailableError,
    WorkspaceError,
)
from swamp_driver.spec import CancelToken, Progress, StepEnd
from swamp_driver_docker_ws._engine_api import Image
from tests.drivers.docker.fake_engine import FakeEngine
from tests.drivers.harness import OpenRun, wait_until

MakeRun = Callable[..., OpenRun]
MODES = ("per-step", "session")
PREPARING = ("info", "find_image", "create_container", "attach", "start_container")


def failing_at(call: str, error: Exception, *, times: int = 10**6) -> Callable[[str], None]:
    """Return what makes an engine fail at a call."""
    left = [times]

    def before(name: str) -> None:
        if name == call and left[0]:
            left[0] -= 1
            raise error

    return before


@pytest.mark.parametrize("mode", MODES)
def test_a_run_leaves_nothing(fake_run: MakeRun, engine: FakeEngine, mode: str) -> None:
    """The plain case, as a measure for the others."""
    run = fake_run({"mode": mode}, run={"expected_steps": 3, "concurrency": 2})
    run.prepare()
    assert [run.sh("true").result.end for _ in range(3)] == [StepEnd.SUCCEEDED] * 3
    report = run.teardown()
    assert report.errors == ()
    assert engine.containers == {}
    assert not run.run_dir.exists()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("call", PREPARING)
def test_a_failed_preparation_leaves_nothing(
    fake_run: MakeRun, engine: FakeEngine, mode: str, call: str
) -> None:
    """Whatever it was that failed; and the host's teardown then finds nothing to complain about."""
    engine.before = failing_at(call, UnavailableError("no"))
    run = fake_run({"mode": mode})
    with pytest.raises(UnavailableError):
        run.prepare()
    engine.before = lambda _: None
    assert engine.containers == {}
    assert not run.run_dir.exists()
    assert run.teardown().errors == ()


@pytest.mark.parametrize("call", PREPARING)
def test_a_run_that_is_cancelled_while_it_is_prepared_gives_up(
    fake_run: MakeRun, engine: FakeEngine, call: str
) -> None:
    """At whatever point; soon, and with nothing left."""
    token = CancelToken()

    def before(name: str) -> None:
        if name == call:
            token.cancel()

    engine.before = before
    run = fake_run(run={"cancel": token})
    with pytest.raises(UnavailableError, match="cancelled"):
        run.prepare()
    assert engine.containers == {}
    assert not run.run_dir.exists()


def test_an_image_is_pulled_once(fake_run: MakeRun, engine: FakeEngine) -> None:
    """N parallel steps are no reason for N pulls."""
    del engine.images["busybox"]
    reports: list[Progress] = []
    run = fake_run(run={"report": reports.append, "expected_steps": 4, "concurrency": 4})
    run.prepare()
    steps = [run.start_sh("true") for _ in range(4)]
    assert {step.result.end for step in steps} == {StepEnd.SUCCEEDED}
    assert engine.calls["pull_image"] == 1
    assert [report.phase for report in reports] == ["pull"]


def test_containers_are_used_once(fake_run: MakeRun, engine: FakeEngine) -> None:
    """And no more are made than steps are run, where their number is known."""
    run = fake_run(run={"expected_steps": 6, "concurrency": 3})
    run.prepare()
    steps = [run.start_sh("true") for _ in range(6)]
    assert {step.result.end for step in steps} == {StepEnd.SUCCEEDED}
    assert engine.made == 6


def test_a_step_finds_its_container_ready(fake_run: MakeRun, engine: FakeEngine) -> None:
    """The next one is started while a step runs: that is what makes steps quick."""
    run = fake_run(run={"expected_steps": 2})
    run.prepare()
    step = run.start_sh("while [ ! -e go ]; do sleep 0.01; done")
    wait_until(lambda: engine.calls["start_container"] == 2, "the next one is started")
    (run.path / "go").touch()
    assert step.result.end is StepEnd.SUCCEEDED


def test_a_container_that_could_not_be_started_ahead_is_started_again(
    fake_run: MakeRun, engine: FakeEngine
) -> None:
    """The failure was nobody's yet; a step asks anew."""
    run = fake_run(run={"expected_steps": 2})
    run.prepare()
    engine.before = failing_at("create_container", UnavailableError("busy"), times=1)
    assert run.sh("true").result.end is StepEnd.SUCCEEDED
    assert run.sh("true").result.end is StepEnd.SUCCEEDED


def test_a_step_that_is_cancelled_while_it_waits_for_its_container(
    fake_run: MakeRun, engine: FakeEngine
) -> None:
    """It comes back at once, and the container is there for the next."""
    may_start = threading.Event()

    def before(name: str) -> None:
        if name == "start_container" and engine.calls[name] > 1:
            may_start.wait()

    engine.before = before
    run = fake_run(run={"expected_steps": 2})
    run.prepare()
    assert run.sh("true").result.end is StepEnd.SUCCEEDED
    step = run.start_sh("touch ran")
    step.cancel.cancel()
    assert step.result.end is StepEnd.CANCELLED
    made = engine.made
    may_start.set()
    assert run.sh("true").result.end is StepEnd.SUCCEEDED
    assert engine.made == made
    assert not (run.path / "ran").exists()


@pytest.mark.parametrize("mode", MODES)
def test_hooks_in_a_wrong_order_do_nothing(fake_run: MakeRun, mode: str) -> None:
    """Steps before and after, and a second preparation."""
    run = fake_run({"mode": mode})
    run.workspace = None
    with pytest.raises(LifecycleError):
        assert run.sh("true").result is None
    run.prepare()
    with pytest.raises(LifecycleError):
        run.prepare()
    run.teardown()
    with pytest.raises(LifecycleError):
        assert run.sh("true").result is None


@pytest.mark.parametrize("mode", MODES)
def test_teardown_any_number_of_times_and_at_once(fake_run: MakeRun, mode: str) -> None:
    """Hosts that are interrupted call it again."""
    run = fake_run({"mode": mode})
    run.prepare()
    reports: list[tuple[str, ...]] = []
    threads = [
        threading.Thread(target=lambda: reports.append(run.teardown().errors)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reports == [()] * 4
    assert not run.run_dir.exists()


def test_one_failure_in_teardown_does_not_stop_the_rest(
    fake_run: MakeRun, engine: FakeEngine
) -> None:
    """Each is a line in the report, and the run's directory goes all the same."""
    run = fake_run({"mode": "session"})
    run.prepare()
    engine.before = failing_at("find_containers", TeardownError("x", left=["container 'a': busy"]))
    report = run.teardown()
    assert report.errors == ("container 'a': busy",)
    assert not run.run_dir.exists()
    engine.before = lambda _: None
    assert run.teardown().errors == ()


def test_an_engine_that_hangs_in_teardown_is_given_up(
    fake_run: MakeRun, engine: FakeEngine
) -> None:
    """At the deadline of the call, whatever the engine does."""
    run = fake_run({"mode": "session"})
    run.prepare()
    release = threading.Event()

    def before(name: str) -> None:
        if name == "find_containers":
            release.wait()

    engine.before = before
    report = run.teardown(deadline_s=0.5)
    assert "did not answer in time" in report.errors[0]
    assert not run.run_dir.exists()
    engine.before = lambda _: None
    release.set()


def test_what_the_image_mounts_into_the_run_directory_is_refused(
    fake_run: MakeRun, engine: FakeEngine
) -> None:
    """Nothing of the run is left then either."""
    run = fake_run()
    engine.images["busybox"] = Image(image_id="1", volumes=(run.run.workspace.path,))
    with pytest.raises(Exception, match="would hide a part of the run directory"):
        run.prepare()
    assert not run.run_dir.exists()


def test_a_directory_of_someone_else_is_neither_used_nor_removed(fake_run: MakeRun) -> None:
    """It has no marker of the run."""
    run = fake_run()
    run.run_dir.mkdir()
    (run.run_dir / "theirs").touch()
    with pytest.raises(WorkspaceError):
        run.prepare()
    run.teardown()
    assert (run.run_dir / "theirs").exists()
    (run.run_dir / "theirs").unlink()
    run.run_dir.rmdir()


def test_a_kept_directory_holds_nothing_of_the_driver(fake_run: MakeRun) -> None:
    """Its user finds the workspace, not our tools."""
    run = fake_run()
    run.prepare()
    run.sh("touch made")
    report = run.teardown(remove=False)
    assert report.kept == (str(run.run_dir),)
    assert {entry.name for entry in run.run_dir.iterdir()} == {"workspace", "home", "exchange"}
    assert [entry.name for entry in run.path.iterdir()] == ["made"]
