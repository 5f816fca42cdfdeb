"""The lines that the steps of a run print, ready to be shown."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from swamp_driver.cli._lines import LineReader
from swamp_driver.cli._untrusted import RESET, colours_left_on, show_output
from swamp_driver.spec import Stream

_STREAMS: tuple[Stream, ...] = ("stdout", "stderr")


@attrs.frozen
class OutputLine:
    """One line of a step; `text` is safe to write to a terminal and ends without colour."""

    stream: Stream
    text: str


@attrs.define
class _StreamState:
    reader: LineReader = attrs.field(factory=LineReader)
    colours: str = ""


class OutputLines:
    """Put the output of many steps into lines, each stream of each step apart. Not thread-safe."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour
        self._streams: dict[tuple[str, Stream], _StreamState] = {}

    def feed(self, step_id: str, stream: Stream, data: bytes) -> list[OutputLine]:
        """Take output; return the lines that are complete now."""
        state = self._streams.setdefault((step_id, stream), _StreamState())
        return self._show(state, stream, lambda reader: reader.feed(data))

    def finish(self, step_id: str) -> list[OutputLine]:
        """Return the lines of a step that never ended, and forget the step."""
        lines = []
        for stream in _STREAMS:
            state = self._streams.pop((step_id, stream), None)
            if state is not None:
                lines += self._show(state, stream, LineReader.finish)
        return lines

    def unfinished(self, step_id: str) -> str:
        """Return the line that a step is printing (stdout before stderr), without colour."""
        for stream in _STREAMS:
            state = self._streams.get((step_id, stream))
            if state is not None and (text := state.reader.unfinished):
                return show_output(text, colour=False)
        return ""

    def _show(
        self, state: _StreamState, stream: Stream, read: Callable[[LineReader], list[str]]
    ) -> list[OutputLine]:
        return [OutputLine(stream, self._text(state, line)) for line in read(state.reader)]

    def _text(self, state: _StreamState, line: str) -> str:
        text = show_output(line, colour=self._colour)
        if not self._colour or ("\x1b" not in text and not state.colours):
            return text
        before = state.colours
        state.colours = colours_left_on(text, before=before)
        return f"{before}{text}{RESET}"
