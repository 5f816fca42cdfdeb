"""Things that remember what they were told."""

from __future__ import annotations

import threading
from typing import TypeVar

from swamp_driver.spec import CancelToken, RunEnded, RunEvent, RunStarted, StepIO, Stream

E = TypeVar("E", bound=RunEvent)


class RecordingObserver:
    """An observer of runs that keeps every event."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: list[RunEvent] = []

    def on_event(self, event: RunEvent) -> None:
        """Take an event."""
        with self._lock:
            self._events.append(event)

    @property
    def events(self) -> tuple[RunEvent, ...]:
        """Return the events so far, in the order in which they came."""
        with self._lock:
            return tuple(self._events)

    def of(self, kind: type[E]) -> tuple[E, ...]:
        """Return the events of one class and its subclasses."""
        return tuple(event for event in self.events if isinstance(event, kind))

    def check(self) -> None:
        """Raise `AssertionError` unless these are all the events of one run."""
        events = self.events
        numbers = [event.seq for event in events]
        if numbers != list(range(1, len(events) + 1)):
            raise AssertionError(f"the numbers of the events have holes: {numbers}")
        ends = [event.kind for event in (*events[:1], *events[-1:])]
        if ends != [RunStarted.kind, RunEnded.kind]:
            raise AssertionError(f"a run begins and ends with {ends}")
        if len({event.run_id for event in events}) != 1:
            raise AssertionError("there are events of several runs")


class RecordingSink:
    """The sink of a step's output: keeps what each stream said, and how it was cut."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._writes: list[tuple[Stream, bytes]] = []

    def __call__(self, stream: Stream, data: bytes) -> None:
        """Take a piece of output."""
        with self._lock:
            self._writes.append((stream, data))

    @property
    def writes(self) -> tuple[tuple[Stream, bytes], ...]:
        """Return the pieces so far, in the order in which they came."""
        with self._lock:
            return tuple(self._writes)

    @property
    def stdout(self) -> bytes:
        """Return all that came on stdout."""
        return self._joined("stdout")

    @property
    def stderr(self) -> bytes:
        """Return all that came on stderr."""
        return self._joined("stderr")

    def io(self, *, cancel: CancelToken | None = None) -> StepIO:
        """Return what `run_step` takes, writing to this sink."""
        return StepIO(self, cancel=cancel)

    def _joined(self, wanted: Stream) -> bytes:
        return b"".join(data for stream, data in self.writes if stream == wanted)
