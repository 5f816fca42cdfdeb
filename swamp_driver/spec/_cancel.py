"""The cancel token: how a host tells a driver to stop a step or a run."""

from __future__ import annotations

import threading
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class CancelStage(IntEnum):
    """How urgently to stop. A token only ever moves to a higher stage."""

    NONE = 0
    GRACEFUL = 1
    """TERM to the step, its grace period, then KILL."""
    NOW = 2
    """KILL at once."""


class CancelToken:
    """A request to stop that can be set from any thread, at any time, any number of times.

    Drivers read `stage`, wait with `wait`, or subscribe with `on_change`; they never set it.
    Lower tokens (`child`) follow their parent and can be set alone: one for the run, one for each
    of its steps. All methods may be called from any thread and never raise.
    """

    def __init__(self) -> None:
        self._stage = CancelStage.NONE
        self._changed = threading.Condition()
        self._subscribers: dict[int, Callable[[CancelStage], None]] = {}
        self._next_key = 0

    @property
    def stage(self) -> CancelStage:
        """Return the stage reached so far."""
        return self._stage

    @property
    def cancelled(self) -> bool:
        """Return whether any stage but `NONE` was reached."""
        return self._stage is not CancelStage.NONE

    def cancel(self, stage: CancelStage = CancelStage.GRACEFUL) -> None:
        """Raise the stage to `stage`; do nothing where it is reached already.

        Subscribers are called in this thread before it returns.
        """
        with self._changed:
            if stage <= self._stage:
                return
            self._stage = stage
            subscribers = list(self._subscribers.values())
            self._changed.notify_all()
        for subscriber in subscribers:
            subscriber(stage)

    def wait(self, timeout_s: float | None = None) -> CancelStage:
        """Block until a stage but `NONE` is reached or `timeout_s` seconds passed; return it."""
        with self._changed:
            self._changed.wait_for(lambda: self.cancelled, timeout_s)
            return self._stage

    def on_change(self, subscriber: Callable[[CancelStage], None]) -> Callable[[], None]:
        """Call `subscriber` at each new stage; return a function that ends the subscription.

        Where a stage is reached already, `subscriber` is called at once in this thread. It must be
        quick, must not raise, and may be called from any thread.
        """
        with self._changed:
            key = self._next_key
            self._next_key += 1
            self._subscribers[key] = subscriber
            stage = self._stage
        if stage is not CancelStage.NONE:
            subscriber(stage)

        def unsubscribe() -> None:
            with self._changed:
                self._subscribers.pop(key, None)

        return unsubscribe

    def child(self) -> CancelToken:
        """Return a token that reaches every stage this one reaches, and can be set alone.

        The parent keeps a reference to it for as long as the parent lives.
        """
        token = CancelToken()
        self.on_change(token.cancel)
        return token
