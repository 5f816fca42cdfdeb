"""Rows of the tree as lines of a terminal."""

from __future__ import annotations

import attrs

from swamp_driver.cli._durations import format_bytes, format_duration, format_elapsed
from swamp_driver.cli._run_view import RunView
from swamp_driver.cli._style import STATUS_ROLES, Role, Style
from swamp_driver.cli._tree import Row
from swamp_driver.cli._untrusted import cell_width, clip, escape_controls, pad
from swamp_driver.spec import Progress

_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_ASCII_SPINNER = "|/-\\"
_TIME_WIDTH = 6
_SMALLEST_NOTE = 8
_BAR_WIDTH = 20

Span = tuple[str, Role | None]
"""A piece of a line, and how it looks."""


@attrs.frozen(kw_only=True)
class Canvas:
    """What is drawn on: how wide, at what time, with which characters."""

    width: int
    now: float
    style: Style

    @property
    def ellipsis(self) -> str:
        """Return what stands where something was cut."""
        return "…" if self.style.unicode else "."

    def symbol(self, status: str) -> str:
        """Return the symbol of `status`; what runs turns."""
        if status == "more":
            return self.ellipsis
        if status != "running":
            return self.style.symbol(status)
        frames = _SPINNER if self.style.unicode else _ASCII_SPINNER
        return frames[int(self.now * 8) % len(frames)]

    def clip(self, text: str, width: int) -> str:
        """Return `text` on one line and at most `width` wide."""
        start = text[: 4 * width].replace("\t", " ")  # a line may be long: look at its start only
        return clip(escape_controls(start), width, ellipsis=self.ellipsis)

    def fit(self, spans: list[Span]) -> list[Span]:
        """Return a line that is no wider than the canvas: one that wraps could not be erased."""
        room = self.width
        fitting: list[Span] = []
        for text, role in spans:
            fitting.append((clip(text, max(room, 0), ellipsis=""), role))
            room -= cell_width(text)
        return fitting


def draw_rows(rows: list[Row], *, canvas: Canvas) -> list[list[Span]]:
    """Return a line for each row: symbol, name, time, note, in columns."""
    widths = [2 * row.depth + cell_width(row.name) for row in rows if not _is_plain(row)]
    name_width = min(max(widths, default=0), max(canvas.width * 2 // 5, 12))
    return [canvas.fit(_draw_row(row, name_width, canvas)) for row in rows]


def _draw_row(row: Row, name_width: int, canvas: Canvas) -> list[Span]:
    indent = "  " * row.depth
    room = (canvas.width - 2 if _is_plain(row) else name_width) - len(indent)
    name = canvas.clip(row.name, room)
    spans: list[Span] = [
        (indent, None),
        (f"{canvas.symbol(row.status)} ", STATUS_ROLES.get(row.status, "quiet")),
    ]
    quiet: Role | None = "quiet" if row.status in ("waiting", "skipped", "more") else None
    if _is_plain(row):
        return [*spans, (name, quiet)]
    spans.append((pad(name, room), quiet or ("strong" if row.depth == 0 else None)))
    spans.append((f" {_time(row, canvas.now):>{_TIME_WIDTH}}", "quiet"))
    note_width = canvas.width - (2 + name_width + 1 + _TIME_WIDTH + 2)
    if row.note and note_width >= _SMALLEST_NOTE:
        failed = row.status == "failed" and row.depth > 0
        spans.append((f"  {canvas.clip(row.note, note_width)}", "bad" if failed else "quiet"))
    return spans


def _is_plain(row: Row) -> bool:
    return row.started_at is None and row.duration_s is None and not row.note


def _time(row: Row, now: float) -> str:
    if row.started_at is not None:
        return format_elapsed(now - row.started_at)
    return "" if row.duration_s is None else format_duration(row.duration_s)


def draw_header(view: RunView, *, canvas: Canvas) -> list[Span]:
    """Return the line above the tree: what runs, how far it is, for how long."""
    counts = view.count()
    done = counts.total() - counts["waiting"] - counts["running"] - counts["asking"]
    facts = f"{done}/{counts.total()} steps"
    failed = sum(step.status == "failed" and not step.forgiven for step in view.steps)
    elapsed = format_elapsed(canvas.now - view.started_at)
    alarm = f", {failed} failed" if failed else ""
    room = canvas.width - len(facts) - len(alarm) - len(elapsed) - 4
    name = canvas.clip(view.workflow, max(room, 0))
    return canvas.fit(
        [(name, "strong"), (f"  {facts}", None), (alarm, "bad"), (f"  {elapsed}", "quiet")]
    )


def draw_progress(progress: Progress, *, canvas: Canvas) -> list[Span]:
    """Return a line for slow work of a driver, with a bar where its size is known."""
    facts = progress.text
    bar = ""
    if progress.done is not None:
        facts = format_bytes(progress.done)
        if progress.total:
            facts += f" of {format_bytes(progress.total)}"
            bar = _bar(progress.done / progress.total, canvas)
    room = canvas.width - len(bar) - 2
    text = canvas.clip(f"{progress.phase} {progress.resource}  {facts}".rstrip(), room)
    return canvas.fit([(bar, "active"), (text, None)])


def _bar(share: float, canvas: Canvas) -> str:
    width = min(_BAR_WIDTH, canvas.width // 4)
    full = int(max(0.0, min(share, 1.0)) * width)
    done, open_ = ("█", "░") if canvas.style.unicode else ("#", "-")
    return f"{done * full}{open_ * (width - full)}  "
