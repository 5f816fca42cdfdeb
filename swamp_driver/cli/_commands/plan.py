"""`swamp-driver plan`."""

from __future__ import annotations

import os
import shutil
import sys

import click

from swamp_driver.cli._assignments import read_assignments
from swamp_driver.cli._completion import complete_workflows
from swamp_driver.cli._fields import Fields
from swamp_driver.cli._help import TeachingCommand
from swamp_driver.cli._options import driver_options, input_options, json_option
from swamp_driver.cli._plan_lines import render_plan
from swamp_driver.cli._print import out_style, print_json, print_lines
from swamp_driver.cli._style import is_terminal
from swamp_driver.host import HostSettings, RegistryCatalog, plan_file
from swamp_driver.host.outline import outline_plan
from swamp_driver.workflow import plan_to_json


@click.command(
    "plan",
    cls=TeachingCommand,
    examples=(
        ("what a run would do", "swamp-driver plan ci.yaml"),
        (
            "the same in containers, with an input",
            "swamp-driver plan ci.yaml -i repo=. --driver docker -c image=node:20",
        ),
        ("which driver each step gets", "swamp-driver plan ci.yaml --json | jq .bindings"),
    ),
    exit_codes=(
        (0, "it can be run"),
        (2, "the file, the inputs, the options or the choice of a driver is wrong"),
        (3, "a driver cannot be loaded"),
    ),
)
@click.argument("file", shell_complete=complete_workflows)
@input_options
@driver_options
@json_option
def command(
    file: str,
    *,
    inputs: tuple[str, ...],
    input_file: str | None,
    driver: str | None,
    driver_config: tuple[str, ...],
    as_json: bool,
) -> None:
    """Show what a run would do, and do nothing.

    For each step: its driver with all options, what it waits for, the names of its variables, its
    time-out, and what only the run can tell. What a run would refuse is refused. `--json` is the
    plan itself, which another process or machine can run.
    """
    catalog = RegistryCatalog()
    planned = plan_file(
        file,
        inputs=read_assignments(inputs, option="--input", file=input_file),
        driver=driver,
        driver_config=read_assignments(driver_config, option="--driver-config") or None,
        drivers=catalog,
    )
    outline = outline_plan(
        planned, catalog=catalog, environ=os.environ, settings=HostSettings.from_environment()
    )
    if as_json:
        print_json(plan_to_json(planned))
        return
    width = shutil.get_terminal_size().columns if is_terminal(sys.stdout) else None
    print_lines(render_plan(outline, fields=Fields(style=out_style(), width=width)))
