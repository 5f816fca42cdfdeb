"""`swamp-driver enter`."""

from __future__ import annotations

import os
import shlex

import click

from swamp_driver.cli._completion import complete_drivers, complete_runs
from swamp_driver.cli._help import TeachingCommand
from swamp_driver.cli._print import print_errors, print_lines
from swamp_driver.errors import UnavailableError
from swamp_driver.host import HostSettings, enter_command, open_store


@click.command(
    "enter",
    cls=TeachingCommand,
    examples=(
        (
            "keep the workspace of a run that failed, and go into it",
            "swamp-driver run ci.yaml --preserve on-failure\nswamp-driver enter",
        ),
        ("see the command that would be run", "swamp-driver enter kx3 --print"),
    ),
)
@click.argument("run", shell_complete=complete_runs, default="last")
@click.option(
    "--driver",
    shell_complete=complete_drivers,
    help="Where the run used several drivers: the place of the steps of this one.",
)
@click.option("--print", "only_print", is_flag=True, help="Print the command; do not run it.")
def command(run: str, *, driver: str | None, only_print: bool) -> None:
    """Open a shell where the steps of a run ran: its workspace, and the image it had.

    RUN is an id, the beginning of one, or `last` (the default). The workspace must have been kept.
    """
    with open_store(HostSettings.from_environment()) as store:
        record = store.find_run(run)
    found = enter_command(record, driver=driver)
    if only_print:
        place = f"cd {shlex.quote(found.cwd)} && " if found.cwd else ""
        env = "".join(f"{name}={shlex.quote(value)} " for name, value in found.env.items())
        print_lines([f"{place}{env}{shlex.join(found.argv)}"])
        return
    if found.cwd is not None:
        os.chdir(found.cwd)
    print_errors([f"in the workspace of run {record.run_id}; 'exit' leaves it"])
    try:
        os.execvpe(found.argv[0], found.argv, {**os.environ, **found.env})  # noqa: S606 - a person's shell
    except OSError as error:
        raise UnavailableError(f"'{found.argv[0]}' cannot be run: {error.strerror}") from error
