"""One background step while it lives: what its thread and the coordinator know of it."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator

from swamp_driver.errors import SwampDriverError
from swamp_driver.host._bindings import OpenedBinding
from swamp_driver.host._log_match import LogMatch
from swamp_driver.host._readiness import NotReadyError, Readiness
from swamp_driver.host._tail import Tail
from swamp_driver.spec import CancelToken, StepEnd, StepRequest, StepResult, StepStatus, Stream
from swamp_driver.workflow import BoundStep


class Service:
    """A background step from its start to its end.

    `stop` may be called from any thread; the rest belongs to the thread that runs the step.
    """

    def __init__(
        self, bound: BoundStep, run_cancel: CancelToken, on_ready: Callable[[], None]
    ) -> None:
        assert bound.service is not None
        self.cancel = run_cancel.child()
        """The token of the step."""
        self._run_cancel = run_cancel
        self._bound = bound
        self._until = bound.service.until
        self._ready_when = bound.service.ready_when
        self._on_ready = on_ready
        self._is_ready = False
        self._is_stopped = False
        self._failure: str | None = None
        self._shown = Tail()
        pattern = self._ready_when.log if self._ready_when else None
        self._log = LogMatch(pattern or "")

    def stop(self) -> None:
        """End it, since nothing needs it any more: TERM, its grace period, KILL."""
        if not self._run_cancel.cancelled:
            self._is_stopped = True
        self.cancel.cancel()

    def see(self, stream: Stream, data: bytes) -> None:
        """Look at a piece of its output, as it came."""
        if self._ready_when is not None and self._ready_when.log is not None:
            self._log.feed(stream, data)

    def show(self, data: bytes) -> None:
        """Take a piece of its output, secrets masked, for messages."""
        self._shown.feed(data)

    @contextlib.contextmanager
    def watched(self, opened: OpenedBinding, request: StepRequest) -> Iterator[None]:
        """Watch for its readiness while it is run.

        Raises:
            NotReadyError: it must not be started.
        """
        if self._ready_when is None:
            self._note_ready()
            yield
            return
        readiness = Readiness(self._ready_when, opened, request, self._log)
        thread = threading.Thread(
            target=self._watch, args=(readiness,), name=f"swamp-ready-{request.step_id}"
        )
        unsubscribe = self.cancel.on_change(lambda _: readiness.end())
        thread.start()
        try:
            readiness.wait_until_free()
            if self._failure is not None:
                raise NotReadyError(self._failure)
            yield
        finally:
            readiness.end()
            thread.join()
            unsubscribe()

    def judge(self, result: StepResult, status: StepStatus, detail: str) -> tuple[StepStatus, str]:
        """Return how the step ended for the run, and why; `status` and `detail` are the result's.

        Call it after `watched`.
        """
        if result.end is StepEnd.LOST:
            return status, detail
        if self._failure is not None:
            return StepStatus.FAILED, self._with_output(self._failure)
        if self._is_stopped:
            return StepStatus.SUCCEEDED, self._stopped(result)
        if result.end is StepEnd.CANCELLED:
            return status, detail
        return self._ended_by_itself(status, detail)

    def _ended_by_itself(self, status: StepStatus, detail: str) -> tuple[StepStatus, str]:
        if not self._is_ready:
            return StepStatus.FAILED, self._with_output(
                _joined(detail, "it ended before it was ready")
            )
        if status is StepStatus.FAILED:
            what = f"it ended by itself before the end of the {self._until}"
            return status, self._with_output(_joined(detail, what))
        return status, detail

    def _watch(self, readiness: Readiness) -> None:
        try:
            if readiness.wait():
                self._note_ready()
        except SwampDriverError as error:
            self._failure = str(error)
            self.cancel.cancel()
        finally:
            readiness.end()

    def _note_ready(self) -> None:
        self._is_ready = True
        self._on_ready()

    def _stopped(self, result: StepResult) -> str:
        words = f"stopped at the end of the {self._until}"
        if result.signal == signal.SIGKILL:
            return (
                f"{words}; it was killed, since it did not end in {self._bound.request.grace_s:g} s"
            )
        return words

    def _with_output(self, what: str) -> str:
        said = self._shown.text()
        return f"{what}; its last output: {said}" if said else what


def _joined(*words: str) -> str:
    return "; ".join(filter(None, words))
