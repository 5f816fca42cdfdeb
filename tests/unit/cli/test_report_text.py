"""Reports as they are printed: set for a person, unchanged for a file, harmless for both."""

from __future__ import annotations

import pytest

from swamp_driver.cli._report_text import report_lines
from swamp_driver.cli._style import Style
from swamp_driver.cli._untrusted import cell_width
from swamp_driver.host import ReportRecord, ReportStatus

PLAIN = Style()
MARKDOWN = "# Title\n\nSome **strong** words.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"


def _report(
    markdown: str = "",
    *,
    status: ReportStatus = ReportStatus.MADE,
    error: str = "",
    words: str = "",
) -> ReportRecord:
    return ReportRecord(
        name="r", scope="workflow", status=status, markdown=markdown, error=error, words=words
    )


def _lines(report: ReportRecord, *, width: int | None = None, style: Style = PLAIN) -> list[str]:
    return list(report_lines([report], style=style, width=width))


def test_into_a_file_markdown_goes_as_it_is_written() -> None:
    """It is Markdown that the next program wants to read."""
    assert _lines(_report(MARKDOWN)) == ["✓ report r", "", *MARKDOWN.splitlines(), ""]


def test_on_a_terminal_markdown_is_set_to_its_width() -> None:
    """A person reads words, not signs, and no line may break the frame."""
    lines = _lines(_report(MARKDOWN + "word " * 60), width=40)

    text = "\n".join(lines)
    assert "Some strong words." in text
    assert "**" not in text
    assert max(map(cell_width, lines)) <= 40


@pytest.mark.parametrize("width", [None, 60])
def test_what_a_report_says_cannot_drive_the_terminal(width: int | None) -> None:
    """A report may quote what a hostile step wrote."""
    hostile = "\x1b]0;title\x07 \x1b[2J \u202e \x9b1m [link](http://evil.example)"

    text = "\n".join(_lines(_report(hostile), width=width, style=Style(colour=width is not None)))

    for sign in ("\x1b]", "\x07", "\x1b[2J", "\u202e", "\x9b"):
        assert sign not in text
    assert "evil.example" in text


def test_a_report_that_failed_is_shown_with_the_end_of_what_it_printed() -> None:
    """Its author needs the traceback, and the others one line."""
    failed = _report(status=ReportStatus.FAILED, error="ValueError: x", words="a\n\x1b[2Jb\n")

    assert _lines(failed) == [
        "✗ report r",
        "",
        "  could not be made: ValueError: x",
        "  | a",
        "  | ^[[2Jb",
        "",
    ]


def test_a_report_with_nothing_to_say_is_left_out() -> None:
    """It says so by returning nothing."""
    assert _lines(_report(status=ReportStatus.EMPTY)) == []
