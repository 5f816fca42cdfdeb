"""`swamp-driver logs`."""

from __future__ import annotations

import json
import sys

import click

from swamp_driver.cli._completion import complete_runs
from swamp_driver.cli._help import TeachingCommand
from swamp_driver.cli._log_text import log_to_json, log_to_lines, select_steps
from swamp_driver.cli._print import out_style
from swamp_driver.cli._streams import stdout
from swamp_driver.cli._style import is_terminal
from swamp_driver.host import HostSettings, open_store
from swamp_driver.spec import Stream


@click.command(
    "logs",
    cls=TeachingCommand,
    examples=(
        ("all steps of the newest run", "swamp-driver logs"),
        ("one step", "swamp-driver logs last build/test"),
        ("the bytes of a step, exactly", "swamp-driver logs build/test > out.bin"),
        ("what went to stderr in another run", "swamp-driver logs kx3 --stream stderr"),
    ),
)
@click.argument("run", shell_complete=complete_runs, default="last", metavar="[RUN]")
@click.argument("step", required=False, metavar="[JOB/STEP]")
@click.option("--stream", type=click.Choice(["stdout", "stderr"]), help="Only this stream.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines: one for each piece.")
def command(run: str, step: str | None, *, stream: Stream | None, as_json: bool) -> None:
    """Print what the steps of a run printed.

    RUN is an id, the beginning of one, or `last` (the default). A single step is printed as it is,
    byte for byte, where stdout is not a terminal. On a terminal control characters are made
    visible; where there are several steps, their names stand before the lines.
    """
    if step is None and "/" in run:
        run, step = "last", run
    out = stdout()
    with open_store(HostSettings.from_environment()) as store:
        record = store.find_run(run)
        steps = select_steps(record, step)
        for one in steps:
            pieces = (
                piece
                for piece in store.step_output(record.run_id, one.step_id)
                if stream in (None, piece.stream)
            )
            if as_json:
                for piece in pieces:
                    out.line(json.dumps(log_to_json(one, piece)))
            elif step is not None and not is_terminal(sys.stdout):
                for piece in pieces:
                    out.write_bytes(piece.data)
            else:
                for text in log_to_lines(one, pieces, style=out_style(), prefix=step is None):
                    out.write(text)
