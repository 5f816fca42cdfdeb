"""`swamp-driver parity`."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence

import rich_click as click

from swamp_driver.cli._assignments import read_assignments
from swamp_driver.cli._completion import complete_workflows
from swamp_driver.cli._fields import Fields
from swamp_driver.cli._help import TeachingCommand
from swamp_driver.cli._options import input_options, json_option
from swamp_driver.cli._parity_lines import parity_to_json, render_comparison, render_trace
from swamp_driver.cli._print import err_style, out_style, print_errors, print_json, print_lines
from swamp_driver.cli._sides import read_sides
from swamp_driver.cli._signals import cancel_on_signals
from swamp_driver.cli._style import is_terminal
from swamp_driver.cli._untrusted import escape_controls
from swamp_driver.host import HostSettings
from swamp_driver.host.parity import Side, Trace, compare_traces, plan_sides, trace_run
from swamp_driver.spec import CancelToken, RunStatus
from swamp_driver.workflow import Plan

_INTERRUPTED = 130


_ON_HOST_AND_IN_CONTAINER = (
    "swamp-driver parity ci.yaml --drivers raw,docker-session \\\n"
    "  --driver-config docker-session:image=node:20"
)
_UNDER_TWO_OPTIONS = (
    "swamp-driver parity ci.yaml --drivers a=raw,b=raw -c b:containment=portable \\\n"
    "  --ignore '*.log' --ignore 'test/unit:stdout'"
)


@click.command(
    "parity",
    cls=TeachingCommand,
    examples=(
        ("does it do the same on this host and in a container?", _ON_HOST_AND_IN_CONTAINER),
        ("one driver under two options, logs left out", _UNDER_TWO_OPTIONS),
    ),
    exit_codes=(
        (0, "they are equal"),
        (1, "they differ"),
        (2, "the file, the options or the choice of a driver is wrong; nothing ran"),
        (3, "a driver or its engine broke"),
        (130, "interrupted"),
    ),
)
@click.argument("file", shell_complete=complete_workflows)
@click.option(
    "--drivers",
    required=True,
    metavar="A,B,...",
    help="Two drivers or more; the others are compared with the first. `name=driver` names one.",
)
@click.option(
    "--driver-config",
    "-c",
    multiple=True,
    metavar="NAME:KEY=VALUE",
    help="Set an option of one of them, written as for `run`; may be given several times.",
)
@input_options
@click.option(
    "--ignore",
    multiple=True,
    metavar="GLOB",
    help="Leave out a path in the workspace, or `job/step:stdout`, `job/step:env:NAME` and what "
    "else stands before a difference; `*` is any text.",
)
@json_option
def command(  # noqa: PLR0913 - one for each option
    file: str,
    *,
    drivers: str,
    driver_config: tuple[str, ...],
    inputs: tuple[str, ...],
    input_file: str | None,
    ignore: tuple[str, ...],
    as_json: bool,
) -> int:
    """Run a workflow under several drivers, and tell what differs.

    Compared are how the run and its steps end, what they print and write to `$SWAMP_OUTPUT`, where
    they find themselves, the names of their variables, and all files of the workspace: type, mode,
    owner, size, content, target. The directory of a run is another one each time and counts as
    equal. Each side gets a new workspace, which is removed afterwards.
    """
    sides = read_sides(drivers, driver_config)
    values = read_assignments(inputs, option="--input", file=input_file)
    plans = plan_sides(file, sides, inputs=values)
    cancel = CancelToken()
    with cancel_on_signals(cancel, say=lambda text: print_errors([text])):
        traces = list(_traces(sides, plans, cancel))
    if cancel.cancelled:
        return _INTERRUPTED
    broken = [trace for trace in traces if trace.status is RunStatus.BROKEN]
    comparisons = (
        [] if broken else [compare_traces(traces[0], trace, ignore=ignore) for trace in traces[1:]]
    )
    if as_json:
        print_json(parity_to_json(traces, comparisons))
    else:
        width = shutil.get_terminal_size().columns if is_terminal(sys.stdout) else None
        fields = Fields(style=out_style(), width=width)
        for comparison in comparisons:
            print_lines(render_comparison(comparison, fields=fields))
    if broken:
        print_errors([_broken(broken)])
        return 3
    return 1 if any(one.differences for one in comparisons) else 0


def _traces(sides: Sequence[Side], plans: Sequence[Plan], cancel: CancelToken) -> Iterator[Trace]:
    """Run one side after the other; tell on stderr how each went."""
    settings = HostSettings.from_environment()
    for side, plan in zip(sides, plans, strict=True):
        if cancel.cancelled:
            return
        trace = trace_run(plan, label=side.label, settings=settings, cancel=cancel)
        print_errors(render_trace(trace, style=err_style()))
        yield trace


def _broken(traces: Sequence[Trace]) -> str:
    names = ", ".join(escape_controls(trace.label) for trace in traces)
    return f"{err_style().paint('error:', 'bad')} nothing to compare: {names} broke"
