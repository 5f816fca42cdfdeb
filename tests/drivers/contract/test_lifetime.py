"""Nothing of a step outlives it, and nothing but it is ended with it (SWD-LIFE)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from swamp_driver.spec import CancelStage, CancelToken, StepEnd
from tests.drivers.harness import OpenRun, new_token, processes_with, wait_until

WRITER = 'trap "" TERM HUP INT; while :; do echo x >> "$0"; sleep 0.05; done'
"""A process that nothing but KILL ends, with its file (and so a token) in its arguments."""

ESCAPES = {
    "background": "/bin/sh -c '{writer}' {file} &",
    "subshell": "( ( /bin/sh -c '{writer}' {file} & ) & )",
    "nohup": "nohup /bin/sh -c '{writer}' {file} > /dev/null 2>&1 &",
    "setsid": "setsid /bin/sh -c '{writer}' {file} > /dev/null 2>&1 < /dev/null &",
    "double-fork-setsid": "( setsid /bin/sh -c '{writer}' {file} > /dev/null 2>&1 & ) &",
    "own-group": "set -m; /bin/sh -c '{writer}' {file} > /dev/null 2>&1 &",
    "env-i": "env -i /bin/sh -c '{writer}' {file} > /dev/null 2>&1 &",
    "env-i-setsid": "( env -i setsid /bin/sh -c '{writer}' {file} > /dev/null 2>&1 & ) &",
}
NEEDS_CONTAINMENT = {"env-i-setsid"}


def escape(run: OpenRun, trick: str) -> tuple[str, str]:
    """Return a command that leaves a process behind, and the token to find it by."""
    if trick in NEEDS_CONTAINMENT and not run.case.is_contained:
        pytest.skip(f"{run.case.name} does not declare containment")
    token = new_token()
    return ESCAPES[trick].format(writer=WRITER, file=f"./{token}"), token


def wait_for(token: str) -> str:
    """Return a script that waits until the process that writes `token` is at work."""
    return f"while test ! -s ./{token}; do sleep 0.01; done; echo ready"


@pytest.mark.parametrize("trick", ESCAPES)
def test_what_a_step_leaves_running_is_gone_when_it_has_ended(
    shared_run: OpenRun, trick: str
) -> None:
    """And nothing is written to the workspace any more (SWD-LIFE)."""
    command, token = escape(shared_run, trick)
    step = shared_run.sh(f"{command}\n{wait_for(token)}")
    assert processes_with(token) == []
    assert (step.result.end, step.text) == (StepEnd.SUCCEEDED, "ready")
    size = (shared_run.path / token).stat().st_size
    time.sleep(0.15)  # longer than the writer waits: that nothing comes has no event
    assert (shared_run.path / token).stat().st_size == size


def test_what_a_step_started_is_gone_after_a_time_out(shared_run: OpenRun) -> None:
    """With every trick at once, while its leader waits (SWD-LIFE)."""
    tricks = [t for t in ESCAPES if shared_run.case.is_contained or t not in NEEDS_CONTAINMENT]
    made = {trick: escape(shared_run, trick) for trick in tricks}
    script = "\n".join(f"{command}\n{wait_for(token)}" for command, token in made.values())
    step = shared_run.sh(f"{script}\necho all; sleep 600", timeout_s=3, grace_s=0.3)
    escaped = [trick for trick, (_, token) in made.items() if processes_with(token)]
    assert escaped == []
    assert step.result.end is StepEnd.TIMED_OUT
    assert step.text.endswith("all")


@pytest.mark.parametrize("stage", [CancelStage.GRACEFUL, CancelStage.NOW])
def test_what_a_step_started_is_gone_after_a_cancel(
    shared_run: OpenRun, stage: CancelStage
) -> None:
    """At both stages."""
    command, token = escape(shared_run, "setsid")
    step = shared_run.start_sh(f"{command}\n{wait_for(token)}\nsleep 600", grace_s=0.3)
    step.wait_for_output(b"ready")
    step.cancel.cancel(stage)
    assert step.result.end is StepEnd.CANCELLED
    assert processes_with(token) == []


def test_a_child_that_holds_the_output_does_not_delay_the_end(shared_run: OpenRun) -> None:
    """It is killed, and with it goes what it held (SWD-LIFE)."""
    step = shared_run.sh("sleep 600 & echo hi")
    assert step.text == "hi"
    assert step.elapsed_s < 10


def test_output_of_a_child_until_its_end_is_delivered(shared_run: OpenRun) -> None:
    """What had been written when the leader ended is not lost with the writer."""
    token = new_token()
    step = shared_run.sh(
        f"( echo from-child; touch {token}; exec sleep 600 ) &\n"
        f"while test ! -e {token}; do sleep 0.01; done"
    )
    assert step.text == "from-child"


def test_a_time_out_is_told_as_such_and_in_time(shared_run: OpenRun) -> None:
    """After the limit, TERM, the grace period and KILL; not much later (SWD-LIFE)."""
    step = shared_run.sh("trap '' TERM; echo up; sleep 600; sleep 600", timeout_s=0.5, grace_s=0.5)
    result = step.result
    assert (result.end, result.exit_code, result.signal) == (StepEnd.TIMED_OUT, 137, 9)
    assert 1.0 <= result.duration_s < 10
    assert step.elapsed_s < result.duration_s + 10


def test_a_step_without_a_limit_is_not_timed_out(shared_run: OpenRun) -> None:
    """No limit is no limit."""
    assert shared_run.sh("sleep 0.3", timeout_s=None).result.end is StepEnd.SUCCEEDED


def test_a_handler_for_term_has_its_time(shared_run: OpenRun) -> None:
    """What it says and writes is kept, and its exit code is told; it is a time-out all the same."""
    step = shared_run.sh(
        "trap 'echo bye; echo a=b > $SWAMP_EXCHANGE/output; exit 0' TERM\n"
        "echo ready; while :; do sleep 0.02; done",
        timeout_s=0.5,
        grace_s=30,
    )
    assert (step.result.end, step.result.exit_code) == (StepEnd.TIMED_OUT, 0)
    assert step.text.split() == ["ready", "bye"]
    assert step.result.collected == {"output": b"a=b\n"}
    assert step.elapsed_s < 20


def test_term_goes_to_the_whole_group(shared_run: OpenRun) -> None:
    """A shell acts on TERM only when the program that it waits for has ended."""
    step = shared_run.start_sh(
        "trap 'echo leader; exit 0' TERM\n"
        "/bin/sh -c 'trap \"echo child; exit 0\" TERM; echo ready; while :; do sleep 0.02; done'\n"
        "sleep 600",
        grace_s=60,
    )
    step.wait_for_output(b"ready")
    step.cancel.cancel()
    assert step.result.end is StepEnd.CANCELLED
    assert step.text.split() == ["ready", "child", "leader"]


def test_cancel_now_does_not_wait_for_the_grace_period(shared_run: OpenRun) -> None:
    """It is what a second Ctrl-C asks for."""
    step = shared_run.start_sh("trap '' TERM; echo ready; sleep 600; sleep 600", grace_s=300)
    step.wait_for_output(b"ready")
    step.cancel.cancel(CancelStage.GRACEFUL)
    assert not step.is_over
    step.cancel.cancel(CancelStage.NOW)
    assert (step.result.end, step.result.signal) == (StepEnd.CANCELLED, 9)


def test_a_step_that_is_cancelled_before_it_starts_is_not_started(shared_run: OpenRun) -> None:
    """The result says so; there was nothing to run (SWD-LIFE)."""
    token = CancelToken()
    token.cancel()
    step = shared_run.sh("touch ran", cancel=token)
    assert (step.result.end, step.result.exit_code) == (StepEnd.CANCELLED, None)
    assert not (shared_run.path / "ran").exists()
    assert list((shared_run.run_dir / "exchange").iterdir()) == []


def test_a_cancelled_step_is_never_a_success(shared_run: OpenRun) -> None:
    """Also where its leader then ends with 0 (SWD-LIFE)."""
    step = shared_run.start_sh("trap 'exit 0' TERM; echo ready; while :; do sleep 0.02; done")
    step.wait_for_output(b"ready")
    step.cancel.cancel()
    assert (step.result.end, step.result.exit_code) == (StepEnd.CANCELLED, 0)


def test_a_cancel_after_the_end_changes_nothing(shared_run: OpenRun) -> None:
    """The number of the process may belong to another by then."""
    step = shared_run.sh("exit 0")
    assert step.result.end is StepEnd.SUCCEEDED
    for stage in (CancelStage.GRACEFUL, CancelStage.NOW):
        step.cancel.cancel(stage)
    assert shared_run.sh("echo fine").text == "fine"


def test_cancels_from_many_threads_at_any_time_do_no_harm(shared_run: OpenRun) -> None:
    """Before, during and after the start, during the end (SWD-LIFE)."""
    count = 30 if shared_run.case.is_quick else 6
    for number in range(count):
        step = shared_run.start_sh("echo hi; sleep 0.01", grace_s=0.2)
        time.sleep(number * 0.0007)
        threads = [
            threading.Thread(target=step.cancel.cancel, args=(stage,))
            for stage in (CancelStage.GRACEFUL, CancelStage.NOW, CancelStage.NOW)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert step.result.end in (StepEnd.CANCELLED, StepEnd.SUCCEEDED)


def test_the_end_of_one_step_leaves_the_others_alone(open_run: Callable[..., OpenRun]) -> None:
    """Time-out and cancel of one of several side by side, also in one container (SWD-LIFE)."""
    run = open_run(run={"concurrency": 6, "expected_steps": 6})
    token = new_token()
    script = (
        f"setsid /bin/sh -c 'while :; do sleep 0.1; done' {token} > /dev/null 2>&1 &\n"
        f"echo ready; while test ! -e {token}; do sleep 0.02; done; echo done"
    )
    others = [run.start_sh(script) for _ in range(3)]
    doomed = run.start_sh("trap '' TERM; echo ready; sleep 600; sleep 600", grace_s=0.2)
    for step in (*others, doomed):
        step.wait_for_output(b"ready")
    doomed.cancel.cancel()
    timed = run.sh("sleep 600", timeout_s=0.2, grace_s=0.2)
    assert (doomed.result.end, timed.result.end) == (StepEnd.CANCELLED, StepEnd.TIMED_OUT)
    assert run.sh("exit 0").result.end is StepEnd.SUCCEEDED
    assert not any(step.is_over for step in others)
    (run.path / token).touch()
    assert [(step.text.split(), step.result.end) for step in others] == [
        (["ready", "done"], StepEnd.SUCCEEDED)
    ] * 3
    assert processes_with(token) == []


def test_a_stopped_step_can_be_ended(shared_run: OpenRun) -> None:
    """A process that is stopped acts on no TERM before it is continued; no success comes of it."""
    step = shared_run.execute("/bin/sh", "-c", "kill -STOP $$", timeout_s=0.5, grace_s=0.5)
    assert step.result.end is StepEnd.TIMED_OUT
    assert step.result.signal in (9, 15)


def test_a_storm_of_forks_ends_with_its_step(shared_run: OpenRun) -> None:
    """Processes that make new ones all the time are caught up with."""
    token = new_token()
    storm = '"$0" -c "$1" "$0" "$1" & sleep 0.05; "$0" -c "$1" "$0" "$1" &'
    step = shared_run.start(
        "/bin/sh",
        "-c",
        f"( /bin/sh -c '{storm}' /bin/sh ': {token}; sleep 0.2; {storm}' ) & sleep 0.5; exit 3",
    )
    assert step.result.exit_code == 3
    wait_until(lambda: processes_with(token) == [], "the storm goes on")
