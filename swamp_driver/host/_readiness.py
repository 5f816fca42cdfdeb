"""Waits until a background step is ready, in a thread of its own."""

from __future__ import annotations

import platform
import threading
import time

from swamp_driver.errors import StepStartError, SwampDriverError
from swamp_driver.host._bindings import OpenedBinding
from swamp_driver.host._log_match import LogMatch
from swamp_driver.host._probe import FREE, Found, probe_request
from swamp_driver.host._tail import Tail
from swamp_driver.spec import (
    CancelStage,
    CancelToken,
    StepEnd,
    StepIO,
    StepRequest,
    StepResult,
    Stream,
)
from swamp_driver.workflow import BoundReadiness

_FIRST_PAUSE_S = 0.02
_LAST_PAUSE_S = 1.0
_CONNECT_S = 1.0


class NotReadyError(SwampDriverError):
    """A background step did not become ready; the text says why."""


class Readiness:
    """Waits for one background step. Make it, `begin` it, `wait` in a thread, `end` it."""

    def __init__(
        self, ready: BoundReadiness, opened: OpenedBinding, request: StepRequest, log: LogMatch
    ) -> None:
        self._ready = ready
        self._opened = opened
        self._request = request
        self._log = log
        self._cancel = CancelToken()
        self._may_start = threading.Event()
        self._told = Tail()
        self._probes = 0
        self._last: StepResult | None = None

    def wait_until_free(self) -> None:
        """Return when the step may be started: where it will listen, nothing does."""
        self._may_start.wait()

    def end(self) -> None:
        """Wait no longer: the step has ended. From any thread."""
        self._cancel.cancel(CancelStage.NOW)
        self._may_start.set()

    def wait(self) -> bool:
        """Return whether the step is ready: true once it is, false once `end` was called.

        Raises:
            NotReadyError: it did not become ready in time, or cannot.
        """
        try:
            if self._ready.log is not None:
                self._may_start.set()
                return self._wait_for_log()
            return self._wait_for_probe()
        finally:
            self._may_start.set()

    def _wait_for_log(self) -> bool:
        changed = self._log.found
        unsubscribe = self._cancel.on_change(lambda _: changed.set())
        in_time = changed.wait(self._ready.timeout_s)
        unsubscribe()
        if self._cancel.cancelled:
            return False
        if not in_time:
            raise self._late(f"no line of its output matched '{self._ready.log}'")
        return True

    def _wait_for_probe(self) -> bool:
        if self._ready.port is None:
            self._may_start.set()
        deadline = time.monotonic() + self._ready.timeout_s
        pauses = _Pauses(self._ready.interval_s)
        while not self._cancel.cancelled:
            found = self._look()
            if found is Found.READY:
                return True
            if found is Found.TAKEN:
                raise NotReadyError(
                    f"port {self._ready.port} is taken: something listened there before it started"
                )
            if found is Found.NO_TABLE:
                return self._connect(deadline, pauses)
            if found is None or time.monotonic() > deadline:
                raise self._late(self._what())
            self._cancel.wait(pauses.next())
        return False

    def _look(self) -> Found | None:
        """Run a probe; return what it found, or None where its time was up."""
        self._probes += 1
        request = probe_request(self._request, self._ready, number=self._probes)
        io = StepIO(self._hear, cancel=self._cancel)
        opened = self._opened
        try:
            result = opened.driver.run_step(opened.context, opened.workspace, request, io)
        except SwampDriverError as error:
            is_early = isinstance(error, StepStartError) and error.reason == "cwd-missing"
            if self._cancel.cancelled or is_early:
                return Found.NOT_YET
            raise NotReadyError(f"whether it is ready cannot be found out: {error}") from error
        if result.end is StepEnd.TIMED_OUT:
            return None
        try:
            return Found(result.exit_code or 0) if result.exit_code is not None else Found.NOT_YET
        except ValueError:
            return Found.NOT_YET  # it was killed, with the service or by it

    def _hear(self, stream: Stream, data: bytes) -> None:
        if self._ready.port is not None and stream == "stdout" and FREE in data:
            self._may_start.set()
            return
        self._told.feed(data)

    def _connect(self, deadline: float, pauses: _Pauses) -> bool:
        """Wait for the port from here: for a place that has no tables and is this machine."""
        port = self._ready.port
        assert port is not None
        if not self._opened.workspace.host_visible or platform.system() == "Linux":
            raise NotReadyError(
                f"whether something listens on port {port} cannot be found out there: it has no "
                "/proc/net/tcp (use 'log' or 'command')"
            )
        if not self._may_start.is_set() and _connects(port):
            raise NotReadyError(f"port {port} is taken: something listened there before it started")
        self._may_start.set()
        while not self._cancel.cancelled:
            if _connects(port):
                return True
            if time.monotonic() > deadline:
                raise self._late(self._what())
            self._cancel.wait(pauses.next())
        return False

    def _what(self) -> str:
        if self._ready.port is not None:
            return f"nothing listens on port {self._ready.port}"
        said = self._told.text()
        return "its command did not succeed" + (f" and said: {said}" if said else "")

    def _late(self, what: str) -> NotReadyError:
        return NotReadyError(f"it was not ready after {self._ready.timeout_s:g} s: {what}")


class _Pauses:
    def __init__(self, interval_s: float | None) -> None:
        self._interval_s = interval_s
        self._next_s = _FIRST_PAUSE_S

    def next(self) -> float:
        pause_s = self._next_s if self._interval_s is None else self._interval_s
        self._next_s = min(self._next_s * 2, _LAST_PAUSE_S)
        return pause_s


def _connects(port: int) -> bool:
    import socket  # noqa: PLC0415 - only where ports cannot be looked up

    try:
        with socket.create_connection(("127.0.0.1", port), timeout=_CONNECT_S):
            return True
    except OSError:
        return False
