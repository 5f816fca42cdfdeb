"""`swamp-driver new`."""

from __future__ import annotations

from pathlib import Path

import click

from swamp_driver.cli._help import TeachingCommand
from swamp_driver.cli._print import print_lines
from swamp_driver.cli._scaffold import DriverNames, render_project
from swamp_driver.errors import HostError
from swamp_driver.host import discover

_SET_UP = "python3 -m venv .venv && .venv/bin/pip install -e '.[test]'"


@click.command(
    "new",
    cls=TeachingCommand,
    examples=(
        ("a package for a driver 'slurm'", "swamp-driver new slurm"),
        (
            "is it right?",
            f"cd swamp-driver-slurm\n{_SET_UP}\n.venv/bin/pytest",
        ),
    ),
)
@click.argument("name")
@click.option(
    "--directory",
    "-d",
    type=click.Path(),
    help="Where to put it: a directory that is empty or not there ('swamp-driver-NAME').",
)
def command(name: str, *, directory: str | None) -> None:
    """Begin a package with a driver NAME, which works and passes the conformance suite as it is."""
    names = _names(name)
    target = Path(directory or names.distribution)
    _write(target, names)
    print_lines(
        [
            f"made {target}: next, in that directory",
            f"  {_SET_UP} && .venv/bin/pytest",
            f"and say in '{names.module}/_driver.py' where steps shall run",
        ]
    )


def _names(name: str) -> DriverNames:
    try:
        names = DriverNames(name)
    except ValueError as error:
        raise click.BadParameter(str(error.args[0]), param_hint="NAME") from error
    if taken := [driver for driver in discover() if driver.name == name]:
        raise click.BadParameter(
            f"there is a driver '{name}' already ({taken[0].origin})", param_hint="NAME"
        )
    return names


def _write(target: Path, names: DriverNames) -> None:
    try:
        target.mkdir(parents=True, exist_ok=True)
        if any(target.iterdir()):
            raise click.BadParameter(f"'{target}' is not empty", param_hint="--directory")
        for path, text in render_project(names).items():
            file = target / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise HostError(f"'{target}' cannot be made: {error.strerror}") from error
