"""Which view a run gets."""

from __future__ import annotations

import io

import pytest

from swamp_driver.cli._sinks import Format, choose_format
from swamp_driver.cli._style import is_terminal, style_for
from tests.unit.cli.builders import Terminal


@pytest.mark.parametrize(
    ("wanted", "terminal", "environ", "chosen"),
    [
        ("auto", True, {}, "tty"),
        ("auto", True, {"GITHUB_ACTIONS": "true"}, "tty"),
        ("auto", False, {}, "plain"),
        ("auto", False, {"FORCE_COLOR": "1"}, "plain"),
        ("auto", False, {"GITHUB_ACTIONS": "true"}, "github"),
        ("json", True, {}, "json"),
        ("plain", True, {}, "plain"),
    ],
)
def test_the_view_follows_stdout(
    *,
    wanted: Format,
    terminal: bool,
    environ: dict[str, str],
    chosen: Format,
) -> None:
    """FORCE_COLOR makes a pipe coloured, not interactive: a live view in a log file is garbage."""
    assert choose_format(wanted, terminal=terminal, environ=environ) == chosen


@pytest.mark.parametrize(
    ("environ", "colour"),
    [
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": ""}, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ({"FORCE_COLOR": "0"}, False),
        ({"TERM": "dumb"}, False),
    ],
)
def test_colour_on_a_terminal(
    terminal: Terminal,
    monkeypatch: pytest.MonkeyPatch,
    environ: dict[str, str],
    *,
    colour: bool,
) -> None:
    """NO_COLOR wins over everything; empty, it says nothing (no-color.org)."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert style_for(terminal).colour is colour


def test_colour_on_a_pipe_must_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever pipes into `less -R` can say so."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    assert not style_for(io.StringIO()).colour
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert style_for(io.StringIO()).colour


def test_a_dumb_terminal_gets_no_live_view(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Emacs shells and some CI systems offer a terminal that cannot move its cursor."""
    assert is_terminal(terminal)
    monkeypatch.setenv("TERM", "dumb")
    assert not is_terminal(terminal)


def test_symbols_follow_the_encoding() -> None:
    """A terminal in the C locale cannot show a check mark."""
    ascii_stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    assert style_for(ascii_stream).symbol("succeeded") == "+"
