"""`swamp-driver approve`."""

from __future__ import annotations

from typing import Unpack

import click

from swamp_driver.cli._answering import EXIT_CODES, AnswerOptions, answer_options, give_answer
from swamp_driver.cli._help import TeachingCommand


@click.command(
    "approve",
    cls=TeachingCommand,
    examples=(
        ("let a run go on that waits for one answer", "swamp-driver approve kx3"),
        ("one of several", "swamp-driver approve kx3 deploy/ask --reason 'looks good'"),
        ("only record it", "swamp-driver approve kx3 --no-resume"),
    ),
    exit_codes=EXIT_CODES,
)
@answer_options
@click.pass_context
def command(
    ctx: click.Context, run: str, step: str | None, **options: Unpack[AnswerOptions]
) -> int:
    """Approve a step that waits for it, and let the run go on here.

    RUN is an id, the beginning of one, or `last`; JOB/STEP is needed where several steps wait. One
    answer counts, whoever gives it. An answer after the time-out of the step is refused, and the
    step counts as rejected.

    The run goes on in this process with the plan that it was begun with; steps that ended are not
    run again. What their drivers let pass of the environment is that of this process.
    """
    ctx.obj.verbose = ctx.obj.verbose or options["verbose"]
    return give_answer(run, step, "approved", options)
