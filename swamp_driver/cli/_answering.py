"""What `approve`, `reject` and `resume` have in common."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from swamp_driver.cli._completion import complete_waiting_runs
from swamp_driver.cli._durations import format_time
from swamp_driver.cli._print import err_style, print_errors, print_lines
from swamp_driver.cli._untrusted import escape_controls
from swamp_driver.cli._watch import (
    RUN_EXIT_CODES,
    ViewOptions,
    verbosity_of,
    view_options,
    watch_run,
)
from swamp_driver.host import (
    Answer,
    Approval,
    HostSettings,
    RegistryCatalog,
    RunOptions,
    answer_run,
    open_store,
    resume_run,
    wait_until_heard,
)
from swamp_driver.spec import RunStatus

F = TypeVar("F", bound=Callable[..., Any])

EXIT_CODES = (
    *RUN_EXIT_CODES[:2],
    (2, "there is no such run or step, it waits for no answer, or was answered before"),
    *RUN_EXIT_CODES[2:],
)


class AnswerOptions(ViewOptions):
    """What `answer_options` gives a command."""

    reason: str
    by: str | None
    no_resume: bool


def answer_options(command: F) -> F:
    """Add the arguments and options of an answer."""
    for decorate in reversed(_OPTIONS):
        command = decorate(command)
    return command


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.argument("run", shell_complete=complete_waiting_runs),
    click.argument("step", required=False, metavar="[JOB/STEP]"),
    click.option("--reason", default="", metavar="TEXT", help="Why; it is recorded."),
    click.option(
        "--by", metavar="NAME", help="Who answers; by default the user who calls the command."
    ),
    click.option(
        "--no-resume",
        is_flag=True,
        help="Only record the answer; `swamp-driver resume` lets the run go on.",
    ),
    view_options,
)


def give_answer(run: str, step: str | None, answer: Answer, options: AnswerOptions) -> int:
    """Record an answer, and let the run go on in this process; return the exit code."""
    verbosity_of(options)
    with open_store(HostSettings.from_environment()) as store:
        found = answer_run(
            store, run, step, answer, by=options["by"] or _caller(), reason=options["reason"]
        )
        _tell(found, answer, print_lines if options["no_resume"] else print_errors)
        status = wait_until_heard(store, found)
    if status is not RunStatus.SUSPENDED or options["no_resume"]:
        if status is RunStatus.RUNNING:
            print_errors([f"run {found.run_id} goes on in the process that runs it"])
        return 0 if found.answer == answer else 2
    return go_on(found.run_id, options)


def go_on(run: str, options: ViewOptions) -> int:
    """Let a suspended run go on in this process; return its exit code."""
    catalog = RegistryCatalog()
    return watch_run(
        options,
        lambda watched: resume_run(
            run,
            observers=watched.observers,
            cancel=watched.cancel,
            options=watched.options,
            drivers=catalog,
        ),
        lines={},
        options=RunOptions(),
        has_reports=True,
    )


def _tell(found: Approval, wanted: Answer, say: Callable[[Iterable[str]], None]) -> None:
    """Say what was recorded: on stderr where stdout is for the rest of the run."""
    label = escape_controls(found.label)
    if found.answer == wanted:
        say([f"'{label}' of run {found.run_id}: {escape_controls(found.words)}"])
        return
    assert found.expires_at is not None
    mark = err_style().paint("error:", "bad")
    when = format_time(found.expires_at)
    print_errors([f"{mark} the time for '{label}' passed at {when}: it counts as rejected"])


def _caller() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, in a container
        return ""
