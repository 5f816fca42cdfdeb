"""`swamp-driver run`."""

from __future__ import annotations

from typing import Unpack

import click

from swamp_driver.cli._assignments import read_assignments
from swamp_driver.cli._completion import complete_runs, complete_workflows
from swamp_driver.cli._help import PanelOption, TeachingCommand
from swamp_driver.cli._options import driver_options, input_options
from swamp_driver.cli._watch import (
    RUN_EXIT_CODES,
    ViewOptions,
    verbosity_of,
    view_options,
    watch_run,
)
from swamp_driver.host import (
    Earlier,
    HostSettings,
    RegistryCatalog,
    RunOptions,
    find_earlier,
    open_store,
    plan_file,
    run,
)
from swamp_driver.workflow import Plan, Preserve

_EXAMPLES = (
    ("every step on this host", "swamp-driver run ci.yaml"),
    ("with inputs: a text, and a number", "swamp-driver run ci.yaml -i repo=. -i tries:=3"),
    (
        "all steps in one container",
        "swamp-driver run ci.yaml --driver docker-session \\\n  --driver-config image=node:20",
    ),
    ("keep the workspace of a run that fails", "swamp-driver run ci.yaml --preserve on-failure"),
    (
        "only what failed, in the workspace that was kept",
        "swamp-driver run ci.yaml --rerun-failed kx3",
    ),
    ("events for a program", "swamp-driver run ci.yaml --format json | jq .kind"),
)
_EXIT_CODES = (
    *RUN_EXIT_CODES[:2],
    (2, "the file, the options or the choice of a driver is wrong; nothing ran"),
    *RUN_EXIT_CODES[2:],
)


class _Options(ViewOptions):
    inputs: tuple[str, ...]
    input_file: str | None
    driver: str | None
    driver_config: tuple[str, ...]
    preserve: Preserve | None
    preserve_workspace: bool
    no_wait: bool
    rerun_failed: str | None


@click.command("run", cls=TeachingCommand, examples=_EXAMPLES, exit_codes=_EXIT_CODES)
@click.argument("file", shell_complete=complete_workflows)
@input_options
@driver_options
@click.option(
    "--preserve-workspace",
    is_flag=True,
    cls=PanelOption,
    panel="Workspace",
    help="Keep the workspace; the same as `--preserve always`.",
)
@click.option(
    "--preserve",
    type=click.Choice(["never", "on-failure", "always"]),
    cls=PanelOption,
    panel="Workspace",
    help="When to keep the workspace, whatever the file says.",
)
@click.option(
    "--rerun-failed",
    metavar="RUN",
    shell_complete=complete_runs,
    cls=PanelOption,
    panel="Workspace",
    help="Take over what succeeded in an earlier run, and run the rest in its workspace, which "
    "must have been kept; its inputs hold where none are given.",
)
@click.option(
    "--no-wait",
    is_flag=True,
    cls=PanelOption,
    panel="Workspace",
    help="Fail at once where another run holds the persistent workspace.",
)
@view_options
@click.pass_context
def command(ctx: click.Context, file: str, **options: Unpack[_Options]) -> int:
    """Run a workflow.

    Ctrl-C, SIGTERM and a closed terminal stop it: the first time steps get TERM and their grace
    period, the second time they are killed. What the run made is cleaned up in any case.
    """
    ctx.obj.verbose = ctx.obj.verbose or options["verbose"]
    verbosity_of(options)  # wrong options are said before the file is read
    catalog = RegistryCatalog()
    earlier = _earlier(options["rerun_failed"])
    inputs = read_assignments(options["inputs"], option="--input", file=options["input_file"])
    planned = plan_file(
        file,
        inputs=inputs if earlier is None else {**earlier.record.inputs, **inputs},
        driver=options["driver"],
        driver_config=read_assignments(options["driver_config"], option="--driver-config") or None,
        drivers=catalog,
    )
    return watch_run(
        options,
        lambda watched: run(
            planned,
            observers=watched.observers,
            cancel=watched.cancel,
            options=watched.options,
            drivers=catalog,
        ),
        lines=_step_lines(planned),
        options=RunOptions(
            preserve="always" if options["preserve_workspace"] else options["preserve"],
            wait=not options["no_wait"],
            earlier=earlier,
        ),
        has_reports=bool(planned.reports.reports),
    )


def _earlier(prefix: str | None) -> Earlier | None:
    if prefix is None:
        return None
    with open_store(HostSettings.from_environment()) as store:
        return find_earlier(store, prefix)


def _step_lines(planned: Plan) -> dict[str, int]:
    return {step.id: step.line for job in planned.jobs for step in job.steps}
