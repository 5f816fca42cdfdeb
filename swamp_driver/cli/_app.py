"""The root command, and where the others are."""

from __future__ import annotations

import click

from swamp_driver.cli._group import LazyGroup
from swamp_driver.cli._version import print_version

_PANELS = {
    "Run workflows": (
        *("run", "approve", "reject", "resume"),
        *("plan", "validate", "parity", "models", "schema"),
    ),
    "Look at runs": (
        *("runs", "show", "logs", "report", "reports", "data"),
        *("enter", "workspace", "gc"),
    ),
    "Set up": ("doctor", "drivers", "completion"),
    "Write drivers": ("new", "conformance"),
}
_MODULES = {
    name: f"swamp_driver.cli._commands.{name}" for names in _PANELS.values() for name in names
}


class CliState:
    """What commands share: one for each call of `main`.

    `verbose`: show the traceback of errors that nobody expected.
    """

    def __init__(self) -> None:
        self.verbose = False


@click.group(
    cls=LazyGroup,
    commands_in=_MODULES,
    command_panels=_PANELS,
    # "color": what is printed has the colours that suit stdout, as rich sees it; click keeps them.
    context_settings={"help_option_names": ["-h", "--help"], "color": True},
    examples=(
        ("all steps on this host", "swamp-driver run ci.yaml"),
        (
            "all steps in one container",
            "swamp-driver run ci.yaml --driver docker-session -c image=node:20",
        ),
        ("what the last run printed", "swamp-driver logs"),
    ),
    exit_codes=(
        (0, "done"),
        (1, "a step failed"),
        (2, "the file, the options or the choice of a driver is wrong"),
        (3, "a driver or its engine broke"),
        (4, "a run waits for an approval"),
        (130, "interrupted"),
    ),
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=print_version,
    help="Show the version, the drivers, and what they find here.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks of unexpected errors.")
@click.pass_obj
def app(state: CliState, *, verbose: bool) -> None:
    """Run workflows whose steps share one workspace, on this host or in containers."""
    state.verbose = verbose
