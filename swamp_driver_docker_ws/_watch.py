"""Noticing that an engine has stopped to answer while steps run.

A dead engine ends its connections; one that hangs keeps them open and silent, and a step that
writes nothing looks just like that. So the engine is asked now and then, beside the steps.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

_STRIKES = 2
_JOIN_S = 1.0


class EngineWatch:
    """Asks an engine from a thread of its own, from its construction until `close`."""

    def __init__(
        self, is_alive: Callable[[], bool], *, on_dead: Callable[[], None], interval_s: float
    ) -> None:
        """Call `on_dead` once, when `is_alive` was false twice in a row."""
        self._is_alive = is_alive
        self._on_dead = on_dead
        self._interval_s = interval_s
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="swamp-engine-watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop asking. Twice is fine. Waits for its thread, but not for an engine that hangs."""
        self._closing.set()
        self._thread.join(_JOIN_S)

    def _watch(self) -> None:
        strikes = 0
        while strikes < _STRIKES:
            if self._closing.wait(self._interval_s):
                return
            strikes = 0 if self._is_alive() else strikes + 1
        if not self._closing.is_set():
            self._on_dead()
