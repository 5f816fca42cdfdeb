"""Options that several commands have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from swamp_driver.cli._completion import complete_drivers
from swamp_driver.cli._help import PanelOption

F = TypeVar("F", bound=Callable[..., Any])

json_option: Callable[[F], F] = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON for programs."
)


def input_options(command: F) -> F:
    """Add `inputs` and `input_file`: see `read_assignments`."""
    command = click.option(
        "--input-file",
        type=click.Path(),
        metavar="FILE",
        cls=PanelOption,
        panel="Inputs",
        help="Read inputs from a JSON, YAML or TOML file; `--input` wins over it.",
    )(command)
    return click.option(
        "--input",
        "-i",
        "inputs",
        multiple=True,
        metavar="NAME=VALUE",
        cls=PanelOption,
        panel="Inputs",
        help="Set an input; `a.b=c` sets `b` in `a`, `n:=3` takes JSON, `text=@file` reads a file.",
    )(command)


def driver_options(command: F) -> F:
    """Add `driver` and `driver_config`, which stand above the file."""
    command = click.option(
        "--driver-config",
        "-c",
        multiple=True,
        metavar="NAME=VALUE",
        cls=PanelOption,
        panel="Where steps run",
        help="Set an option of the driver, written as for `--input`, or `@file` with all of them.",
    )(command)
    return click.option(
        "--driver",
        metavar="NAME",
        shell_complete=complete_drivers,
        cls=PanelOption,
        panel="Where steps run",
        help="Use this driver for all steps, whatever the file says.",
    )(command)
