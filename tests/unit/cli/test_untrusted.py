"""Text that we did not write cannot do anything to a terminal."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swamp_driver.cli._untrusted import (
    RESET,
    cell_width,
    clip,
    colours_left_on,
    escape_controls,
    escape_lines,
    pad,
    show_output,
)

HOSTILE = st.text(st.sampled_from("a \t\x00\x07\x1b[]0;8m2JK?25hl\r\n\x7f\x9b\u202e\u2066é日"))


@given(HOSTILE)
def test_a_name_is_one_line_without_controls(text: str) -> None:
    """A step's name may come from an input; it must not be able to move the cursor."""
    assert re.search(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u202e\u2066]", escape_controls(text)) is None


@given(HOSTILE)
def test_output_keeps_no_control_but_colour(text: str) -> None:
    """Whatever a step prints, only SGR sequences reach the terminal."""
    shown = re.sub(r"\x1b\[[0-9;:]*m", "", show_output(text, colour=True))
    assert re.search(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u202e\u2066]", shown) is None


@given(HOSTILE)
def test_without_colour_no_escape_is_left(text: str) -> None:
    """NO_COLOR, and files, must get no sequence at all."""
    assert "\x1b" not in show_output(text, colour=False)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
        ("\x1b[2Jgone", "^[[2Jgone"),
        ("\x1b]0;title\x07", "^[]0;title^G"),
        ("\x1b]8;;http://evil\x1b\\link", "^[]8;;http://evil^[\\link"),
        ("100%\x1b[K", "100%"),
        ("\x1b[?25l...\x1b[?25h", "..."),
        ("a\tb", "a\tb"),
        ("user\u202egpj.exe", "user\\u202egpj.exe"),
        ("\x9b2J", "\\u009b2J"),
    ],
)
def test_output_is_shown_as_what_it_is(text: str, shown: str) -> None:
    """Colours stay, what a line view gives no meaning goes, everything else becomes visible."""
    assert show_output(text, colour=True) == shown


def test_lines_of_a_message_stay_lines() -> None:
    """Messages may have several lines; only what is within a line is made harmless."""
    assert escape_lines("one\r\ntwo\x1b[2J\n") == "one\ntwo^[[2J"


@pytest.mark.parametrize(
    ("line", "before", "after"),
    [
        ("plain", "", ""),
        ("plain", "\x1b[31m", "\x1b[31m"),
        ("\x1b[31mred", "", "\x1b[31m"),
        ("\x1b[1mbold", "\x1b[31m", "\x1b[31m\x1b[1m"),
        (f"\x1b[31mred{RESET}", "\x1b[1m", ""),
        ("\x1b[31mred\x1b[m", "", ""),
        (f"{RESET}then \x1b[32mgreen", "\x1b[31m", "\x1b[32m"),
        ("\x1b[31m" * 100, "", ""),
    ],
)
def test_colours_go_on_in_the_next_line(line: str, before: str, after: str) -> None:
    """A compiler colours several lines at once; other text stands between them here."""
    assert colours_left_on(line, before=before) == after


def test_wide_characters_take_two_columns() -> None:
    """Columns line up only if the width is that of the terminal, not the count of characters."""
    assert cell_width("日本") == 4
    assert cell_width("e\u0301") == 1
    assert pad("日", 4) == "日  "


@given(st.text(), st.integers(0, 20))
def test_clipped_text_fits(text: str, width: int) -> None:
    """A line that is too wide wraps, and then the live view erases too few lines."""
    assert cell_width(clip(text, width)) <= width


def test_clipping_says_that_something_is_missing() -> None:
    """A name that was cut must not look like another name."""
    assert clip("evaluate", 5) == "eval…"
    assert clip("eval", 5) == "eval"
