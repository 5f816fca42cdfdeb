"""Running a step without the agent: a process group, an environment tag, and a search."""

from __future__ import annotations

import math
import signal
import time

import attrs

from swamp_driver.rundir import collect_exchange, make_exchange, remove_exchange
from swamp_driver.spec import (
    CancelStage,
    CancelToken,
    StepEnd,
    StepIO,
    StepRequest,
    StepResult,
    WorkspaceRequest,
)
from swamp_driver_raw._exit_watch import exit_watched
from swamp_driver_raw._program import Exit, Program, start_program
from swamp_driver_raw._wake import Waiter

DRAIN_S = 2.0
"""How long the output may be held open by a process that could not be found."""


def run_step_portably(request: WorkspaceRequest, step: StepRequest, io: StepIO) -> StepResult:
    """Run a step as `DriverHooks.run_step` says, but for complete containment."""
    if io.cancel.cancelled:
        return StepResult(end=StepEnd.CANCELLED, started_at=time.time(), duration_s=0.0)
    make_exchange(request, step)
    try:
        result = _run_program(step, io)
        collected = collect_exchange(request, step)
    finally:
        left = remove_exchange(request, step)
    return attrs.evolve(
        result,
        collected=collected.files,
        collect_problems=collected.problems,
        detail="; ".join(filter(None, (result.detail, *left))),
    )


def _run_program(step: StepRequest, io: StepIO) -> StepResult:
    program = start_program(step, io)
    try:
        with exit_watched(program.pid) as exit_fd:
            decided = _supervise(program, step, io.cancel, exit_fd)
    except BaseException:
        program.kill()
        program.close(drain_s=DRAIN_S)
        raise
    duration_s = time.monotonic() - program.started
    ended = program.close(drain_s=DRAIN_S)
    end = _name_end(decided, ended)
    return StepResult(
        end=end,
        exit_code=ended.exit_code,
        signal=ended.signal,
        started_at=program.started_at,
        duration_s=duration_s,
        usage=ended.usage,
        detail=_describe(end, ended, step),
    )


def _supervise(
    program: Program, step: StepRequest, cancel: CancelToken, exit_fd: int
) -> StepEnd | None:
    """Wait until the leader has exited, ending it where that is due; return why it was ended."""
    decided: StepEnd | None = None
    due = math.inf if step.timeout_s is None else program.started + step.timeout_s
    waiter = Waiter(exit_fd)
    unsubscribe = cancel.on_change(waiter.wake)
    try:
        while not waiter.wait(until=due):
            now, stage = time.monotonic(), cancel.stage
            if decided is None and (stage or now >= due):
                decided = StepEnd.CANCELLED if stage else StepEnd.TIMED_OUT
                due = now + step.grace_s
                if stage is not CancelStage.NOW and step.grace_s > 0:
                    program.terminate()
            if decided is not None and (stage is CancelStage.NOW or now >= due):
                program.kill()
                due = math.inf
    finally:
        unsubscribe()
        waiter.close()
    return decided


def _name_end(decided: StepEnd | None, ended: Exit) -> StepEnd:
    if ended.exit_code is None:
        return StepEnd.LOST
    if decided is not None:
        return decided
    if ended.signal is not None:
        return StepEnd.SIGNALLED
    return StepEnd.FAILED if ended.exit_code else StepEnd.SUCCEEDED


def _describe(end: StepEnd, ended: Exit, step: StepRequest) -> str:
    parts = []
    if end is StepEnd.TIMED_OUT:
        parts.append(f"it had not ended after {step.timeout_s:g} s")
    if end is StepEnd.SIGNALLED and ended.signal is not None:
        parts.append(f"killed by signal {_signal_name(ended.signal)}")
    if end is StepEnd.LOST:
        parts.append("this process reaps all children at once, so the exit status was lost")
    if not ended.is_complete:
        parts.append("a process that it started may still run")
    return "; ".join(parts)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
