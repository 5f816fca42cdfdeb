"""The lines that the steps of a run print, ready to be shown."""

from __future__ import annotations

from swamp_driver.cli._lines import LineReader
from swamp_driver.cli._style import Style
from swamp_driver.cli._untrusted import RESET, colours_left_on, escape_controls, show_output
from swamp_driver.spec import Stream

_STREAMS: tuple[Stream, ...] = ("stdout", "stderr")


class _StreamState:
    def __init__(self) -> None:
        self.reader = LineReader()
        self.colours = ""


class OutputLines:
    """Put the output of many steps into lines, each stream of each step apart. Not thread-safe.

    The lines are safe to write to a terminal, and end without colour.
    """

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour
        self._streams: dict[tuple[str, Stream], _StreamState] = {}

    def feed(self, step_id: str, stream: Stream, data: bytes) -> list[str]:
        """Take output; return the lines that are complete now."""
        state = self._streams.get((step_id, stream))
        if state is None:
            state = self._streams[step_id, stream] = _StreamState()
        return self._safe(state, state.reader.feed(data))

    def finish(self, step_id: str) -> list[tuple[Stream, list[str]]]:
        """Return the lines of a step that never ended, and forget the step."""
        left = [(stream, self._streams.pop((step_id, stream), None)) for stream in _STREAMS]
        return [
            (stream, self._safe(state, state.reader.finish()))
            for stream, state in left
            if state is not None
        ]

    def unfinished(self, step_id: str) -> str:
        """Return the line that a step is printing (stdout before stderr), without colour."""
        for stream in _STREAMS:
            state = self._streams.get((step_id, stream))
            if state is not None and (text := state.reader.unfinished):
                return show_output(text, colour=False)
        return ""

    def _safe(self, state: _StreamState, lines: list[str]) -> list[str]:
        shown = [show_output(line, colour=self._colour) for line in lines]
        if not self._colour:
            return shown
        return [_with_colours(state, text) for text in shown]


def _with_colours(state: _StreamState, text: str) -> str:
    """Begin with the colours that the line before left on, and leave none on."""
    before = state.colours
    if not before and "\x1b" not in text:
        return text
    state.colours = colours_left_on(text, before=before)
    return f"{before}{text}{RESET}"


def prefix_of(label: str, stream: Stream, *, style: Style) -> str:
    """Return what stands before the lines of a step where several steps share a stream."""
    bar = style.paint("|", "stderr" if stream == "stderr" else "quiet")
    return f"{style.paint_name(escape_controls(label), of=label)} {bar} "
