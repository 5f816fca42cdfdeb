"""`swamp-driver runs`."""

from __future__ import annotations

import time

import click

from swamp_driver.cli._columns import Cell
from swamp_driver.cli._durations import format_age, format_duration
from swamp_driver.cli._help import TeachingCommand
from swamp_driver.cli._options import json_option
from swamp_driver.cli._print import print_columns, print_json, print_lines
from swamp_driver.cli._record_json import run_to_json
from swamp_driver.cli._style import STATUS_ROLES
from swamp_driver.host import HostSettings, RunRecord, open_store


@click.command(
    "runs",
    cls=TeachingCommand,
    examples=(
        ("the last twenty", "swamp-driver runs"),
        ("the id of the newest", "swamp-driver runs --json | jq -r '.[0].run_id'"),
    ),
)
@click.option(
    "--limit",
    "-n",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    metavar="N",
    help="How many.",
)
@json_option
def command(*, limit: int, as_json: bool) -> None:
    """List runs, the newest first."""
    with open_store(HostSettings.from_environment()) as store:
        store.close_interrupted()
        runs = store.runs(limit=limit)
    if as_json:
        print_json([run_to_json(run) for run in runs])
    elif runs:
        print_columns(("RUN", "STATUS", "STARTED", "TOOK", "WORKFLOW"), [_row(run) for run in runs])
    else:
        print_lines(["there are no runs yet: 'swamp-driver run FILE' makes one"])


def _row(run: RunRecord) -> list[Cell]:
    now = time.time()
    ended = now if run.ended_at is None else run.ended_at
    return [
        Cell(run.run_id, "strong"),
        Cell(run.status.value, STATUS_ROLES.get(run.status.value)),
        Cell(format_age(now - run.started_at)),
        Cell(format_duration(ended - run.started_at)),
        Cell(f"{run.workflow} ({run.source})"),
    ]
