"""`swamp-driver reports`."""

from __future__ import annotations

import shutil
import sys

import click

from swamp_driver.cli._completion import complete_runs
from swamp_driver.cli._help import TeachingCommand
from swamp_driver.cli._options import json_option
from swamp_driver.cli._print import out_style, print_json, print_lines
from swamp_driver.cli._report_text import report_lines, report_to_json
from swamp_driver.cli._style import is_terminal
from swamp_driver.errors import NotFoundError
from swamp_driver.host import HostSettings, ReportRecord, open_store


@click.command(
    "reports",
    cls=TeachingCommand,
    examples=(
        ("what the newest run reports", "swamp-driver reports"),
        ("one report, into a file", "swamp-driver reports last eval_analysis > analysis.md"),
        ("its figures, for a program", "swamp-driver reports last eval_analysis --json"),
    ),
)
@click.argument("run", shell_complete=complete_runs, default="last", metavar="[RUN]")
@click.argument("name", required=False, metavar="[NAME]")
@json_option
def command(run: str, name: str | None, *, as_json: bool) -> None:
    """Show the reports on a run.

    RUN is an id, the beginning of one, or `last` (the default). NAME shows one report only. On a
    terminal Markdown is set for reading; into a file it goes as it is.
    """
    with open_store(HostSettings.from_environment()) as store:
        record = store.find_run(run)
        reports = _named(store.reports(record.run_id), name, run_id=record.run_id)
    if as_json:
        print_json({"run": record.run_id, "reports": [report_to_json(one) for one in reports]})
        return
    if not reports:
        print_lines([f"no reports on run {record.run_id}"])
    width = shutil.get_terminal_size().columns if is_terminal(sys.stdout) else None
    print_lines(report_lines(reports, style=out_style(), width=width))


def _named(
    reports: tuple[ReportRecord, ...], name: str | None, *, run_id: str
) -> tuple[ReportRecord, ...]:
    found = tuple(report for report in reports if name in (None, report.name))
    if name is not None and not found:
        names = ", ".join(sorted({report.name for report in reports})) or "none"
        raise NotFoundError(f"there is no report '{name}' on run {run_id} (there are: {names})")
    return found
