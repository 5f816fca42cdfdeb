"""`swamp-driver reject`."""

from __future__ import annotations

from typing import Unpack

import click

from swamp_driver.cli._answering import EXIT_CODES, AnswerOptions, answer_options, give_answer
from swamp_driver.cli._help import TeachingCommand


@click.command(
    "reject",
    cls=TeachingCommand,
    examples=(
        ("end a run that waits for one answer", "swamp-driver reject kx3 --reason 'not today'"),
        ("one of several", "swamp-driver reject kx3 deploy/ask"),
    ),
    exit_codes=EXIT_CODES,
)
@answer_options
@click.pass_context
def command(
    ctx: click.Context, run: str, step: str | None, **options: Unpack[AnswerOptions]
) -> int:
    """Reject a step that waits for an approval, and let the run go on here.

    RUN is an id, the beginning of one, or `last`; JOB/STEP is needed where several steps wait. The
    step has failed: steps that ask for it run still (`failed`, `completed`, `always`), and what the
    run kept is removed at its end. One answer counts, whoever gives it.
    """
    ctx.obj.verbose = ctx.obj.verbose or options["verbose"]
    return give_answer(run, step, "rejected", options)
