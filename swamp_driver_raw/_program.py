"""One program of a step as a process with a session of its own."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping

import attrs

from swamp_driver.spec import StepIO, StepRequest, Usage
from swamp_driver_raw._output import OutputPump
from swamp_driver_raw._start_errors import explain_start_error
from swamp_driver_raw._strays import TAG_VARIABLE, StrayHunt

_RSS_UNIT_BYTES = 1 if sys.platform == "darwin" else 1024
_UMASK = 0o022


@attrs.frozen(kw_only=True)
class Exit:
    """How the leader ended, and whether the rest of the step ended with it."""

    exit_code: int | None
    """128 + n where signal n killed it; None where someone else took the status away."""
    signal: int | None
    usage: Usage
    is_complete: bool
    """Every process that was found is dead, and no other one held the output open."""


class Program:
    """A program that was started; one thread uses it.

    Its leader is not reaped before `close`, so until then its number names its group and session.
    """

    def __init__(self, process: subprocess.Popen[bytes], hunt: StrayHunt, pump: OutputPump) -> None:
        self._process = process
        self._hunt = hunt
        self._pump = pump
        self.pid = process.pid
        self.started_at = time.time()
        self.started = time.monotonic()

    def terminate(self) -> None:
        """Ask the group to end, and remember who belongs to it while that can be seen."""
        self._hunt.note_descendants(self.pid)
        self._signal_group(signal.SIGTERM)
        self._signal_group(signal.SIGCONT)  # A stopped process acts on nothing but KILL.

    def kill(self) -> None:
        """Kill the group, the leader among it, and everything below it."""
        self._hunt.note_descendants(self.pid)
        self._signal_group(signal.SIGKILL)

    def close(self, *, drain_s: float) -> Exit:
        """End what is left of the step, deliver its output and reap the leader; called once.

        The leader has exited, or was killed.
        """
        self._signal_group(signal.SIGKILL)
        remaining = self._hunt.kill_all(self.pid)
        status, usage = self._reap()
        at_end = self._pump.finish(drain_s=drain_s)
        number = -status if status is not None and status < 0 else None
        return Exit(
            exit_code=status if number is None else 128 + number,
            signal=number,
            usage=usage,
            is_complete=at_end and not remaining,
        )

    def _reap(self) -> tuple[int | None, Usage]:
        try:
            _, status, used = os.wait4(self.pid, 0)
        except ChildProcessError:
            self._process.returncode = 0
            return None, Usage()
        code = os.waitstatus_to_exitcode(status)
        self._process.returncode = code  # Else Popen warns that it still runs.
        return code, _usage(used)

    def _signal_group(self, number: signal.Signals) -> None:
        # macOS: EPERM where only the leader is left, and that as a zombie.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


def start_program(step: StepRequest, io: StepIO) -> Program:
    """Start a step's program and the reading of its output.

    Raises:
        StepStartError: it could not be started.
        UnavailableError: this machine is short of what starting a program takes.
    """
    hunt = StrayHunt()
    base = {"PATH": os.environ.get("PATH", os.defpath)}
    env = {**base, **step.env, TAG_VARIABLE: hunt.tag}
    pump = None
    try:
        pump = OutputPump.open(io)
        process = _popen(step, env, pump)
    except (OSError, ValueError, RuntimeError) as error:
        if pump is not None:
            pump.close_write_ends()
            pump.finish(drain_s=0)
        raise explain_start_error(step, env, error) from error
    pump.close_write_ends()
    return Program(process, hunt, pump)


def _popen(step: StepRequest, env: Mapping[str, str], pump: OutputPump) -> subprocess.Popen[bytes]:
    if not step.argv:
        raise ValueError("there is no program")
    # No preexec_fn: it may deadlock in a process with threads, and it rules vfork out.
    return subprocess.Popen(
        step.argv,
        env=env,
        cwd=step.cwd,
        stdin=subprocess.DEVNULL,
        stdout=pump.write_ends["stdout"],
        stderr=pump.write_ends["stderr"],
        start_new_session=True,
        umask=_UMASK,
    )


def _usage(used: resource.struct_rusage) -> Usage:
    # The kernel counts what the forking process had in memory as the child's: a peak below our own
    # says nothing about the step.
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak = used.ru_maxrss * _RSS_UNIT_BYTES if used.ru_maxrss > own else None
    return Usage(cpu_s=used.ru_utime + used.ru_stime, max_rss_bytes=peak)
