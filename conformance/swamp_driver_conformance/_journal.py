"""What a test did to its driver, line by line: the middle part of every failure message."""

from __future__ import annotations

import threading

_KEPT = 25
_WIDTH = 160


class Journal:
    """Lines from any thread; the last ones are shown."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: list[str] = []

    def note(self, line: str) -> None:
        """Add a line, cut to a readable width."""
        short = line if len(line) <= _WIDTH else f"{line[:_WIDTH]}…"
        with self._lock:
            self._lines.append(short.replace("\n", "⏎"))

    def lines(self) -> list[str]:
        """Return the last lines; where some are left out the first says so."""
        with self._lock:
            left_out = len(self._lines) - _KEPT
            shown = self._lines[-_KEPT:]
        return [f"… {left_out} lines before", *shown] if left_out > 0 else shown
