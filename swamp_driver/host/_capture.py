"""The output of a step, kept in memory for its data."""

from __future__ import annotations

from swamp_driver.spec import Stream

MOST_BYTES = 256 * 1024
"""How much of each stream is kept: its end."""


class Capture:
    """Keeps the end of each stream. One thread at a time per stream."""

    def __init__(self) -> None:
        self._kept: dict[Stream, bytearray] = {"stdout": bytearray(), "stderr": bytearray()}

    def add(self, stream: Stream, data: bytes) -> None:
        """Take what was printed."""
        kept = self._kept[stream]
        kept += data[-MOST_BYTES:]
        if len(kept) > 2 * MOST_BYTES:  # not at each call: it moves what is kept
            del kept[:-MOST_BYTES]

    def text(self, stream: Stream) -> str:
        """Return what is kept of a stream; bytes that are no UTF-8 are replaced."""
        return bytes(self._kept[stream][-MOST_BYTES:]).decode("utf-8", "replace")
