"""`swamp-driver show`."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Iterator, Sequence

import attrs
import click

from swamp_driver.cli._columns import Cell
from swamp_driver.cli._completion import complete_runs
from swamp_driver.cli._durations import (
    format_age,
    format_bytes,
    format_duration,
    format_elapsed,
    format_time,
)
from swamp_driver.cli._handed_on import HANDED_ON, handed_on_rows
from swamp_driver.cli._help import TeachingCommand
from swamp_driver.cli._options import json_option
from swamp_driver.cli._print import out_style, print_columns, print_json, print_lines
from swamp_driver.cli._question_lines import question_lines
from swamp_driver.cli._record_json import run_to_json
from swamp_driver.cli._report_text import report_lines, report_to_json
from swamp_driver.cli._style import STATUS_ROLES, Style, is_terminal
from swamp_driver.cli._untrusted import escape_controls
from swamp_driver.cli._words import describe_end, state_of
from swamp_driver.host import (
    Approvals,
    HostSettings,
    ReportRecord,
    RunRecord,
    StepRecord,
    open_store,
)
from swamp_driver.spec import RunStatus


@click.command(
    "show",
    cls=TeachingCommand,
    examples=(
        ("the newest run", "swamp-driver show"),
        ("the run whose id begins so, for a program", "swamp-driver show kx3 --json"),
    ),
)
@click.argument("run", shell_complete=complete_runs, default="last")
@click.option("--reports", "with_reports", is_flag=True, help="Show the reports on it, too.")
@json_option
def command(run: str, *, with_reports: bool, as_json: bool) -> None:
    """Show how a run went.

    RUN is an id, the beginning of one, or `last` (the default).
    """
    with open_store(HostSettings.from_environment()) as store:
        store.close_interrupted()
        record = store.find_run(run)
        reports = store.reports(record.run_id)
        approvals = Approvals(store).of_run(record.run_id)
    if as_json:
        shown = {"reports": [report_to_json(one) for one in reports]} if with_reports else {}
        asked = [attrs.asdict(one) for one in approvals]
        print_json({**run_to_json(record), "approvals": asked, **shown})
        return
    style = out_style()
    print_lines(_head(record, style))
    if record.steps:
        print_lines([""])
        header = ("STEP", "TOOK", "CPU", "MEMORY", "DRIVER", "ENDED")
        print_columns(header, [_row(step, style) for step in record.steps])
    handed_on = [row for step in record.steps for row in handed_on_rows(step)]
    if handed_on:
        print_lines([""])
        print_columns(HANDED_ON, handed_on)
    if with_reports:
        width = shutil.get_terminal_size().columns if is_terminal(sys.stdout) else None
        print_lines(["", *report_lines(reports, style=style, width=width)])
    if record.ended_at is None or record.status is RunStatus.SUSPENDED:
        asking = [(one.label, one.prompt) for one in approvals if one.answer is None]
        print_lines(question_lines(record.run_id, asking, style=style))
    print_lines(_foot(record, style, reports))


def _head(record: RunRecord, style: Style) -> Iterator[str]:
    status = record.status.value
    code = "" if record.exit_code is None else f" (exit code {record.exit_code})"
    yield f"{style.mark(status)} {style.paint(f'run {record.run_id}', 'strong')} {status}{code}"
    for key, text in _facts(record).items():
        yield f"  {key:<11}{escape_controls(text)}"


def _facts(record: RunRecord) -> dict[str, str]:
    now = time.time()
    ended = now if record.ended_at is None else record.ended_at
    age = format_age(now - record.started_at)
    facts = {
        "workflow": f"{record.workflow} ({record.source})",
        "started": f"{format_time(record.started_at)} ({age})",
        "took": format_duration(ended - record.started_at),
        "drivers": ", ".join(record.drivers),
    }
    if record.inputs:
        facts["inputs"] = json.dumps(record.inputs, ensure_ascii=False)
    if record.workspace_path is not None:
        state = "kept" if record.workspace_kept else "removed"
        state = "in use" if record.ended_at is None else state
        facts["workspace"] = f"{record.workspace_path} ({state})"
    return facts


def _row(step: StepRecord, style: Style) -> list[Cell]:
    status = state_of(step)
    usage = step.usage
    return [
        Cell(f"{style.symbol(status)} {step.job}/{step.step}", STATUS_ROLES.get(status)),
        Cell(_took(step)),
        Cell("-" if usage.cpu_s is None else format_duration(usage.cpu_s)),
        Cell("-" if usage.max_rss_bytes is None else format_bytes(usage.max_rss_bytes)),
        Cell(step.driver or "-"),
        Cell(describe_end(step)),
    ]


def _took(step: StepRecord) -> str:
    if step.started_at is None:
        return "-"
    still = time.time() - step.started_at
    return format_elapsed(still) if step.status is None else format_duration(step.duration_s)


def _foot(record: RunRecord, style: Style, reports: Sequence[ReportRecord]) -> Iterator[str]:
    for error in record.errors:
        yield f"{style.paint('error:', 'bad')} {escape_controls(error)}"
    yield ""
    yield style.paint(f"what its steps printed: swamp-driver logs {record.run_id}", "quiet")
    if reports:
        yield style.paint(f"its reports: swamp-driver reports {record.run_id}", "quiet")
