"""`swamp-driver resume`."""

from __future__ import annotations

from typing import Unpack

import click

from swamp_driver.cli._answering import EXIT_CODES, go_on
from swamp_driver.cli._completion import complete_waiting_runs
from swamp_driver.cli._help import TeachingCommand
from swamp_driver.cli._watch import ViewOptions, verbosity_of, view_options


@click.command(
    "resume",
    cls=TeachingCommand,
    examples=(
        ("after 'approve --no-resume'", "swamp-driver resume kx3"),
        ("whatever was answered, show the rest as events", "swamp-driver resume kx3 --format json"),
    ),
    exit_codes=EXIT_CODES,
)
@click.argument("run", shell_complete=complete_waiting_runs)
@view_options
@click.pass_context
def command(ctx: click.Context, run: str, **options: Unpack[ViewOptions]) -> int:
    """Let a suspended run go on here, with the answers that were given meanwhile.

    It has the plan that it was begun with, whatever became of its file, and the workspace that was
    kept; steps that ended are not run again. Where it still waits for an answer it is suspended
    again.
    """
    ctx.obj.verbose = ctx.obj.verbose or options["verbose"]
    verbosity_of(options)
    return go_on(run, options)
