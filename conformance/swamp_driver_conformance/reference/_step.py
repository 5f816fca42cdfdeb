"""One step as a process of this host."""

from __future__ import annotations

import functools
import os
import resource
import secrets
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from swamp_driver.errors import WorkspaceError
from swamp_driver.spec import (
    CancelStage,
    RunContext,
    StepEnd,
    StepIO,
    StepRequest,
    StepResult,
    Usage,
)
from swamp_driver_conformance.reference._exchange import Exchange
from swamp_driver_conformance.reference._output import OutputPump
from swamp_driver_conformance.reference._start_errors import explain
from swamp_driver_conformance.reference._strays import TAG, kill_group, kill_strays, pids

_LOOK_S = 0.004
_DRAIN_S = 1.0
_INHERITED = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)


def _restore(numbers: Sequence[signal.Signals]) -> None:
    """Give signals that the caller ignores their default effect."""
    for number in numbers:
        signal.signal(number, signal.SIG_DFL)


class StepRun:
    """One call of `run_step`. Its methods are what can be done wrong: the mutants override them."""

    exchange_class: type[Exchange] = Exchange
    pump_class: type[OutputPump] = OutputPump

    def __init__(self, run: RunContext, step: StepRequest, io: StepIO) -> None:
        self.run = run
        self.step = step
        self.io = io
        self.tag = secrets.token_hex(12)
        self.exchange = self.exchange_class(run.workspace, step)
        self.pid = 0
        self.older: frozenset[int] = frozenset()
        self.began = 0.0

    def execute(self) -> StepResult:
        """Do all that `run_step` does."""
        if self.is_cancelled_before():
            return StepResult(end=StepEnd.CANCELLED, started_at=time.time(), duration_s=0.0)
        try:
            self.make_exchange()
            result = self.supervise()
            files, problems = self.collect(result)
        finally:
            self.remove_exchange()
        return attrs.evolve(result, collected=files, collect_problems=problems)

    def is_cancelled_before(self) -> bool:
        """Return whether the step is not to be started at all."""
        return self.io.cancel.cancelled

    def make_exchange(self) -> None:
        """Make the exchange directory."""
        try:
            self.exchange.make()
        except OSError as error:
            reason = str(error.strerror).lower()
            raise WorkspaceError(f"'{self.step.exchange}' cannot be made: {reason}") from error

    def remove_exchange(self) -> None:
        """Remove the exchange directory."""
        self.exchange.remove()

    def collect(self, result: StepResult) -> tuple[dict[str, bytes], dict[str, str]]:
        """Read what the step wants read."""
        del result
        return self.exchange.collect()

    def environment(self) -> Mapping[str, str]:
        """Return the environment of the program."""
        path = os.environ.get("PATH", os.defpath)
        return {"PATH": path, **self.step.env, TAG: self.tag}

    def argv(self) -> tuple[str, ...]:
        """Return the program and its arguments."""
        return self.step.argv

    def options(self) -> dict[str, Any]:
        """Return how the program is started: more arguments of `Popen`."""
        ignored = [one for one in _INHERITED if signal.getsignal(one) is signal.SIG_IGN]
        return {
            "cwd": self.step.cwd,
            "stdin": subprocess.DEVNULL,
            "start_new_session": True,
            "umask": 0o022,
            # A function between fork and exec is risky among threads: only where there is need.
            "preexec_fn": functools.partial(_restore, ignored) if ignored else None,
        }

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start the program."""
        env = self.environment()
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        try:
            return subprocess.Popen(self.argv(), env=env, **{**pipes, **self.options()})
        except (OSError, ValueError) as error:
            raise self.start_error(env, error) from error

    def start_error(self, env: Mapping[str, str], error: Exception) -> Exception:
        """Return what to raise where the program could not be started."""
        return explain(self.step, env, error)

    def supervise(self) -> StepResult:
        """Start the program, see it end, end everything else of it, and say how it was."""
        self.older = frozenset(pids())
        process = self.spawn()
        self.pid = process.pid
        started_at, self.began = time.time(), time.monotonic()
        pumps = self.start_pumps(process)
        decided = self.wait_for_end()
        duration_s = time.monotonic() - self.began
        self.end_rest(decided)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        for pump in pumps:
            pump.finish(drain_s=_DRAIN_S)
        return self.result(process.returncode, decided, started_at, duration_s, used)

    def start_pumps(self, process: subprocess.Popen[bytes]) -> list[OutputPump]:
        """Start to read what the program writes."""
        pumps = []
        if process.stdout is not None:
            pumps.append(self.pump_class(self.io, "stdout", process.stdout))
        if process.stderr is not None:
            pumps.append(self.pump_class(self.io, "stderr", process.stderr))
        return pumps

    def wait_for_end(self) -> StepEnd | None:
        """Wait until the leader has ended, and end it where that is due; return why it was."""
        decided: StepEnd | None = None
        kill_at: float | None = None
        while not self.has_ended():
            now, stage = time.monotonic(), self.stage()
            if decided is None and (stage or self.is_late(now)):
                decided = StepEnd.CANCELLED if stage else StepEnd.TIMED_OUT
                kill_at = now + self.step.grace_s
                if stage is not CancelStage.NOW:
                    self.terminate()
            if decided is not None and self.must_kill(stage, now, kill_at or now):
                kill_group(self.pid, signal.SIGKILL)
            time.sleep(_LOOK_S)
        return decided

    def has_ended(self) -> bool:
        """Return whether the leader has ended. It stays unreaped: its number names its group."""
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.pid, flags) is not None

    def stage(self) -> CancelStage:
        """Return how far the step is cancelled."""
        return self.io.cancel.stage

    def is_late(self, now: float) -> bool:
        """Return whether the time of the step is over."""
        return self.step.timeout_s is not None and now - self.began >= self.step.timeout_s

    def must_kill(self, stage: CancelStage, now: float, kill_at: float) -> bool:
        """Return whether it is time for KILL."""
        return stage is CancelStage.NOW or now >= kill_at

    def terminate(self) -> None:
        """Ask the step to end."""
        kill_group(self.pid, signal.SIGTERM)

    def end_rest(self, decided: StepEnd | None) -> None:
        """Kill all that is left of the step."""
        del decided
        kill_group(self.pid, signal.SIGKILL)
        kill_strays(self.pid, self.tag, older=self.older)

    def end(self, code: int, decided: StepEnd | None) -> StepEnd:
        """Return the word for how the step ended."""
        if decided is not None:
            return decided
        if code < 0:
            return StepEnd.SIGNALLED
        return StepEnd.FAILED if code else StepEnd.SUCCEEDED

    def result(
        self,
        code: int,
        decided: StepEnd | None,
        started_at: float,
        duration_s: float,
        used: resource.struct_rusage,
    ) -> StepResult:
        """Return how the step ended; `code` is that of `Popen`."""
        return StepResult(
            end=self.end(code, decided),
            exit_code=code if code >= 0 else 128 - code,
            signal=-code if code < 0 else None,
            started_at=started_at,
            duration_s=duration_s,
            usage=Usage(cpu_s=used.ru_utime + used.ru_stime),
        )
