"""Text of several writers on one stream, one after the other."""

from __future__ import annotations

import tempfile
from typing import IO

import attrs

from swamp_driver.cli._streams import Writer

_IN_MEMORY = 1 << 20


@attrs.define
class Turns:
    """Let the first that begins write to the stream at once, and the others when it is done.

    What the others write meanwhile is kept, on disk where it is much. When the first ends, those
    that ended before follow, and the oldest of those still open has the stream. Not thread-safe.
    """

    _out: Writer
    _front: str | None = attrs.field(default=None, init=False)
    _kept: dict[str, IO[str]] = attrs.field(factory=dict, init=False)
    _ended: list[str] = attrs.field(factory=list, init=False)

    def begin(self, key: str) -> None:
        """Let `key` write from now on."""
        if self._front is None:
            self._front = key
        else:
            self._kept[key] = tempfile.SpooledTemporaryFile(  # noqa: SIM115 - see _release
                max_size=_IN_MEMORY,
                mode="w+",
                encoding="utf-8",
                errors="backslashreplace",
                newline="",
            )

    def write(self, key: str, text: str) -> None:
        """Write or keep `text`."""
        if key == self._front:
            self._out.write(text)
        else:
            self._kept[key].write(text)

    def end(self, key: str) -> None:
        """Take it that `key` writes no more."""
        if key != self._front:
            self._ended.append(key)
            return
        for ended in self._ended:
            self._release(ended)
        self._ended.clear()
        self._front = next(iter(self._kept), None)
        if self._front is not None:
            self._release(self._front)

    def close(self) -> None:
        """Drop what was kept; twice is fine."""
        for text in self._kept.values():
            text.close()
        self._kept.clear()

    def _release(self, key: str) -> None:
        with self._kept.pop(key) as text:
            text.seek(0)
            while piece := text.read(_IN_MEMORY):
                self._out.write(piece)
