"""What crashed runs leave (GC)."""

from __future__ import annotations

import os
from typing import Any

from swamp_driver.spec import Capability, Leftover
from swamp_driver_conformance import expect
from swamp_driver_conformance.harness import Bench, Run
from swamp_driver_conformance.loading import Subject, open_hooks
from swamp_driver_conformance.marks import clause
from swamp_driver_conformance.probes import (
    command_lines,
    need_processes,
    processes_with,
    settles,
    token,
)
from swamp_driver_conformance.remote import OtherProcess, other_process, step_action
from swamp_driver_conformance.suite._shell import UNTIL
from swamp_driver_conformance.suite._steps import output_of

_ENDED_S = 10.0


def _hooks(subject: Subject) -> Any:
    """Return hooks of an instance of its own, as clean-up has them."""
    return open_hooks(subject.cls, subject.config)


def _of(subject: Subject, run: Run) -> list[Leftover]:
    """Return what is listed of a run."""
    listed = _hooks(subject).list_leftovers(config=subject.config)
    return [one for one in listed if one.run_id == run.context.run_id]


def _crash(subject: Subject, run: Run, bench: Bench) -> None:
    """Prepare the run in another process, begin a step, and kill the process."""
    beats = "while [ $n -lt 600 ]; do echo x >> beat; n=$((n+1)); nap; done"
    script = f"{UNTIL} (n=0; {beats}) & until_there beat; echo ready; wait"
    actions = [{"do": "prepare"}, step_action(run.request(("/bin/sh", "-c", script)))]
    with other_process(subject, run, actions) as other:
        prepared = other.wait_for("prepared", deadline_s=90)["workspace"]
        _wait_until_ready(other)
        other.kill()
    run.workspace = _workspace(prepared)
    del bench


def _wait_until_ready(other: OtherProcess) -> None:
    while "ready" not in other.wait_for("output")["text"]:
        pass


def _workspace(data: dict[str, Any]) -> Any:
    from swamp_driver.spec import Workspace  # noqa: PLC0415 - read with its only use

    return Workspace(**{**data, "enter": tuple(data["enter"])})


@clause("SWD-GC-001")
def test_live_runs_are_listed(run: Run, subject: Subject) -> None:
    """What is labelled only later is never found after a crash in between."""
    found = _of(subject, run)
    expect.that(found, "what is listed of a live run", seen="nothing", expected="its things")
    owners = {one.owner for one in found}
    expect.equal(owners, {run.context.owner}, "the owner of what is listed")


@clause("SWD-GC-002")
def test_removed_runs_are_not_listed(bench: Bench, subject: Subject) -> None:
    """Clean-up would report ghosts."""
    run = bench.prepared()
    output_of(run, "echo x > file")
    run.teardown()
    expect.equal(_of(subject, run), [], "what is listed of a run that was removed")


@clause("SWD-GC-003")
def test_crashed_runs_are_listed(bench: Bench, subject: Subject) -> None:
    """`kill -9` is the case that it is for."""
    run = bench.run()
    _crash(subject, run, bench)
    found = _of(subject, run)
    expect.that(found, "what is listed of a crashed run", seen="nothing", expected="its things")
    alive = {one.owner.is_alive() if one.owner else None for one in found}
    expect.equal(alive, {False}, "whether its owner is alive")


@clause("SWD-GC-004")
def test_leftovers_are_removed(bench: Bench, subject: Subject) -> None:
    """Two clean-ups may run at once."""
    run = bench.run()
    _crash(subject, run, bench)
    for _ in range(2):
        for leftover in _of(subject, run):
            gone = _hooks(subject).remove_leftover(config=subject.config, leftover=leftover)
            expect.that(gone is True, "what remove_leftover returns", seen=gone, expected=True)
            again = _hooks(subject).remove_leftover(config=subject.config, leftover=leftover)
            what = "what it returns where the thing is gone already"
            expect.that(again is True, what, seen=again, expected=True)
            there = leftover.name.startswith("/") and os.path.lexists(leftover.name)
            expect.that(not there, f"'{leftover.name}'", seen="it is there", expected="it is gone")
    expect.equal(_of(subject, run), [], "what is listed after the removal")


@clause("SWD-GC-005")
def test_removing_touches_no_other_run(bench: Bench, subject: Subject) -> None:
    """Removal by prefix has emptied whole disks."""
    stem = "c" + token()[5:15]
    crashed, alive = bench.run(run_id=f"{stem}1"), bench.prepared(run_id=f"{stem}2")
    decoy = bench.ledger.decoy(f"{stem}1x")
    output_of(alive, "echo mine > file")
    going = alive.start_sh(f"{UNTIL} echo ready; until_there go; echo went on")
    going.saw("ready")
    _crash(subject, crashed, bench)
    for leftover in _of(subject, crashed):
        _hooks(subject).remove_leftover(config=subject.config, leftover=leftover)
    decoy.check("a directory with a similar name")
    output_of(alive, ": > go")
    expect.equal(going.wait().text, "ready\nwent on\n", "a step of a live run, meanwhile")
    expect.equal(alive.sh("cat file").text, "mine\n", "a file of a live run")
    expect.that(_of(subject, alive), "a live run", seen="not listed", expected="it is listed")


@clause("SWD-GC-006")
def test_kept_runs_are_marked(bench: Bench, subject: Subject) -> None:
    """Clean-up must not take what somebody asked to keep."""
    run = bench.prepared()
    run.teardown(remove=False)
    unmarked = [one for one in _of(subject, run) if not one.preserved]
    expect.equal(unmarked, [], "what is listed of a kept run and not marked as preserved")


@clause("SWD-GC-007")
def test_foreign_things_are_not_listed(run: Run, bench: Bench, subject: Subject) -> None:
    """What is listed may be removed."""
    names = [f"{run.context.run_id}x", "c" + token()[5:16], "workspace"]
    decoys = [bench.ledger.decoy(name) for name in names]
    listed = _hooks(subject).list_leftovers(config=subject.config)
    foreign = {str(decoy.path) for decoy in decoys} & {one.name for one in listed}
    expect.equal(foreign, set(), "foreign directories that are listed")


@clause("SWD-GC-008")
def test_crashed_run_is_torn_down_from_its_handle(bench: Bench, subject: Subject) -> None:
    """`kill -9` is the case that it is for."""
    run = bench.run()
    _crash(subject, run, bench)
    later = bench.run(run_id=run.context.run_id, request={"run_dir": run.context.workspace.run_dir})
    later.workspace = run.workspace
    report = later.teardown()
    expect.equal(report.errors, (), "errors of the teardown of a crashed run")
    if subject.declares(Capability.HOST_VISIBLE):
        there = os.path.lexists(run.run_dir)
        expect.that(not there, "the run directory", seen="it is there", expected="it is gone")


@clause("SWD-GC-009")
def test_processes_of_crashed_runs_end(bench: Bench, subject: Subject) -> None:
    """They go on changing the workspace, and nobody is left to stop them."""
    need_processes()
    run = bench.run()
    _crash(subject, run, bench)
    ended = settles(lambda: not processes_with(bench.mark), deadline_s=_ENDED_S)
    expected = f"they end within {_ENDED_S:g} s"
    seen = f"they live, {command_lines(processes_with(bench.mark))}"
    expect.that(ended, "processes of a crashed run", seen=seen, expected=expected)
