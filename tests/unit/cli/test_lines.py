"""Chunks become lines, wherever they were cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from swamp_driver.cli._lines import LONGEST_LINE, LineReader

PIECES = st.lists(st.binary(max_size=6), max_size=20)


def read(*chunks: bytes) -> list[str]:
    """Return the lines of a stream that came in these chunks."""
    reader = LineReader()
    return [line for chunk in chunks for line in reader.feed(chunk)] + reader.finish()


def test_a_line_split_over_chunks_comes_once() -> None:
    """A pipe cuts output anywhere; a person reads lines."""
    assert read(b"one\ntw", b"o\nthr", b"ee") == ["one", "two", "three"]


def test_a_character_split_over_chunks_is_whole() -> None:
    """UTF-8 characters are cut as well."""
    assert read(b"\xe2\x82", b"\xac 5\n") == ["€ 5"]


def test_what_is_not_utf8_does_not_stop_the_rest() -> None:
    """Steps print any bytes."""
    assert read(b"\xff\xfe ok\n") == ["\ufffd\ufffd ok"]


def test_a_cut_character_at_the_end_is_shown() -> None:
    """Nothing that was printed is dropped without a trace."""
    assert read(b"50 \xe2\x82") == ["50 \ufffd"]


def test_a_progress_bar_is_its_last_state() -> None:
    """Each state of a bar overwrites the one before, on a terminal and here."""
    assert read(b"10%\r", b"50%\r100%\ndone\n") == ["100%", "done"]


def test_windows_line_ends_are_line_ends() -> None:
    """A carriage return before the line end overwrites nothing."""
    assert read(b"one\r", b"\ntwo\r\n") == ["one", "two"]


def test_the_unfinished_line_can_be_seen() -> None:
    """The tree shows what a step prints now, also before its line ends."""
    reader = LineReader()
    reader.feed(b"one\n10%\r20%\r")
    assert reader.unfinished == "20%"


def test_a_line_that_never_ends_is_passed_on_in_pieces() -> None:
    """A step may print a gigabyte without a line end; memory must stay bounded."""
    reader = LineReader()
    lines = reader.feed(b"\0" * (LONGEST_LINE * 3 + 5))
    assert [len(line) for line in lines] == [LONGEST_LINE] * 3
    assert len(reader.unfinished) == 5


def test_a_long_progress_bar_keeps_its_last_state() -> None:
    """What was overwritten is dropped before anything is passed on."""
    reader = LineReader()
    for percent in range(LONGEST_LINE):
        assert reader.feed(b"%d%%\r" % percent) == []
    assert reader.unfinished == f"{LONGEST_LINE - 1}%"


@given(PIECES)
def test_lines_do_not_depend_on_the_cuts(pieces: list[bytes]) -> None:
    """The same output gives the same lines, however the pipe cut it."""
    assert read(*pieces) == read(b"".join(pieces))
