"""Time-outs and cancelling (LIFE)."""

from __future__ import annotations

import threading
import time

import pytest

from swamp_driver.spec import CancelStage, CancelToken, StepEnd, StepIO
from swamp_driver_conformance import expect
from swamp_driver_conformance.harness import Bench, Done, Run, Sink
from swamp_driver_conformance.marks import clause
from swamp_driver_conformance.suite._alive import expect_dead
from swamp_driver_conformance.suite._shell import BEAT, LONG, QUIET, UNTIL
from swamp_driver_conformance.suite._steps import output_of

_SLACK_S = 2.0
_DEAF = "trap '' TERM HUP INT; "


def _ends(done: Done, end: StepEnd, what: str) -> None:
    expect.equal(done.result.end, end, f"the end of {what}")


def _within(done: Done, seconds: float, bench: Bench, what: str) -> None:
    limit_s = seconds + _SLACK_S + bench.overhead_s
    seen = f"{done.elapsed_s:.1f} s"
    expect.that(done.elapsed_s < limit_s, what, seen=seen, expected=f"less than {limit_s:.1f} s")


@clause("SWD-LIFE-007")
def test_time_out_ends_the_step(run: Run, bench: Bench) -> None:
    """A time-out that is late by minutes is none."""
    done = run.sh(LONG, timeout_s=0.4, grace_s=1.0)
    _ends(done, StepEnd.TIMED_OUT, "a step that is too slow")
    _within(done, 1.4, bench, "the time-out")


@clause("SWD-LIFE-007")
def test_step_within_its_time_is_left_alone(run: Run) -> None:
    """A time-out must not come early either."""
    done = run.sh(f"{UNTIL} nap; nap; nap; exit 3", timeout_s=20.0)
    seen = (done.result.end, done.result.exit_code)
    expect.equal(seen, (StepEnd.FAILED, 3), "a step that ends before its time-out")


@clause("SWD-LIFE-008")
def test_handler_of_term_can_finish(run: Run) -> None:
    """Programs save what they have."""
    save = "n=0; while [ $n -lt 8 ]; do n=$((n+1)); nap; done; : > saved; exit 3"
    done = run.sh(f"{UNTIL} trap '{save}' TERM\n{LONG}", timeout_s=0.3, grace_s=20.0)
    _ends(done, StepEnd.TIMED_OUT, "a step with a handler for TERM")
    expect.equal(done.result.exit_code, 3, "the exit code of its handler")
    expect.equal(run.sh("ls").text, "saved\n", "the file that its handler wrote")


@clause("SWD-LIFE-009")
def test_term_goes_to_the_whole_group(run: Run) -> None:
    """The program that could save its work is the child of a shell."""
    child = f"( trap ': > saved; exit 0' TERM; : > there; {LONG} )"
    script = f"{UNTIL} trap : TERM; {child} & until_there there; wait; wait; exit 0"
    done = run.sh(script, timeout_s=0.5, grace_s=5.0)
    _ends(done, StepEnd.TIMED_OUT, "the step")
    expect.that(
        "saved" in run.sh("ls").text.split(),
        "the handler of a child of the shell",
        seen="it did not run",
        expected="it wrote 'saved'",
    )


@clause("SWD-LIFE-010")
def test_deaf_program_is_killed_after_the_grace(run: Run, bench: Bench) -> None:
    """Else a time-out depends on the good will of the program."""
    done = run.sh(f"{_DEAF} {LONG}", timeout_s=0.3, grace_s=0.5)
    _ends(done, StepEnd.TIMED_OUT, "a step that ignores TERM")
    _within(done, 0.8, bench, "time-out and grace")


@clause("SWD-LIFE-011")
def test_stopped_program_ends_at_its_time_out(run: Run, bench: Bench) -> None:
    """A stopped process takes no TERM."""
    step = run.request(("/bin/sh", "-c", "kill -STOP $$; exit 0"), timeout_s=0.3)
    done = run.start(step).wait(12)
    _ends(done, StepEnd.TIMED_OUT, "a step that was stopped")
    _within(done, 0.6, bench, "time-out and grace")


@clause("SWD-LIFE-012")
@pytest.mark.parametrize("leader", ["deaf", "obedient"])
def test_nothing_survives_a_time_out(run: Run, bench: Bench, leader: str) -> None:
    """What ignores TERM is why it did not end."""
    deaf = _DEAF if leader == "deaf" else ""
    script = f"{BEAT} {UNTIL} ( {_DEAF} beat beat ) {QUIET} & {deaf} until_there beat; {LONG}"
    done = run.sh(script, timeout_s=0.5, grace_s=0.3)
    _ends(done, StepEnd.TIMED_OUT, "a step that is too slow")
    expect_dead(bench, run, beat="beat", what="a background process, after the time-out")


@clause("SWD-LIFE-013")
def test_graceful_cancel_sends_term(run: Run, bench: Bench) -> None:
    """It is what Ctrl-C means."""
    going = run.start_sh(f"{UNTIL} trap ': > saved; exit 3' TERM; echo ready; {LONG}", grace_s=20.0)
    going.saw("ready")
    going.io.cancel.cancel()
    began = time.monotonic()
    done = going.wait()
    took_s = time.monotonic() - began
    _ends(done, StepEnd.CANCELLED, "a cancelled step")
    expect.equal(run.sh("ls").text, "saved\n", "the file that its handler wrote")
    limit_s = _SLACK_S + bench.overhead_s
    expect.that(took_s < limit_s, "the cancel", seen=f"{took_s:.1f} s", expected=f"{limit_s:.1f} s")


@clause("SWD-LIFE-013")
def test_deaf_program_is_killed_after_a_graceful_cancel(run: Run, bench: Bench) -> None:
    """The grace is the longest that a cancel takes."""
    going = run.start_sh(f"{_DEAF} echo ready; {LONG}", grace_s=0.5)
    going.saw("ready")
    began = time.monotonic()
    going.io.cancel.cancel()
    done = going.wait()
    took_s = time.monotonic() - began
    _ends(done, StepEnd.CANCELLED, "a cancelled step that ignores TERM")
    limit_s = 0.5 + _SLACK_S + bench.overhead_s
    expect.that(took_s < limit_s, "the cancel", seen=f"{took_s:.1f} s", expected=f"{limit_s:.1f} s")


@clause("SWD-LIFE-014")
def test_cancel_now_kills_at_once(run: Run, bench: Bench) -> None:
    """It is what the second Ctrl-C means."""
    going = run.start_sh(f"{UNTIL} trap ': > saved' TERM; echo ready; {LONG}", grace_s=20.0)
    going.saw("ready")
    began = time.monotonic()
    going.io.cancel.cancel(CancelStage.NOW)
    done = going.wait()
    took_s = time.monotonic() - began
    _ends(done, StepEnd.CANCELLED, "a step that is cancelled now")
    expect.equal(run.sh("ls").text, "", "what its handler of TERM wrote")
    limit_s = _SLACK_S + bench.overhead_s
    expect.that(took_s < limit_s, "the kill", seen=f"{took_s:.1f} s", expected=f"{limit_s:.1f} s")


@clause("SWD-LIFE-015")
def test_stage_can_be_raised(run: Run, bench: Bench) -> None:
    """People press Ctrl-C twice because the first one takes too long."""
    going = run.start_sh(f"{UNTIL} {_DEAF} echo ready; {LONG}", grace_s=20.0)
    going.saw("ready")
    going.io.cancel.cancel()
    threading.Event().wait(0.2)
    began = time.monotonic()
    going.io.cancel.cancel(CancelStage.NOW)
    done = going.wait()
    took_s = time.monotonic() - began
    _ends(done, StepEnd.CANCELLED, "a step that is cancelled twice")
    limit_s = _SLACK_S + bench.overhead_s
    expect.that(took_s < limit_s, "the kill", seen=f"{took_s:.1f} s", expected=f"{limit_s:.1f} s")


@clause("SWD-LIFE-016")
@pytest.mark.parametrize("way", [StepEnd.TIMED_OUT, StepEnd.CANCELLED])
def test_forced_end_is_never_a_success(run: Run, way: StepEnd) -> None:
    """A cancelled deployment that is reported as done is the worst of all mistakes."""
    timeout_s = 0.4 if way is StepEnd.TIMED_OUT else None
    going = run.start_sh(
        f"trap 'exit 0' TERM; echo ready; {LONG}", timeout_s=timeout_s, grace_s=5.0
    )
    if way is StepEnd.CANCELLED:
        going.saw("ready")
        going.io.cancel.cancel()
    _ends(going.wait(), way, "a step that exits with 0 when it is ended")


@clause("SWD-LIFE-017")
@pytest.mark.parametrize("stage", [CancelStage.GRACEFUL, CancelStage.NOW])
def test_cancelled_step_is_not_started(run: Run, stage: CancelStage) -> None:
    """A run that was cancelled must not start anything more."""
    cancel = CancelToken()
    cancel.cancel(stage)
    step = run.request(("/bin/sh", "-c", ": > started"))
    done = run.start(step, StepIO(Sink().take, cancel=cancel)).wait()
    _ends(done, StepEnd.CANCELLED, "a step whose token was set before")
    expect.equal(run.sh("ls").text, "", "what the step wrote")


@clause("SWD-LIFE-018")
@pytest.mark.parametrize("stage", [CancelStage.GRACEFUL, CancelStage.NOW])
def test_cancel_touches_no_other_step(run: Run, stage: CancelStage) -> None:
    """In one container a kill by name or group hits its neighbours."""
    victim = run.start_sh(f"echo ready; {LONG}")
    other = run.start_sh(f"{UNTIL} echo ready; until_there go; echo went on; exit 4")
    victim.saw("ready")
    other.saw("ready")
    victim.io.cancel.cancel(stage)
    _ends(victim.wait(), StepEnd.CANCELLED, "the cancelled step")
    output_of(run, ": > go")
    done = other.wait()
    seen = (done.result.end, done.result.exit_code, done.text)
    expect.equal(seen, (StepEnd.FAILED, 4, "ready\nwent on\n"), "the step beside it")


@clause("SWD-LIFE-019")
def test_cancel_at_any_moment_ends_the_step(run: Run, bench: Bench) -> None:
    """Races around the start leave a process that nobody knows."""
    spread_s = max(0.06, 2 * bench.overhead_s)
    times = bench.count(most=30, least=8, budget_s=10)
    for number in range(times):
        going = run.start_sh(f"{BEAT} beat beat-{number}", timeout_s=6.0, grace_s=0.3)
        threading.Event().wait(spread_s * number / times)
        for _ in range(3):
            threading.Thread(target=going.io.cancel.cancel).start()
        done = going.wait()
        _ends(done, StepEnd.CANCELLED, "a step that is cancelled around its start")
    output_of(run, ": > beat; echo x > beat")
    expect_dead(bench, run, beat="beat", what="steps that were cancelled around their start")


@clause("SWD-LIFE-020")
def test_cancel_after_the_end_changes_nothing(run: Run) -> None:
    """The host cannot know that the step has just ended."""
    going = run.start_sh("echo done; exit 5")
    done = going.wait()
    try:
        for stage in (CancelStage.GRACEFUL, CancelStage.NOW):
            going.io.cancel.cancel(stage)
    except Exception as error:  # noqa: BLE001 - whatever it raises is wrong
        expect.deviates("a cancel after the end", seen=error, expected="nothing is raised")
    seen = (done.result.end, done.result.exit_code)
    expect.equal(seen, (StepEnd.FAILED, 5), "the result")
    expect.equal(run.sh("echo next").text, "next\n", "the next step")
