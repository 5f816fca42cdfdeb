"""The live view: output above, the tree of jobs and steps pinned below it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import TextIO, cast

import attrs
from rich.console import Console, ConsoleOptions
from rich.live import Live
from rich.segment import Segment
from rich.style import Style as RichStyle

from swamp_driver.cli._run_view import RunView
from swamp_driver.cli._sinks._plain import PlainSink
from swamp_driver.cli._sinks._sink import Verbosity
from swamp_driver.cli._streams import Writer
from swamp_driver.cli._style import Role, Style
from swamp_driver.cli._tree import lay_out
from swamp_driver.cli._tree_lines import Canvas, Span, draw_header, draw_progress, draw_rows
from swamp_driver.spec import Progress, RunEnded, RunEvent, RunStarted

_TICK_S = 0.1
_MOST_PENDING = 1 << 18
_SMALL_TREE = 8
_MOST_PROGRESS = 3


class TtySink:
    """Keep the tree below the output, and print the summary in its place at the end.

    Output is gathered and written ten times a second: drawing the tree anew for every line would
    cost more than the steps. Where steps print faster than the terminal takes it, they wait.
    """

    def __init__(
        self,
        out: TextIO,
        err: TextIO,
        *,
        style: Style,
        verbosity: Verbosity = Verbosity.NORMAL,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._style = style
        self._clock = clock
        self._pending = _Pending()
        above = Writer(cast("TextIO", self._pending))
        # Only where both go to the same screen may diagnostics stand above the tree.
        self._plain = PlainSink(
            above, above if err.isatty() else Writer(err), style=style, verbosity=verbosity
        )
        self._console = Console(
            file=cast("TextIO", _Screen(out)),
            force_terminal=True,
            no_color=not style.colour,
            highlight=False,
            markup=False,
            emoji=False,
        )
        self._frame: list[list[Segment]] = []
        self._live = Live(
            _Frame(lambda: self._frame),
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=err.isatty(),
            vertical_overflow="crop",
        )
        # Two locks, taken in this order: `_printing` keeps what is printed in order and makes a
        # step that prints too fast wait for the terminal; `_state` is only ever held for a moment.
        self._printing = threading.Lock()
        self._state = threading.Lock()
        self._stop = threading.Event()
        self._ticker = threading.Thread(target=self._tick, name="live-view", daemon=True)

    def on_event(self, event: RunEvent) -> None:
        """Take an event."""
        if isinstance(event, RunEnded):
            self._end_live_view()
        with self._state:
            self._plain.on_event(event)
        if isinstance(event, RunStarted):
            self._live.start()
            self._ticker.start()
        if self._pending.size > _MOST_PENDING or not self._live.is_started:
            self._flush()

    def say(self, text: str) -> None:
        """Write above the tree where stderr is the same terminal, else to stderr."""
        with self._state:
            self._plain.say(text)

    def close(self) -> None:
        """Give the terminal back; twice is fine."""
        self._end_live_view()
        self._flush()

    def _end_live_view(self) -> None:
        self._stop.set()
        if self._live.is_started:
            self._ticker.join()
            self._flush()
            self._live.stop()

    def _tick(self) -> None:
        while not self._stop.wait(_TICK_S):
            self._flush()

    def _flush(self) -> None:
        with self._printing:
            with self._state:
                text = self._pending.take()
                self._frame = [] if self._stop.is_set() else self._draw()
            if text:
                self._console.print(_Raw(text), end="", soft_wrap=True)
            elif self._live.is_started:
                self._live.refresh()

    def _draw(self) -> list[list[Segment]]:
        view = self._plain.view
        size = self._console.size
        canvas = Canvas(width=size.width - 1, now=self._clock(), style=self._style)
        self._plain.note_last_lines()
        lines = [draw_header(view, canvas=canvas)]
        lines += [draw_progress(one, canvas=canvas) for one in _shown_progress(view)]
        # Half of the screen is for output; of a small one, less.
        room = max(size.height // 2, min(_SMALL_TREE, size.height - 3)) - len(lines)
        lines += draw_rows(lay_out(view, height=max(room, 1)), canvas=canvas)
        return [_segments(line) for line in lines]


def _shown_progress(view: RunView) -> list[Progress]:
    return list(view.progress.values())[:_MOST_PROGRESS]


_RICH_STYLES: dict[Role, RichStyle] = {
    "good": RichStyle(color="green"),
    "bad": RichStyle(color="red"),
    "warn": RichStyle(color="yellow"),
    "active": RichStyle(color="cyan"),
    "quiet": RichStyle(dim=True),
    "strong": RichStyle(bold=True),
    "stderr": RichStyle(color="yellow"),
}


def _segments(line: list[Span]) -> list[Segment]:
    return [Segment(text, _RICH_STYLES[role] if role else None) for text, role in line if text]


@attrs.frozen
class _Frame:
    """The tree as drawn last: rich may ask for it at any time, from any thread."""

    lines: Callable[[], list[list[Segment]]]

    def __rich_console__(self, _: Console, __: ConsoleOptions) -> Iterator[Segment]:
        for number, line in enumerate(self.lines()):
            if number:
                yield Segment.line()
            yield from line


@attrs.frozen
class _Raw:
    """Text that is safe already, with its own colours: rich passes it on as it is."""

    text: str

    def __rich_console__(self, _: Console, __: ConsoleOptions) -> Iterator[Segment]:
        yield Segment(self.text)


class _Pending:
    """A stream that keeps what is written until it is taken."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self.size = 0

    def write(self, text: str) -> None:
        self._parts.append(text)
        self.size += len(text)

    def flush(self) -> None:
        """Do nothing: what is written waits for the next refresh."""

    def take(self) -> str:
        text = "".join(self._parts)
        self._parts.clear()
        self.size = 0
        return text


class _Screen:
    """A terminal that may go away: rich would end the whole process on a broken pipe."""

    def __init__(self, stream: TextIO) -> None:
        self._writer = Writer(stream)
        self.encoding = stream.encoding

    def write(self, text: str) -> None:
        self._writer.write(text)

    def flush(self) -> None:
        """Do nothing: every write is flushed."""

    def isatty(self) -> bool:
        return True
