"""From chunks of bytes to lines of text, for one stream of one step."""

from __future__ import annotations

import codecs

LONGEST_LINE = 16 * 1024
"""Characters after which a line is passed on although it has not ended: memory stays bounded."""


class LineReader:
    r"""Cut one stream into lines.

    Characters split over two chunks are put together, what is not UTF-8 becomes U+FFFD, and of a
    line that overwrote itself with `\r` (a progress bar) the last state remains. Not thread-safe.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._parts: list[str] = []
        self._size = 0

    def feed(self, data: bytes) -> list[str]:
        """Take a chunk; return the lines that are complete now."""
        return self._take(self._decoder.decode(data))

    def finish(self) -> list[str]:
        """Return what is left, as a last line without an end, and be empty again."""
        lines = self._take(self._decoder.decode(b"", final=True))
        rest = self._cut()
        self._decoder.reset()
        return [*lines, _last_state(rest)] if rest else lines

    @property
    def unfinished(self) -> str:
        """Return the line as it stands: what a terminal would show of it now."""
        return _last_state("".join(self._parts))

    def _take(self, text: str) -> list[str]:
        *ended, rest = text.split("\n")
        lines = []
        if ended:
            ended[0] = self._cut() + ended[0]
            lines = [_last_state(line) for line in ended]
        self._keep(rest)
        while self._size > LONGEST_LINE:
            lines += self._shorten()
        return lines

    def _keep(self, text: str) -> None:
        if text:
            self._parts.append(text)
            self._size += len(text)

    def _cut(self) -> str:
        text = "".join(self._parts)
        self._parts.clear()
        self._size = 0
        return text

    def _shorten(self) -> list[str]:
        """Drop what was overwritten; where nothing was, end the line here."""
        text = self._cut()
        current = _last_state(text) + ("\r" if text.endswith("\r") else "")
        if len(current) < len(text):
            self._keep(current)
            return []
        self._keep(text[LONGEST_LINE:])
        return [text[:LONGEST_LINE]]


def _last_state(line: str) -> str:
    return line.rstrip("\r").rpartition("\r")[2] if "\r" in line else line
