"""How a run that this process executes is shown, and stopped: the same for all commands."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any, TypedDict, TypeVar

import attrs
import click

from swamp_driver.cli._help import PanelOption
from swamp_driver.cli._signals import cancel_on_signals
from swamp_driver.cli._sinks import FORMATS, Format, Verbosity, open_sink
from swamp_driver.cli._telemetry import open_telemetry
from swamp_driver.host import Observer, RunOptions, RunRecord
from swamp_driver.spec import CancelToken

F = TypeVar("F", bound=Callable[..., Any])

RUN_EXIT_CODES = (
    (0, "every job succeeded or was skipped"),
    (1, "a step failed"),
    (3, "a driver or its engine broke"),
    (4, "the run is suspended: it waits for an approval"),
    (130, "interrupted; once: steps get time to end, twice: they are killed"),
)


class ViewOptions(TypedDict):
    """What `view_options` gives a command."""

    format_: Format
    quiet: bool
    verbose: bool
    otel: bool | None


def view_options(command: F) -> F:
    """Add the options that say how a run is shown."""
    for decorate in reversed(_OPTIONS):
        command = decorate(command)
    return command


@attrs.frozen(kw_only=True, eq=False)
class Watched:
    """What a run is executed with."""

    observers: list[Observer]
    cancel: CancelToken
    options: RunOptions


def watch_run(
    view: ViewOptions,
    execute: Callable[[Watched], RunRecord],
    *,
    lines: Mapping[str, int],
    options: RunOptions,
    has_reports: bool = False,
) -> int:
    """Execute a run, show it, let signals stop it; return its exit code.

    `lines` says where in the file the planned steps begin, by their id.
    """
    verbosity = verbosity_of(view)
    sink = open_sink(view["format_"], verbosity=verbosity, lines=lines)
    cancel = CancelToken()
    with (
        open_telemetry(view["otel"]) as telemetry,
        contextlib.closing(sink),
        cancel_on_signals(cancel, say=sink.say),
    ):
        step_env = None if telemetry is None else telemetry.step_env
        record = execute(
            Watched(
                observers=[sink] if telemetry is None else [sink, telemetry],
                cancel=cancel,
                options=attrs.evolve(options, step_env=step_env),
            )
        )
    if has_reports and record.exit_code != _SUSPENDED:
        from swamp_driver.cli._run_reports import show_reports  # noqa: PLC0415 - few runs have any

        show_reports(record.run_id, format_=view["format_"], verbosity=verbosity)
    return 3 if record.exit_code is None else record.exit_code


_SUSPENDED = 4


def verbosity_of(view: ViewOptions) -> Verbosity:
    """Return how much is shown; a usage error where the options exclude each other."""
    if view["quiet"] and view["verbose"]:
        raise click.UsageError("--quiet and --verbose exclude each other")
    if view["quiet"]:
        return Verbosity.QUIET
    return Verbosity.VERBOSE if view["verbose"] else Verbosity.NORMAL


_OPTIONS = (
    click.option(
        "--format",
        "format_",
        type=click.Choice(FORMATS),
        default="auto",
        show_default=True,
        cls=PanelOption,
        panel="Output",
        help="How to show the run: `auto` is `tty` on a terminal, `github` in GitHub Actions, else "
        "`plain`.",
    ),
    click.option(
        "--quiet",
        "-q",
        is_flag=True,
        cls=PanelOption,
        panel="Output",
        help="Show failures and the last line only.",
    ),
    click.option(
        "--verbose",
        "-v",
        is_flag=True,
        cls=PanelOption,
        panel="Output",
        help="Show commands, resources and what drivers do; tracebacks of unexpected errors.",
    ),
    click.option(
        "--otel/--no-otel",
        "otel",
        default=None,
        cls=PanelOption,
        panel="Output",
        help="Export spans over OTLP (needs `swamp-drivers[otel]`); on where "
        "`OTEL_EXPORTER_OTLP_ENDPOINT` is set and the extra is installed.",
    ),
)
