"""Tables that a person can read and `awk` can split: columns, no lines between them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Literal

import attrs

from swamp_driver.cli._style import Role, Style
from swamp_driver.cli._untrusted import cell_width, clip, escape_controls, pad

_GAP = "  "
_SMALLEST = 12


@attrs.frozen
class Cell:
    """Text in a table, and how it looks. Any text: control characters are made visible."""

    text: str
    role: Role | None = None


def render_columns(
    header: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    *,
    style: Style,
    width: int | None,
    last: Literal["cut", "wrapped"] = "cut",
) -> Iterator[str]:
    """Yield the header and a line for each row.

    Where `width` is given the last column is cut to it, or goes on in more lines; where it is None
    (a pipe, a file) each row is one line.
    """
    table = [[Cell(text, "quiet") for text in header], *rows]
    shown = [[escape_controls(cell.text) for cell in row] for row in table]
    widths = [max(cell_width(row[column]) for row in shown) for column in range(len(header))]
    before_last = sum(widths[:-1]) + len(_GAP) * (len(widths) - 1)
    room = widths[-1] if width is None else max(width - before_last, _SMALLEST)
    for row, texts in zip(table, shown, strict=True):
        padded = [pad(text, widths[column]) for column, text in enumerate(texts[:-1])]
        end, *more = _fit(texts[-1], room, last, style)
        painted = (
            style.paint(text, cell.role) if cell.role else text
            for cell, text in zip(row, [*padded, end], strict=True)
        )
        yield _GAP.join(painted).rstrip()
        yield from (" " * before_last + line for line in more)


def _fit(text: str, room: int, last: Literal["cut", "wrapped"], style: Style) -> list[str]:
    if last == "wrapped" and cell_width(text) > room:
        return textwrap.wrap(text, room) or [""]
    return [clip(text, room, ellipsis="…" if style.unicode else ".")]
