"""Where the events of a run go: to its log first, then to those who listen."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Protocol, TypeVar

from swamp_driver.host._step_log import StepLog
from swamp_driver.host._store import EventLog
from swamp_driver.spec import Notice, RunEvent, StepOutput, Stream

_E = TypeVar("_E", bound=RunEvent)


class Observer(Protocol):
    """Anything that listens to a run: see `swamp_driver.spec.RunObserver` for the contract."""

    def on_event(self, event: RunEvent) -> None:
        """Take an event."""
        ...


class EventBus:
    """Numbers the events of one run, writes them to the log, and tells the observers.

    May be used from any thread; events are told one at a time, in the order of their numbers. An
    observer that raises is not called again, and a notice says why.
    """

    def __init__(
        self,
        run_id: str,
        log: EventLog,
        observers: Sequence[Observer] = (),
        *,
        last_seq: int = 0,
        attempt: int = 1,
    ) -> None:
        self._run_id = run_id
        self._attempt = attempt
        self._log = log
        self._observers = list(observers)
        self._lock = threading.RLock()
        self._seq = last_seq

    def add(self, observer: Observer) -> None:
        """Tell one more observer, from the next event on."""
        with self._lock:
            self._observers.append(observer)

    def emit(self, cls: type[_E], **fields: object) -> _E:
        """Make an event of type `cls` with these fields, log it, and tell the observers."""
        with self._lock:
            event = self._new(cls, **fields)
            self._log.append(event)
            self._tell(event)
        return event

    def emit_output(self, log: StepLog, *, stream: Stream, data: bytes, **step: str) -> None:
        """Log a piece of output of a step and tell the observers; `step` names the step."""
        with self._lock:
            event = self._new(StepOutput, stream=stream, data=data, **step)
            log.append(seq=event.seq, time_s=event.time_s, stream=stream, data=data)
            self._tell(event)

    def _new(self, cls: type[_E], **fields: object) -> _E:
        self._seq += 1
        return cls(
            run_id=self._run_id,
            seq=self._seq,
            time_s=time.time(),
            attempt=self._attempt,
            **fields,
        )

    def _tell(self, event: RunEvent) -> None:
        for observer in list(self._observers):
            try:
                observer.on_event(event)
            except Exception as error:  # noqa: BLE001 - a view can never fail a run
                self._observers.remove(observer)
                self.emit(
                    Notice,
                    text=f"observer {type(observer).__name__} failed and was switched off: "
                    f"{type(error).__name__}: {error}",
                )
