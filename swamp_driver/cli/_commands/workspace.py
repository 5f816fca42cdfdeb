"""`swamp-driver workspace`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import attrs
import click

from swamp_driver.cli._columns import Cell
from swamp_driver.cli._completion import complete_runs, complete_workspaces
from swamp_driver.cli._durations import format_age
from swamp_driver.cli._help import TeachingGroup
from swamp_driver.cli._options import json_option
from swamp_driver.cli._print import print_columns, print_json, print_lines
from swamp_driver.cli._untrusted import escape_controls
from swamp_driver.host import (
    HostSettings,
    KeptWorkspace,
    RegistryCatalog,
    export_workspace,
    find_workspace,
    list_workspaces,
    open_store,
    remove_workspace,
)


@click.group(
    "workspace",
    cls=TeachingGroup,
    examples=(
        ("what is kept on this machine", "swamp-driver workspace list"),
        ("go to the workspace of a run", 'cd "$(swamp-driver workspace path kx3)"'),
        ("delete it without asking", "swamp-driver workspace remove kx3 --yes"),
    ),
)
def command() -> None:
    """Find, enter and delete kept workspaces.

    A NAME is the id of a run or its beginning, `last`, or the key of a persistent workspace.
    """


@command.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List the workspaces on this machine, the oldest first."""
    kept = list_workspaces(HostSettings.from_environment())
    if as_json:
        print_json([attrs.asdict(one) for one in kept])
    elif kept:
        print_columns(("NAME", "KIND", "MADE", "PATH"), [_row(one) for one in kept])
    else:
        print_lines(["no workspaces are kept"])


@command.command("path")
@click.argument("name", shell_complete=complete_workspaces)
@json_option
def path(name: str, *, as_json: bool) -> None:
    """Print the path of a workspace."""
    kept = _find(name)
    if as_json:
        print_json(attrs.asdict(kept))
    else:
        print_lines([kept.path])


@command.command("remove")
@click.argument(
    "names", nargs=-1, required=True, shell_complete=complete_workspaces, metavar="NAME..."
)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option(
    "--force", is_flag=True, help="Also those that suspended runs need: these runs are cancelled."
)
@json_option
def remove(names: tuple[str, ...], *, yes: bool, force: bool, as_json: bool) -> None:
    """Delete workspaces with all that is in them. One that a run uses is refused."""
    settings = HostSettings.from_environment()
    found = [_find(name) for name in names]
    if not yes:
        _ask(found)
    if force:
        with open_store(settings) as store:
            for kept in found:
                if kept.kind == "suspended":
                    store.cancel_suspended(kept.run_id)
    removed = [remove_workspace(settings, kept.name, also_suspended=force) for kept in found]
    if as_json:
        print_json([attrs.asdict(kept) for kept in removed])
    else:
        print_lines(f"removed {escape_controls(kept.path)}" for kept in removed)


@command.command("export")
@click.argument("run", shell_complete=complete_runs)
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
def export(run: str, directory: Path) -> None:
    """Copy the kept workspace of a run into DIRECTORY, from wherever its driver keeps it.

    RUN is an id, the beginning of one, or `last`. Symlinks and modes are kept.
    """
    with open_store(HostSettings.from_environment()) as store:
        record = store.find_run(run)
    export_workspace(record, directory, catalog=RegistryCatalog())
    print_lines(
        [f"copied the workspace of run {record.run_id} to {escape_controls(str(directory))}"]
    )


def _find(name: str) -> KeptWorkspace:
    settings = HostSettings.from_environment()
    if name == "last":
        with open_store(settings) as store:
            name = store.find_run(name).run_id
    return find_workspace(settings, name)


def _ask(found: list[KeptWorkspace]) -> None:
    if not sys.stdin.isatty():
        raise click.UsageError("there is nobody to ask: say --yes to delete without asking")
    for kept in found:
        click.echo(f"{kept.kind} workspace {escape_controls(kept.path)}", err=True)
    click.confirm("delete?", abort=True, err=True)


def _row(kept: KeptWorkspace) -> list[Cell]:
    age = format_age(time.time() - kept.created_at)
    kind = f"{kept.kind}, in use" if kept.in_use and kept.kind != "in use" else kept.kind
    return [Cell(kept.name, "strong"), Cell(kind), Cell(age), Cell(kept.path)]
