"""What a run shows of its reports when it has ended."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from swamp_driver.cli._print import out_style, print_lines
from swamp_driver.cli._report_text import report_lines
from swamp_driver.cli._sinks import Format, Verbosity, choose_format
from swamp_driver.cli._style import is_terminal
from swamp_driver.host import HostSettings, ReportRecord, ReportStatus, open_store


def show_reports(run_id: str, *, format_: Format, verbosity: Verbosity) -> None:
    """Show the reports on a run, as far as its format has a place for them.

    In GitHub Actions they also go to the summary page of the job. Nothing is printed with `json`,
    whose lines are events, and with `--quiet`.
    """
    chosen = choose_format(format_, terminal=is_terminal(sys.stdout), environ=os.environ)
    if chosen == "json":
        return
    with open_store(HostSettings.from_environment()) as store:
        reports = store.reports(run_id)
    page = os.environ.get("GITHUB_STEP_SUMMARY")
    if chosen == "github" and page:
        _write_summary(Path(page), reports)
    if verbosity is not Verbosity.QUIET:
        width = shutil.get_terminal_size().columns if is_terminal(sys.stdout) else None
        print_lines(["", *report_lines(reports, style=out_style(), width=width)])


def _write_summary(page: Path, reports: Sequence[ReportRecord]) -> None:
    made = [report.markdown for report in reports if report.status is ReportStatus.MADE]
    with page.open("a", encoding="utf-8") as file:
        file.write("".join(f"{markdown}\n\n" for markdown in made))
