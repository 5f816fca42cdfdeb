"""Teardown (TD)."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest

from swamp_driver.errors import DriverError
from swamp_driver.spec import Capability, RunStatus, StepEnd
from swamp_driver_conformance import expect
from swamp_driver_conformance._calls import Call
from swamp_driver_conformance.harness import Bench, Run
from swamp_driver_conformance.loading import Subject
from swamp_driver_conformance.marks import clause
from swamp_driver_conformance.probes import (
    children,
    need_processes,
    open_descriptors,
    settles,
    snapshot,
    token,
)
from swamp_driver_conformance.remote import other_process
from swamp_driver_conformance.suite._shell import LONG
from swamp_driver_conformance.suite._steps import output_of


def _nothing_left(bench: Bench, what: str) -> None:
    """Fail where the directory of the test has anything in it."""
    expect.equal(snapshot(bench.root), {}, what)


@clause("SWD-TD-001")
@pytest.mark.parametrize("remove", [True, False], ids=["remove", "keep"])
def test_second_teardown_does_nothing(bench: Bench, remove: bool) -> None:  # noqa: FBT001
    """Hosts call it again after a failure."""
    run = bench.prepared()
    output_of(run, "echo x > file")
    run.teardown(remove=remove)
    before = snapshot(bench.root)
    for _ in range(2):
        expect.equal(run.teardown(remove=remove).errors, (), "errors of another teardown")
    expect.equal(snapshot(bench.root), before, "files after another teardown")


@clause("SWD-TD-002")
def test_teardowns_at_once_are_one(bench: Bench) -> None:
    """Ctrl-C comes while the run ends."""
    run = bench.prepared()
    output_of(run, "n=0; while [ $n -lt 60 ]; do mkdir $n; : > $n/f; n=$((n+1)); done")
    calls = [Call("teardown", run.teardown) for _ in range(3)]
    reports = [call.wait(60) for call in calls]
    expect.equal([report.errors for report in reports], [()] * 3, "errors of three at once")
    if bench.subject.declares(Capability.HOST_VISIBLE):
        _nothing_left(bench, "files after three teardowns at once")


@clause("SWD-TD-003")
def test_teardown_without_prepare_does_nothing(bench: Bench) -> None:
    """It follows always, also where preparing was never tried."""
    run = bench.run()
    decoy = bench.ledger.decoy(run.context.run_id)
    report = run.teardown()
    expect.equal((report.removed, report.errors), ((), ()), "what is removed, and errors")
    decoy.check("a directory that was at the path of the run directory")


@clause("SWD-TD-004")
def test_teardown_after_failed_prepare_does_nothing(bench: Bench) -> None:
    """The directory that was in the way is somebody's."""
    run = bench.run()
    decoy = bench.ledger.decoy(run.context.run_id)
    with expect.raises(DriverError, "preparing where a directory is already"):
        run.prepare()
    report = run.teardown(status=RunStatus.BROKEN)
    expect.equal((report.removed, report.errors), ((), ()), "what is removed, and errors")
    decoy.check("the directory that was in the way")


@clause("SWD-TD-005")
def test_teardown_removes_everything(bench: Bench) -> None:
    """A run leaves nothing behind."""
    run = bench.prepared()
    output_of(run, 'mkdir -p a/b; echo x > a/b/f; echo x > "$HOME/f"; ln -s nowhere l')
    run.sh("exit 3")
    run.sh(LONG, timeout_s=0.2)
    report = run.teardown()
    expect.equal(report.errors, (), "errors of the teardown")
    if bench.subject.declares(Capability.HOST_VISIBLE):
        _nothing_left(bench, "files in the directory that the run directory was in")


@clause("SWD-TD-005")
def test_teardown_of_an_unused_run_removes_everything(bench: Bench) -> None:
    """A run can end before its first step."""
    run = bench.prepared()
    expect.equal(run.teardown().errors, (), "errors of the teardown")
    if bench.subject.declares(Capability.HOST_VISIBLE):
        _nothing_left(bench, "files in the directory that the run directory was in")


@clause("SWD-TD-006")
def test_kept_workspace_has_everything(bench: Bench) -> None:
    """It was asked to be kept."""
    run = bench.prepared()
    output_of(run, 'mkdir -p a/empty; echo x > a/f; echo home > "$HOME/f"; ln -s a l')
    report = run.teardown(remove=False)
    expect.equal(report.errors, (), "errors of the teardown")
    named = any(str(run.run_dir) in line for line in report.kept)
    expect.that(named, "kept", seen=report.kept, expected=f"a line with '{run.run_dir}'")
    if bench.subject.declares(Capability.HOST_VISIBLE):
        kept = {path for path in snapshot(run.run_dir) if path.startswith(("workspace", "home"))}
        wanted = {"workspace", "home", "workspace/a", "workspace/a/empty", "workspace/a/f"}
        expect.equal(kept, wanted | {"workspace/l", "home/f"}, "files of the kept run")


@clause("SWD-TD-007")
def test_cancelled_run_is_torn_down(bench: Bench) -> None:
    """A cancelled run is the one that most needs it."""
    run = bench.prepared()
    output_of(run, "echo x > file")
    run.context.cancel.cancel()
    report = run.teardown(status=RunStatus.CANCELLED)
    expect.equal(report.errors, (), "errors of the teardown")
    if bench.subject.declares(Capability.HOST_VISIBLE):
        _nothing_left(bench, "files after the teardown of a cancelled run")


@clause("SWD-TD-008")
def test_neighbours_are_left_alone(bench: Bench) -> None:
    """Removal by prefix has emptied whole disks."""
    run_id = "c" + token()[5:16]
    names = (f"{run_id}x", f"{run_id}-2", run_id[:-1], f".{run_id}", f"{run_id}.old", "workspace")
    decoys = [bench.ledger.decoy(name) for name in names]
    run = bench.prepared(run_id=run_id)
    output_of(run, "echo x > file")
    run.teardown()
    for decoy in decoys:
        decoy.check("a directory with a similar name")


@clause("SWD-TD-009")
def test_foreign_directory_in_its_place_is_left_alone(bench: Bench) -> None:
    """A configuration can name any path."""
    run = bench.prepared()
    run.teardown()
    decoy = bench.ledger.decoy(run.context.run_id)
    run.teardown()
    decoy.check("a directory that came to the path of the run directory later")


@clause("SWD-TD-010")
def test_nothing_is_left_in_the_controller(bench: Bench) -> None:
    """A service runs for months."""
    need_processes()

    def whole_run() -> None:
        run = bench.prepared()
        run.sh("sleep 9 & exit 3")
        run.sh(LONG, timeout_s=0.1)
        run.teardown()

    def held() -> tuple[int, int, int]:
        return threading.active_count(), open_descriptors(), len(children())

    whole_run()  # what is made once and for all is not counted
    before = held()
    for _ in range(3):
        whole_run()
    settled = settles(
        lambda: all(a <= b for a, b in zip(held(), before, strict=True)), deadline_s=3
    )
    what = "threads, descriptors and children after three runs"
    expect.that(settled, what, seen=held(), expected=f"not more than {before}")


@clause("SWD-TD-011")
def test_handle_is_sound(bench: Bench, run: Run) -> None:
    """It is stored, and read by another version of the driver."""
    secret = token()
    run.sh(":", env={"SECRET": secret}, secret_names=frozenset({"SECRET"}))
    workspace = run.workspace
    handle = {} if workspace is None else dict(workspace.handle)
    try:
        text = json.dumps(handle, allow_nan=False)
    except (TypeError, ValueError) as error:
        expect.deviates("Workspace.handle", seen=error, expected="JSON")
    expect.equal(json.loads(text), handle, "the handle when it comes back from JSON")
    expect.that(secret not in text, "the handle", seen="a secret", expected="none")
    if bench.subject.declares(Capability.RECOVERABLE):
        seen = sorted(handle)
        expect.that("version" in handle, "the handle's keys", seen=seen, expected="'version'")


@clause("SWD-TD-012")
def test_teardown_in_another_process_removes(bench: Bench, subject: Subject) -> None:
    """It is how a run is cleaned up whose controller is gone."""
    run = bench.prepared()
    output_of(run, "echo x > file; mkdir d")
    actions = [{"do": "teardown", "remove": True}]
    with other_process(subject, run, actions, workspace=run.workspace, keeps_owner=True) as other:
        report = other.wait_for("torn-down", deadline_s=90)
    expect.equal(report["errors"], [], "errors of the teardown in another process")
    if subject.declares(Capability.HOST_VISIBLE):
        _nothing_left(bench, "files after the teardown in another process")
    expect.equal(run.teardown().errors, (), "errors of the teardown in this one, afterwards")


@clause("SWD-TD-013")
def test_teardown_in_another_process_keeps(bench: Bench, subject: Subject) -> None:
    """Somebody wants to look at it."""
    run = bench.prepared()
    output_of(run, "echo kept > file")
    actions = [{"do": "teardown", "remove": False}]
    with other_process(subject, run, actions, workspace=run.workspace, keeps_owner=True) as other:
        report = other.wait_for("torn-down", deadline_s=90)
    expect.equal(report["errors"], [], "errors of the teardown in another process")
    named = any(str(run.run_dir) in line for line in report["kept"])
    expect.that(named, "kept", seen=report["kept"], expected=f"a line with '{run.run_dir}'")
    if subject.declares(Capability.HOST_VISIBLE):
        file = Path(run.path) / "file"
        text = file.read_text(encoding="utf-8") if file.exists() else "(no such file)"
        expect.equal(text, "kept\n", "the kept file")


@clause("SWD-TD-014")
def test_deadline_is_kept(bench: Bench) -> None:
    """A clean-up that hangs holds a machine."""
    run = bench.prepared()
    files = "400" if bench.is_quick else "2000"
    output_of(run, 'n=0; while [ $n -lt "$1" ]; do : > $n; n=$((n+1)); done', files)
    began = time.monotonic()
    run.teardown(deadline_s=0.001)
    took_s = time.monotonic() - began
    expect.that(took_s < 5, "a teardown of 1 ms", seen=f"{took_s:.1f} s", expected="under 5 s")  # noqa: PLR2004
    expect.equal(run.teardown().errors, (), "errors of the teardown that goes on")
    if bench.subject.declares(Capability.HOST_VISIBLE):
        _nothing_left(bench, "files after the teardown that goes on")


@clause("SWD-TD-015")
@pytest.mark.parametrize(
    "status",
    [RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.BROKEN, RunStatus.INTERRUPTED],
)
def test_every_status_is_torn_down(bench: Bench, status: RunStatus) -> None:
    """Failed runs are cleaned up like the others."""
    run = bench.prepared()
    output_of(run, "echo x > file")
    report = run.teardown(status=status)
    for field in ("removed", "kept", "errors"):
        lines = getattr(report, field)
        is_sound = isinstance(lines, tuple) and all(isinstance(line, str) for line in lines)
        expect.that(is_sound, f"'{field}'", seen=lines, expected="a tuple of text")
    expect.equal(report.errors, (), f"errors of the teardown of a run that is {status}")
    if bench.subject.declares(Capability.HOST_VISIBLE):
        _nothing_left(bench, f"files after the teardown of a run that is {status}")


@clause("SWD-TD-016")
def test_persistent_workspace_is_kept_and_removed_on_demand(bench: Bench) -> None:
    """A cache must be possible to empty."""
    request = {"persistent": True, "run_dir": str(bench.root / "kept")}
    first = bench.prepared(request=request)
    output_of(first, "echo x > file")
    first.teardown(remove=False)
    second = bench.prepared(request=request)
    done = second.sh("cat file")
    expect.equal(done.result.end, StepEnd.SUCCEEDED, "reading what was kept")
    expect.equal(second.teardown(remove=True).errors, (), "errors of the teardown that removes")
    if bench.subject.declares(Capability.HOST_VISIBLE):
        _nothing_left(bench, "files after the persistent workspace was removed")
    third = bench.prepared(request=request)
    expect.equal(third.sh("ls -A .").text, "", "what is in the workspace of the run after that")
