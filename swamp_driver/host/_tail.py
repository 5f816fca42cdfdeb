"""The last lines of an output, for a message."""

from __future__ import annotations

import threading

_KEPT_BYTES = 4096
_LINES = 3
_LONGEST = 200


class Tail:
    """Keeps the end of what is fed to it. May be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept = b""
        self._is_cut = False

    def feed(self, data: bytes) -> None:
        """Take a piece of output, secrets masked."""
        with self._lock:
            text = self._kept + data
            self._is_cut |= len(text) > _KEPT_BYTES
            self._kept = text[-_KEPT_BYTES:]

    def text(self) -> str:
        """Return the last lines as one, or nothing where there were none."""
        with self._lock:
            text = self._kept
            if self._is_cut:
                # What is before the first line break may be the end of anything.
                text = text.partition(b"\n")[2]
        lines = [line.strip() for line in text.decode(errors="replace").splitlines()]
        return " / ".join(line[:_LONGEST] for line in [line for line in lines if line][-_LINES:])
