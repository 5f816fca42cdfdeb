"""Tables line up, and are cut only where a person looks."""

from __future__ import annotations

from swamp_driver.cli._columns import Cell, render_columns
from swamp_driver.cli._style import Style

ROWS = [
    [Cell("kx3a"), Cell("日本"), Cell("a long text at the end")],
    [Cell("b"), Cell("x"), Cell("")],
]


def table(width: int | None) -> list[str]:
    """Return the table as it is printed without colour."""
    return list(render_columns(("ID", "NAME", "TEXT"), ROWS, style=Style(), width=width))


def test_columns_line_up() -> None:
    """Two spaces between, so that a program can split; nothing behind the last."""
    assert table(None) == [
        "ID    NAME  TEXT",
        "kx3a  日本  a long text at the end",
        "b     x",
    ]


def test_on_a_terminal_the_last_column_is_cut() -> None:
    """A row that wraps is no row."""
    assert table(26)[1] == "kx3a  日本  a long text a…"


def test_hostile_cells_stay_in_their_cell() -> None:
    """Names of runs and drivers come from files and packages."""
    rows = [[Cell("a\nb\x1b[2J")]]
    assert list(render_columns(("X",), rows, style=Style(), width=None)) == ["X", "a\\nb^[[2J"]


def test_a_table_without_rows_has_its_header() -> None:
    """So that a script that skips the first line always may."""
    assert list(render_columns(("A", "B"), [], style=Style(), width=80)) == ["A  B"]


def test_a_long_last_column_can_go_on_in_more_lines() -> None:
    """What an option does is worth more than one line for each."""
    rows = [[Cell("user"), Cell("the user that steps run as")]]
    lines = render_columns(("OPTION", "WHAT"), rows, style=Style(), width=24, last="wrapped")
    assert list(lines)[1:] == ["user    the user that", "        steps run as"]
