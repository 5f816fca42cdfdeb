"""Hooks in every order: nothing is left, nothing foreign is touched (SWD-TD)."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from swamp_driver.errors import LifecycleError, WorkspaceError
from swamp_driver.spec import Availability, Capability, RunStatus, StepEnd, Workspace
from tests.drivers.harness import OpenRun, new_token, opened_run, processes_with, wait_until


def names_in(path: Path) -> list[str]:
    """Return the names in a directory, in order."""
    return sorted(entry.name for entry in path.iterdir())


def test_a_run_leaves_nothing(make_run: Callable[..., OpenRun], tmp_path: Path) -> None:
    """No directory, process, thread or descriptor (SWD-TD)."""
    threads, descriptors = threading.active_count(), len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    run = make_run()
    run.prepare()
    assert run.sh("echo hi").text == "hi"
    report = run.teardown()
    assert str(run.run_dir) in report.removed
    assert (report.kept, report.errors) == ((), ())
    assert names_in(tmp_path) == []
    wait_until(lambda: threading.active_count() <= threads, "threads of the run are left")
    assert len(os.listdir("/proc/self/fd")) <= descriptors  # noqa: PTH208


@pytest.mark.parametrize("status", list(RunStatus))
def test_how_the_run_ended_does_not_change_what_is_removed(
    make_run: Callable[..., OpenRun], tmp_path: Path, status: RunStatus
) -> None:
    """What shall stay is asked for by `remove_workspace` alone."""
    run = make_run()
    run.prepare()
    assert run.teardown(status=status).errors == ()
    assert names_in(tmp_path) == []


def test_teardown_again_has_nothing_to_do(make_run: Callable[..., OpenRun]) -> None:
    """It is called again after a crash, by `gc`, by a nervous host."""
    run = make_run()
    run.prepare()
    run.teardown()
    report = run.teardown()
    assert (report.removed, report.errors) == ((), ())


def test_teardown_from_several_threads_at_once(
    make_run: Callable[..., OpenRun], tmp_path: Path
) -> None:
    """Each returns when it is done, whoever did it."""
    run = make_run()
    run.prepare()
    run.sh("mkdir -p a/b c/d; touch a/b/f c/d/f")
    errors: list[tuple[str, ...]] = []
    threads = [
        threading.Thread(target=lambda: errors.append(run.teardown().errors)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == [()] * 4
    assert names_in(tmp_path) == []


def test_teardown_without_prepare_touches_nothing(
    make_run: Callable[..., OpenRun], tmp_path: Path
) -> None:
    """What is at that path then belongs to someone else."""
    run = make_run(name="theirs")
    (tmp_path / "theirs" / "workspace" / "precious").mkdir(parents=True)
    report = run.teardown()
    assert (report.removed, report.errors) == ((), ())
    assert (tmp_path / "theirs" / "workspace" / "precious").is_dir()


def test_a_directory_that_is_not_of_this_run_is_neither_used_nor_removed(
    make_run: Callable[..., OpenRun], tmp_path: Path
) -> None:
    """A failed prepare is followed by a teardown (SWD-TD)."""
    run = make_run(name="theirs")
    (tmp_path / "theirs" / "workspace" / "precious").mkdir(parents=True)
    with pytest.raises(WorkspaceError):
        run.prepare()
    run.teardown()
    assert (tmp_path / "theirs" / "workspace" / "precious").is_dir()
    assert names_in(tmp_path) == ["theirs"]


def test_a_handle_that_names_a_foreign_directory_is_refused(
    make_run: Callable[..., OpenRun], tmp_path: Path
) -> None:
    """A damaged or forged record must not remove what the driver did not make (SWD-TD)."""
    run = make_run(name="theirs")
    (tmp_path / "theirs" / "workspace" / "precious").mkdir(parents=True)
    run.workspace = Workspace(
        path=str(run.path),
        host_visible=True,
        handle={"version": 1, "run_dir": str(run.run_dir)},
    )
    report = run.teardown()
    assert report.removed == ()
    assert report.errors != ()
    assert (tmp_path / "theirs" / "workspace" / "precious").is_dir()


def test_a_failed_prepare_leaves_nothing(make_run: Callable[..., OpenRun], tmp_path: Path) -> None:
    """Here its parent is missing; nothing is made above it either."""
    run = make_run(name="missing/run")
    with pytest.raises(WorkspaceError):
        run.prepare()
    assert run.teardown().errors == ()
    assert names_in(tmp_path) == []


def test_steps_before_prepare_and_after_teardown_are_refused(
    make_run: Callable[..., OpenRun], tmp_path: Path
) -> None:
    """A host with a bug must hear of it, not get a step somewhere else."""
    run = make_run()
    with pytest.raises(LifecycleError):
        assert run.sh("touch ran").result is None
    assert names_in(tmp_path) == []
    run.prepare()
    run.teardown()
    with pytest.raises(LifecycleError):
        assert run.sh("touch ran").result is None
    assert names_in(tmp_path) == []


def test_a_second_prepare_is_refused(open_run: Callable[..., OpenRun]) -> None:
    """Once per instance; the first workspace goes on."""
    run = open_run()
    with pytest.raises(LifecycleError):
        run.hook.prepare_workspace(run=run.run)
    assert run.sh("echo fine").text == "fine"


def test_a_kept_run_can_be_removed_from_its_handle(
    make_run: Callable[..., OpenRun], tmp_path: Path
) -> None:
    """Later, by another process that has nothing but the record (SWD-TD)."""
    run = make_run()
    workspace = run.prepare()
    run.sh("echo kept > file")
    report = run.teardown(remove=False)
    assert str(run.run_dir) in report.kept
    assert report.errors == ()
    assert (run.path / "file").read_text() == "kept\n"
    later = run.again()
    later.workspace = attrs.evolve(workspace, handle=json.loads(json.dumps(workspace.handle)))
    report = later.teardown()
    assert str(run.run_dir) in report.removed
    assert report.errors == ()
    assert names_in(tmp_path) == []


def test_another_process_can_tear_down_what_this_one_left(
    make_run: Callable[..., OpenRun], tmp_path: Path
) -> None:
    """The first driver instance never gets to it: its process was killed (SWD-TD)."""
    run = make_run()
    run.prepare()
    run.sh("echo x > file")
    assert Capability.RECOVERABLE in run.driver.info.capabilities
    later = run.again()
    later.workspace = run.workspace
    assert later.teardown().errors == ()
    assert names_in(tmp_path) == []
    run.teardown()


def test_the_handle_is_json_with_a_version_and_without_secrets(
    open_run: Callable[..., OpenRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is written to disk (SWD-TD)."""
    monkeypatch.setenv("SECRET_CANARY", "leaked")
    run = open_run()
    assert run.workspace is not None
    text = json.dumps(dict(run.workspace.handle))
    assert json.loads(text) == dict(run.workspace.handle)
    assert isinstance(run.workspace.handle["version"], int)
    assert "leaked" not in text


def test_teardown_does_not_look_at_the_cancelled_run(
    make_run: Callable[..., OpenRun], tmp_path: Path
) -> None:
    """It has a clock of its own (SWD-TD)."""
    run = make_run()
    run.prepare()
    run.sh("mkdir -p a/b")
    run.run.cancel.cancel()
    assert run.teardown(status=RunStatus.CANCELLED).errors == ()
    assert names_in(tmp_path) == []


def test_teardown_without_time_reports_and_can_be_finished(
    make_run: Callable[..., OpenRun], tmp_path: Path
) -> None:
    """It keeps to its deadline and says what is left (SWD-TD)."""
    run = make_run()
    run.prepare()
    run.sh("mkdir -p a/b/c; touch a/b/c/f")
    assert run.teardown(deadline_s=0).errors != ()
    assert run.teardown().errors == ()
    assert names_in(tmp_path) == []


def test_what_cannot_be_started_leaves_the_driver_well(shared_run: OpenRun) -> None:
    """One wrong step is not the end of the run."""
    for argv in (("no-such-program",), ("/",), ("/bin/sh", "-c", "x" * 10_000_000)):
        step = shared_run.start(*argv).join()
        assert step.is_over
    assert shared_run.sh("echo fine").text == "fine"


def test_many_runs_leave_no_descriptors_and_no_processes(
    driver_under_test: object, make_run: Callable[..., OpenRun], tmp_path: Path
) -> None:
    """A host may live for months (SWD-TD)."""
    token = new_token()
    case = make_run().case

    def cycle(count: int) -> None:
        for _ in range(count):
            with opened_run(case, tmp_path) as run:
                step = run.execute("/bin/sh", "-c", "sleep 600 & exit 0", token)
                assert step.result.end is StepEnd.SUCCEEDED

    cycle(2)
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    cycle(3 if case.needs_engine else 20)
    assert len(os.listdir("/proc/self/fd")) <= before  # noqa: PTH208
    assert processes_with(token) == []
    assert names_in(tmp_path) == []


def test_the_environment_is_probed_without_side_effects(
    make_run: Callable[..., OpenRun], tmp_path: Path
) -> None:
    """`doctor` asks every driver; nothing is made, and the answer is a line for a person."""
    run = make_run()
    if not hasattr(run.driver, "probe_environment"):
        pytest.skip("an optional hook")
    found: Availability = run.hook.probe_environment(config=run.run.config)
    assert found.available
    assert found.detail
    assert "\n" not in found.detail
    assert names_in(tmp_path) == []
