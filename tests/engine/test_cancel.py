"""Stopping one of many steps in one container: all of it, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from swamp_driver.spec import CancelStage, StepEnd
from tests.drivers.harness import OpenRun, StepRun, new_token, processes_with, wait_until
from tests.engine.place import DEBIAN, MODES, opened

pytestmark = pytest.mark.engine

ESCAPES = {
    "background": "sleep {s} & sleep {s}",
    "setsid": "setsid sleep {s} & sleep {s}",
    "nohup": "nohup sleep {s} >/dev/null 2>&1 & sleep {s}",
    "double fork": "(setsid sh -c 'setsid sleep {s} & exit' &) ; sleep {s}",
    "empty environment": "env -i setsid sleep {s} & sleep {s}",
    "ignores TERM": "trap '' TERM; setsid sh -c 'trap \"\" TERM HUP INT; sleep {s}; sleep {s}' & "
    "while true; do sleep {s}; done",
    "stopped": "sh -c 'kill -STOP $$; sleep {s}' & sleep {s}",
}


def others(run: OpenRun, count: int) -> list[StepRun]:
    """Start steps that go on until they are told, and wait until all of them run."""
    steps = [
        run.start_sh("echo up; while [ ! -e go ]; do sleep 0.02; done; echo done")
        for _ in range(count)
    ]
    for step in steps:
        step.wait_for_output(b"up")
    return steps


@pytest.mark.parametrize("how", ["time-out", "cancel", "cancel now"])
@pytest.mark.parametrize("escape", sorted(ESCAPES))
def test_one_of_eight_steps_ends_alone_and_whole(tmp_path: Path, escape: str, how: str) -> None:
    """In a shared container a kill must find all of the step, and none of its neighbours."""
    # The number of seconds is how its processes are known, wherever they hide.
    seconds = str(int(new_token()[3:10], 16) + 10**6)
    with opened(tmp_path, {"image": DEBIAN, "mode": "session"}) as run:
        seven = others(run, 7)
        limit = 0.5 if how == "time-out" else None
        script = "echo up;" + ESCAPES[escape].format(s=seconds)
        victim = run.start_sh(script, timeout_s=limit, grace_s=0.3)
        victim.wait_for_output(b"up")
        if how == "cancel":
            wait_until(lambda: processes_with(seconds), "its processes are there")
            victim.cancel.cancel()
        elif how == "cancel now":
            wait_until(lambda: processes_with(seconds), "its processes are there")
            victim.cancel.cancel(CancelStage.NOW)
        expected = StepEnd.TIMED_OUT if how == "time-out" else StepEnd.CANCELLED
        assert victim.result.end is expected
        assert processes_with(seconds) == []
        assert not any(step.is_over for step in seven)
        (run.path / "go").touch()
        assert [step.result.end for step in seven] == [StepEnd.SUCCEEDED] * 7
        assert {step.text for step in seven} == {"up\ndone"}


@pytest.mark.parametrize("mode", MODES)
def test_a_step_that_is_cancelled_before_its_start_does_not_start(
    tmp_path: Path, mode: str
) -> None:
    """Nothing of it may run, and the next step runs as if it had not been there."""
    with opened(tmp_path, {"mode": mode}) as run:
        step = run.request("/bin/touch", "ran")
        started = run.call(step, cancel=_cancelled())
        assert started.result.end is StepEnd.CANCELLED
        assert not (run.path / "ran").exists()
        assert run.sh("true").result.end is StepEnd.SUCCEEDED


def _cancelled() -> object:
    from swamp_driver.spec import CancelToken

    token = CancelToken()
    token.cancel()
    return token


@pytest.mark.parametrize("mode", MODES)
def test_what_a_step_leaves_running_ends_with_it(tmp_path: Path, mode: str) -> None:
    """When `run_step` returns, nothing of it may go on to write into the workspace."""
    seconds = str(int(new_token()[3:10], 16) + 10**6)
    with opened(tmp_path, {"mode": mode}) as run:
        step = run.sh(f"setsid sleep {seconds} & nohup sleep {seconds} & echo hi")
        assert step.result.end is StepEnd.SUCCEEDED
        assert processes_with(seconds) == []
