"""What commands print to stdout when they have done their work."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import Literal

from swamp_driver.cli._columns import Cell, render_columns
from swamp_driver.cli._streams import stderr, stdout
from swamp_driver.cli._style import Style, is_terminal, style_for


def print_lines(lines: Iterable[str]) -> None:
    """Print lines to stdout."""
    stdout().write("".join(f"{line}\n" for line in lines))


def print_errors(lines: Iterable[str]) -> None:
    """Print lines to stderr."""
    stderr().write("".join(f"{line}\n" for line in lines))


def print_json(value: object) -> None:
    """Print one JSON document to stdout."""
    stdout().line(json.dumps(value, indent=2))


def print_columns(
    header: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    *,
    last: Literal["cut", "wrapped"] = "cut",
) -> None:
    """Print a table to stdout; on a terminal its last column is made to fit."""
    width = shutil.get_terminal_size().columns if is_terminal(sys.stdout) else None
    print_lines(render_columns(header, rows, style=out_style(), width=width, last=last))


def out_style() -> Style:
    """Return the style of stdout."""
    return style_for(sys.stdout)


def err_style() -> Style:
    """Return the style of stderr."""
    return style_for(sys.stderr)
