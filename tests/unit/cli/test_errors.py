"""Errors are printed as what they are, with what to do."""

from __future__ import annotations

import pytest

from swamp_driver.cli._errors import render_bug, render_error
from swamp_driver.cli._style import Style
from swamp_driver.errors import (
    ConfigError,
    LostError,
    NotFoundError,
    Problem,
    SwampDriverError,
    TeardownError,
    UnavailableError,
    UnknownDriverError,
    WorkflowError,
)

STYLE = Style(colour=False)


@pytest.mark.parametrize(
    ("error", "lines"),
    [
        (NotFoundError("there is no run 'x'"), ["error: there is no run 'x'"]),
        (UnknownDriverError("unknown driver 'x'", driver="x"), ["error: unknown driver 'x'"]),
        (
            UnavailableError("no engine answers", fix="start it"),
            ["error: no engine answers", "    hint: start it"],
        ),
        (UnavailableError("no engine answers"), ["error: no engine answers"]),
        (
            TeardownError("not all could be removed", left=["/w: in use"]),
            ["error: not all could be removed", "    /w: in use"],
        ),
        (
            LostError("the agent ended", last_words="out of\nmemory"),
            ["error: the agent ended", "    it said: out of\\nmemory"],
        ),
        (
            WorkflowError([Problem(what="no jobs", file="a.yaml", line=1, column=2)]),
            ["a.yaml:1:2: no jobs", "error: 1 problem in a.yaml"],
        ),
        (
            ConfigError([Problem(what="must be text", path="image")]),
            ["image: must be text", "error: 1 problem"],
        ),
        (SwampDriverError("two\nlines\x1b[2J"), ["error: two", "    lines^[[2J"]),
    ],
)
def test_errors_raised_on_purpose(error: SwampDriverError, lines: list[str]) -> None:
    """No class names, no traceback: what is wrong, and what to do."""
    assert list(render_error(error, style=STYLE)) == lines


def bug() -> Exception:
    """Return an error as a bug would raise it."""
    try:
        dict[str, str]()["x"]
    except KeyError as error:
        return error
    raise AssertionError


def test_a_bug_says_where_and_whom_to_tell() -> None:
    """A traceback frightens; one line is enough to search for."""
    first, last = render_bug(bug(), style=STYLE, verbose=False)
    assert first.startswith("error: unexpected KeyError: 'x' (")
    assert "please report it" in last


def test_a_bug_shows_its_traceback_when_asked() -> None:
    """Whoever reports it needs something to send."""
    assert any("Traceback" in line for line in render_bug(bug(), style=STYLE, verbose=True))
