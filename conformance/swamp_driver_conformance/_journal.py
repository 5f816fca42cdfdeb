"""What a test did to its driver, line by line: the middle part of every failure message."""

from __future__ import annotations

import threading
from collections.abc import Callable

_KEPT = 25
_WIDTH = 160


class Journal:
    """Lines from any thread; the last ones are shown. What `mask` hides is not among them."""

    def __init__(self, mask: Callable[[str], str] = str) -> None:
        self._mask = mask
        self._lock = threading.Lock()
        self._lines: list[str] = []

    def note(self, line: str) -> None:
        """Add a line, cut to a readable width."""
        with self._lock:
            self._lines.append(self.shorten(line, _WIDTH).replace("\n", "⏎"))

    def shorten(self, text: str, width: int) -> str:
        """Return a text as it may be shown, cut to a width."""
        masked = self._mask(text)
        return masked if len(masked) <= width else f"{masked[:width]}…"

    def lines(self) -> list[str]:
        """Return the last lines; where some are left out the first says so."""
        with self._lock:
            left_out = len(self._lines) - _KEPT
            shown = self._lines[-_KEPT:]
        return [f"… {left_out} lines before", *shown] if left_out > 0 else shown
