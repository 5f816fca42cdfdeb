"""TERM as an exception in the main thread, once, and never in the middle of a write."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

from swamp_driver.models._errors import Cancelled


class Term:
    """Turns the first TERM into `Cancelled`; later ones are ignored, so that clean-up ends."""

    def __init__(self) -> None:
        self._shields = 0
        self._pending = False
        self._over = False

    def take(self) -> None:
        """Begin; call it in the main thread."""
        signal.signal(signal.SIGTERM, self._told)

    def stop(self) -> None:
        """Ignore TERM from now on."""
        self._over = True

    @contextlib.contextmanager
    def shield(self) -> Iterator[None]:
        """Put off what comes in the block to its end. Other threads are never interrupted."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self._shields += 1
        try:
            yield
        finally:
            self._shields -= 1
            if self._pending and not self._shields:
                self._raise()

    def _told(self, *_: object) -> None:
        if self._shields:
            self._pending = True
        else:
            self._raise()

    def _raise(self) -> None:
        self._pending = False
        if not self._over:
            self._over = True
            raise Cancelled("the step was told to stop")
