"""A step of the driver that is judged: what it writes, and how it ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import attrs

from swamp_driver.errors import DriverError
from swamp_driver.spec import StepIO, StepRequest, StepResult, Stream
from swamp_driver_conformance._calls import Call
from swamp_driver_conformance._journal import Journal
from swamp_driver_conformance.expect import deviates

STEP_S = 30.0
"""How long a step of the suite may take, beyond its own time-out and grace."""


@attrs.frozen(kw_only=True)
class Done:
    """A step that has ended, and what it wrote."""

    result: StepResult
    stdout: bytes
    stderr: bytes
    elapsed_s: float
    """How long the call of `run_step` took."""

    @property
    def text(self) -> str:
        """Return what it wrote to standard output, for comparing."""
        return self.stdout.decode(errors="backslashreplace")


class Sink:
    """Takes the output of a step, and lets others wait for it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._parts: dict[Stream, list[bytes]] = {"stdout": [], "stderr": []}
        self.is_closed = False
        self.late: list[bytes] = []
        """What came after `run_step` had returned."""

    def take(self, stream: Stream, data: bytes) -> None:
        """Keep a piece of output."""
        with self._changed:
            if self.is_closed:
                self.late.append(bytes(data))
            else:
                self._parts[stream].append(bytes(data))
            self._changed.notify_all()

    def of(self, stream: Stream) -> bytes:
        """Return all that came on a stream so far."""
        with self._changed:
            return b"".join(self._parts[stream])

    def wait_for(self, text: bytes, deadline_s: float) -> bool:
        """Block until `text` has come on standard output; False where it has not in time."""
        with self._changed:
            return self._changed.wait_for(
                lambda: text in b"".join(self._parts["stdout"]), deadline_s
            )

    def close(self) -> None:
        """Count everything from now on as late."""
        with self._changed:
            self.is_closed = True


class Going:
    """A step that runs in another thread."""

    def __init__(
        self,
        step: StepRequest,
        io: StepIO,
        *,
        sink: Sink,
        journal: Journal,
        run_step: Callable[[StepRequest, StepIO], StepResult],
    ) -> None:
        self._step, self._sink, self.io = step, sink, io
        self._journal = journal
        self._run_step = run_step
        self._began = time.monotonic()
        self._elapsed_s = 0.0
        self._call = Call(f"run_step '{step.step_id}'", self._invoke)

    def _invoke(self) -> StepResult:
        try:
            return self._run_step(self._step, self.io)
        finally:
            self._elapsed_s = time.monotonic() - self._began
            self._sink.close()

    @property
    def is_done(self) -> bool:
        """Return whether `run_step` has returned or raised."""
        return self._call.is_done

    def saw(self, text: str, *, deadline_s: float = STEP_S) -> None:
        """Wait until the step has written `text`; fail where it does not."""
        if not self._sink.wait_for(text.encode(), deadline_s):
            deviates(
                f"step '{self._step.step_id}' wrote something that did not arrive",
                seen=self._sink.of("stdout"),
                expected=f"{text!r} within {deadline_s:g} s",
            )

    def wait(self, deadline_s: float | None = None) -> Done:
        """Return how the step ended, raise what `run_step` raised; fail where it hangs."""
        step = self._step
        if deadline_s is None:
            deadline_s = STEP_S + (step.timeout_s or 0) + min(step.grace_s, STEP_S)
        try:
            result = self._call.wait(deadline_s)
        except DriverError as error:
            self._journal.note(f"step '{step.step_id}' raised {type(error).__name__}: {error}")
            raise
        if not isinstance(result, StepResult):
            deviates("run_step returned no StepResult", seen=result, expected="a StepResult")
        done = Done(
            result=result,
            stdout=self._sink.of("stdout"),
            stderr=self._sink.of("stderr"),
            elapsed_s=self._elapsed_s,
        )
        self._journal.note(self._outcome_line(done))
        return done

    def _outcome_line(self, done: Done) -> str:
        result = done.result
        stdout, stderr = (
            repr(self._journal.shorten(data.decode(errors="backslashreplace"), width))
            for data, width in ((done.stdout, 60), (done.stderr, 80))
        )
        return (
            f"step '{self._step.step_id}' {result.end} (exit code {result.exit_code}) in "
            f"{done.elapsed_s:.2f} s, stdout {stdout}, stderr {stderr}"
            + (f", {result.detail}" if result.detail else "")
        )

    @property
    def late_output(self) -> list[bytes]:
        """Return what the driver passed on after `run_step` had returned."""
        return self._sink.late
