"""Reports as text: their Markdown set for a terminal, or as it is written."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from swamp_driver.cli._style import Style
from swamp_driver.cli._untrusted import escape_controls, escape_lines, show_output
from swamp_driver.host import ReportRecord, ReportStatus
from swamp_driver.spec import Json

_SHOWN_WORDS = 20


def report_lines(
    reports: Sequence[ReportRecord], *, style: Style, width: int | None
) -> Iterator[str]:
    """Yield reports that have something to say, each under its title.

    On a terminal (`width` is not None) the Markdown is set to its width; otherwise it is as it was
    written, so that it can be put into a file. Control characters are made visible.
    """
    for report in reports:
        if report.status is ReportStatus.EMPTY:
            continue
        yield from _title(report, style)
        if report.status is ReportStatus.FAILED:
            yield from _failure(report, style)
        else:
            yield from _set(escape_lines(report.markdown), style=style, width=width)
        yield ""


def report_to_json(report: ReportRecord) -> dict[str, Json]:
    """Return a report as JSON."""
    fields: dict[str, Any] = attrs.asdict(report)
    return fields


def _title(report: ReportRecord, style: Style) -> Iterator[str]:
    failed = report.status is ReportStatus.FAILED
    on = f" on {escape_controls(f'{report.job}/{report.step}')}" if report.step_id else ""
    name = style.paint(f"report {escape_controls(report.name)}{on}", "strong")
    yield f"{style.mark('failed' if failed else 'succeeded')} {name}"
    yield ""


def _failure(report: ReportRecord, style: Style) -> Iterator[str]:
    yield f"  {style.paint('could not be made:', 'bad')} {escape_controls(report.error)}"
    for line in report.words.splitlines()[-_SHOWN_WORDS:]:
        yield f"  {style.paint('|', 'quiet')} {show_output(line, colour=False)}"


def _set(markdown: str, *, style: Style, width: int | None) -> Iterator[str]:
    """Yield the lines of Markdown, set where it is for a terminal."""
    if width is None:
        yield from markdown.splitlines()
        return
    from rich.console import Console  # noqa: PLC0415 - takes 60 ms, and few commands need it
    from rich.markdown import Markdown  # noqa: PLC0415 - as above

    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=style.colour,
        no_color=not style.colour,
        color_system="standard" if style.colour else None,
        legacy_windows=False,
        safe_box=not style.unicode,
    )
    # No links: a terminal would follow where a report points, under a text of its choice.
    console.print(Markdown(markdown, hyperlinks=False))
    yield from (line.rstrip() for line in out.getvalue().splitlines())
