"""Looks for a regular expression in the output of a step as it comes, line by line."""

from __future__ import annotations

import threading

from swamp_driver.spec import Stream
from swamp_driver.workflow import pattern_matches

_LONGEST_LINE = 16 * 1024
"""Of a longer line only the end is looked at: memory is bounded, whatever a step prints."""

_NO_END = "\x01"


class LogMatch:
    """Matches lines of both streams, each on its own; a line counts before its end has come.

    `feed` may be called from one thread at a time per stream.
    """

    def __init__(self, pattern: str) -> None:
        self._pattern = f"(?m:{pattern})"
        self._rest: dict[Stream, bytes] = {"stdout": b"", "stderr": b""}
        self.found = threading.Event()

    def feed(self, stream: Stream, data: bytes) -> None:
        """Take a piece of output."""
        for start in range(0, len(data), _LONGEST_LINE):
            if self.found.is_set():
                return
            self._feed(stream, data[start : start + _LONGEST_LINE])

    def _feed(self, stream: Stream, data: bytes) -> None:
        text = self._rest[stream] + data
        # A carriage return ends a line for those who print progress, and `$` must match before it.
        lines = text.replace(b"\r", b"\n").decode(errors="replace")
        # What is read so far of a line may be matched, but its end has not come: no `$` there.
        if pattern_matches(self._pattern, lines + _NO_END):
            self.found.set()
        self._rest[stream] = text[text.rfind(b"\n") + 1 :][-_LONGEST_LINE:]
