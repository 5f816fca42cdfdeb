"""`swamp-driver run`."""

from __future__ import annotations

import contextlib
from typing import TypedDict, Unpack

import click

from swamp_driver.cli._assignments import read_assignments
from swamp_driver.cli._completion import complete_workflows
from swamp_driver.cli._help import PanelOption, TeachingCommand
from swamp_driver.cli._options import driver_options, input_options
from swamp_driver.cli._signals import cancel_on_signals
from swamp_driver.cli._sinks import FORMATS, Format, Verbosity, open_sink
from swamp_driver.cli._telemetry import open_telemetry
from swamp_driver.host import RegistryCatalog, RunOptions, plan_file, run
from swamp_driver.spec import CancelToken
from swamp_driver.workflow import Plan, Preserve

_EXAMPLES = (
    ("every step on this host", "swamp-driver run ci.yaml"),
    ("with inputs: a text, and a number", "swamp-driver run ci.yaml -i repo=. -i tries:=3"),
    (
        "all steps in one container",
        "swamp-driver run ci.yaml --driver docker-session \\\n  --driver-config image=node:20",
    ),
    ("keep the workspace of a run that fails", "swamp-driver run ci.yaml --preserve on-failure"),
    ("events for a program", "swamp-driver run ci.yaml --format json | jq .kind"),
)
_EXIT_CODES = (
    (0, "every job succeeded or was skipped"),
    (1, "a step failed"),
    (2, "the file, the options or the choice of a driver is wrong; nothing ran"),
    (3, "a driver or its engine broke"),
    (130, "interrupted; once: steps get time to end, twice: they are killed"),
)


class _Options(TypedDict):
    inputs: tuple[str, ...]
    input_file: str | None
    driver: str | None
    driver_config: tuple[str, ...]
    preserve: Preserve | None
    preserve_workspace: bool
    no_wait: bool
    format_: Format
    quiet: bool
    verbose: bool
    otel: bool | None


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
    "--no-wait",
    is_flag=True,
    cls=PanelOption,
    panel="Workspace",
    help="Fail at once where another run holds the persistent workspace.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    default="auto",
    show_default=True,
    cls=PanelOption,
    panel="Output",
    help="How to show the run: `auto` is `tty` on a terminal, `github` in GitHub Actions, else "
    "`plain`.",
)
@click.option(
    "--quiet",
    "-q",
    is_flag=True,
    cls=PanelOption,
    panel="Output",
    help="Show failures and the last line only.",
)
@click.option(
    "--verbose",
    "-v",
    is_flag=True,
    cls=PanelOption,
    panel="Output",
    help="Show commands, resources and what drivers do; tracebacks of unexpected errors.",
)
@click.option(
    "--otel/--no-otel",
    "otel",
    default=None,
    cls=PanelOption,
    panel="Output",
    help="Export spans over OTLP (needs `swamp-drivers[otel]`); on where "
    "`OTEL_EXPORTER_OTLP_ENDPOINT` is set and the extra is installed.",
)
@click.pass_context
def command(ctx: click.Context, file: str, **options: Unpack[_Options]) -> int:
    """Run a workflow.

    Ctrl-C, SIGTERM and a closed terminal stop it: the first time steps get TERM and their grace
    period, the second time they are killed. What the run made is cleaned up in any case.
    """
    ctx.obj.verbose = ctx.obj.verbose or options["verbose"]
    verbosity = _verbosity(options)
    catalog = RegistryCatalog()
    planned = plan_file(
        file,
        inputs=read_assignments(options["inputs"], option="--input", file=options["input_file"]),
        driver=options["driver"],
        driver_config=read_assignments(options["driver_config"], option="--driver-config") or None,
        drivers=catalog,
    )
    sink = open_sink(options["format_"], verbosity=verbosity, lines=_step_lines(planned))
    cancel = CancelToken()
    with (
        open_telemetry(options["otel"]) as telemetry,
        contextlib.closing(sink),
        cancel_on_signals(cancel, say=sink.say),
    ):
        record = run(
            planned,
            observers=[sink] if telemetry is None else [sink, telemetry],
            cancel=cancel,
            options=RunOptions(
                preserve="always" if options["preserve_workspace"] else options["preserve"],
                wait=not options["no_wait"],
                step_env=None if telemetry is None else telemetry.step_env,
            ),
            drivers=catalog,
        )
    if planned.reports.reports:
        from swamp_driver.cli._run_reports import show_reports  # noqa: PLC0415 - few runs have any

        show_reports(record.run_id, format_=options["format_"], verbosity=verbosity)
    return 3 if record.exit_code is None else record.exit_code


def _verbosity(options: _Options) -> Verbosity:
    if options["quiet"] and options["verbose"]:
        raise click.UsageError("--quiet and --verbose exclude each other")
    if options["quiet"]:
        return Verbosity.QUIET
    return Verbosity.VERBOSE if options["verbose"] else Verbosity.NORMAL


def _step_lines(planned: Plan) -> dict[str, int]:
    return {step.id: step.line for job in planned.jobs for step in job.steps}
