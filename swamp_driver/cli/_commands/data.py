"""`swamp-driver data`."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from swamp_driver.cli._columns import Cell
from swamp_driver.cli._completion import complete_data_names, complete_models, complete_runs
from swamp_driver.cli._durations import format_age, format_bytes
from swamp_driver.cli._help import TeachingCommand, TeachingGroup
from swamp_driver.cli._options import json_option
from swamp_driver.cli._print import print_columns, print_json, print_lines
from swamp_driver.cli._streams import stdout
from swamp_driver.cli._style import is_terminal
from swamp_driver.cli._untrusted import show_output
from swamp_driver.errors import NotFoundError
from swamp_driver.host import HostSettings, find_repository, open_store
from swamp_driver.host.data import (
    Artifact,
    DataStore,
    artifact_to_json,
    collect_data_garbage,
    open_data_store,
    query_data,
)
from swamp_driver.workflow import ExpressionError, varied_name

F = TypeVar("F", bound=Callable[..., Any])

_DIRECTORY = click.option(
    "--directory",
    "-C",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path(),
    help="A directory of the repository; the current one by default.",
)
_VARY = click.option(
    "--vary",
    multiple=True,
    metavar="VALUE",
    help="A value that `vary` put into the name; several in their order.",
)


@click.group(
    "data",
    cls=TeachingGroup,
    examples=(
        ("what models have written here", "swamp-driver data list"),
        ("one value of the newest version", "swamp-driver data get git result | jq .commit"),
        ("a file that was written", "swamp-driver data get git clone.log -o clone.log"),
    ),
)
def command() -> None:
    """Look at the data that models have written, and remove what has expired.

    Data belongs to a repository: the directory with `.swamp-driver.yaml`, `extensions` or `models`
    that a workflow file is in or below.
    """


@command.command(
    "list",
    cls=TeachingCommand,
    examples=(
        ("the newest version of all", "swamp-driver data list"),
        ("those with a tag", "swamp-driver data list --tag env=prod"),
        ("by what is in them", "swamp-driver data list --query 'attributes.score > 0.9'"),
        ("what the last run wrote", "swamp-driver data list --run last"),
    ),
)
@click.option("--model", "-m", shell_complete=complete_models, help="Of this model alone.")
@click.option("--spec", "-s", help="Of this resource or file of the model alone.")
@click.option("--tag", "-t", multiple=True, metavar="KEY=VALUE", help="With this tag alone.")
@click.option("--run", "-r", "run", shell_complete=complete_runs, help="Written by this run alone.")
@click.option(
    "--query", "-q", metavar="CEL", help="For which this is true: a predicate of `data.query`."
)
@_DIRECTORY
@json_option
def list_(  # noqa: PLR0913 - one for each option
    *,
    model: str | None,
    spec: str | None,
    tag: tuple[str, ...],
    run: str | None,
    query: str | None,
    directory: Path,
    as_json: bool,
) -> None:
    """List the newest version of all data; all versions that a run wrote with `--run`.

    A query that names `version` sees all versions.
    """
    tags = [_tag(text) for text in tag]
    with _open(directory) as store:
        found: Sequence[Artifact] = _of_run(store, run) if run else store.latest_of(model)
        if query is not None:
            found = _query(store, query, found if run or model else None)
    chosen = [
        one
        for one in found
        if (model is None or one.model == model)
        and (spec is None or one.spec == spec)
        and all(one.tags.get(key) == value for key, value in tags)
    ]
    _show(chosen, as_json=as_json, nothing="there is no such data")


@command.command("versions")
@click.argument("model", shell_complete=complete_models)
@click.argument("name", shell_complete=complete_data_names)
@_VARY
@_DIRECTORY
@json_option
def versions(
    model: str, name: str, *, vary: tuple[str, ...], directory: Path, as_json: bool
) -> None:
    """List all versions of the data NAME of MODEL, the oldest first."""
    with _open(directory) as store:
        found = store.list_versions(model, varied_name(name, vary))
        if not found:
            raise _not_found(store, model, varied_name(name, vary))
    _show(found, as_json=as_json)


@command.command(
    "get",
    cls=TeachingCommand,
    examples=(
        ("the attributes of a resource", "swamp-driver data get git result"),
        ("an older version", "swamp-driver data get git result --version 2"),
        ("of one entry of a matrix", "swamp-driver data get eval result --vary sonnet"),
        ("a file", "swamp-driver data get git clone.log --output clone.log"),
    ),
)
@click.argument("model", shell_complete=complete_models)
@click.argument("name", shell_complete=complete_data_names)
@click.option("--version", "-n", "number", type=click.IntRange(min=1), help="This version.")
@_VARY
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the content into this file.",
)
@_DIRECTORY
@json_option
def get(  # noqa: PLR0913 - one for each option
    model: str,
    name: str,
    *,
    number: int | None,
    vary: tuple[str, ...],
    output: Path | None,
    directory: Path,
    as_json: bool,
) -> None:
    """Print the data NAME of MODEL: the attributes of a resource as JSON, the content of a file.

    `--json` prints what expressions see of it: version, tags, attributes, but not the content.
    """
    full_name = varied_name(name, vary)
    with _open(directory) as store:
        found = (
            store.latest(model, full_name)
            if number is None
            else store.version(model, full_name, number)
        )
        if found is None:
            raise _not_found(store, model, full_name, number)
        if output is not None:
            _write(store, found, output)
        if as_json:
            print_json(artifact_to_json(found))
        elif output is None:
            _print_content(store, found)


@command.command("gc")
@click.option("--dry-run", "-n", is_flag=True, help="Only say what would be removed.")
@json_option
def gc(*, dry_run: bool, as_json: bool) -> None:
    """Remove data that has expired or was kept for runs that are over, of all repositories.

    `swamp-driver gc` does the same. Older versions go when a new one is written.
    """
    settings = HostSettings.from_environment()
    with open_store(settings) as store:
        store.close_interrupted()
        collected = collect_data_garbage(settings, store, dry_run=dry_run)
    if as_json:
        print_json({"versions": collected.versions, "freedBytes": collected.freed_bytes})
        return
    verb = "would be removed" if dry_run else "removed"
    freed = "" if dry_run else f", {format_bytes(collected.freed_bytes)} freed"
    count = "1 version" if collected.versions == 1 else f"{collected.versions} versions"
    print_lines([f"{count} {verb}{freed}"])


def _open(directory: Path) -> DataStore:
    return open_data_store(
        HostSettings.from_environment(), find_repository(Path(directory).absolute())
    )


def _of_run(store: DataStore, prefix: str) -> tuple[Artifact, ...]:
    with open_store(HostSettings.from_environment()) as runs:
        return store.of_run(runs.find_run(prefix).run_id)


def _query(store: DataStore, text: str, among: Sequence[Artifact] | None) -> Sequence[Artifact]:
    try:
        return query_data(store, text, among=among)
    except ExpressionError as error:
        hint = f" ({error.hint})" if error.hint else ""
        raise click.BadParameter(f"{error}{hint}", param_hint="--query") from error


def _tag(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f"'{text}' has no '='", param_hint="--tag")
    return key, value


def _not_found(store: DataStore, model: str, name: str, number: int | None = None) -> NotFoundError:
    models, names = store.models(), store.names(model)
    if not names:
        there = f"models with data here: {', '.join(models)}" if models else "no model has any"
        return NotFoundError(f"there is no data of a model '{model}' ({there})")
    if number is not None and name in names:
        there = ", ".join(str(one.version) for one in store.list_versions(model, name))
        return NotFoundError(f"'{name}' of '{model}' has no version {number} (has: {there})")
    return NotFoundError(f"'{model}' has no data '{name}' (there are: {', '.join(names)})")


def _show(found: Sequence[Artifact], *, as_json: bool, nothing: str = "") -> None:
    if as_json:
        print_json([artifact_to_json(one) for one in found])
    elif found:
        header = ("MODEL", "NAME", "VERSION", "SPEC", "TYPE", "SIZE", "AGE", "LIFETIME", "TAGS")
        print_columns(header, [_row(one) for one in found])
    else:
        print_lines([nothing])


def _row(one: Artifact) -> list[Cell]:
    return [
        Cell(one.model, "strong"),
        Cell(one.name, "strong"),
        Cell(str(one.version)),
        Cell(one.spec),
        Cell(one.kind),
        Cell(format_bytes(one.size_bytes)),
        Cell(format_age(time.time() - one.created_at)),
        Cell(one.lifetime),
        Cell(" ".join(f"{key}={value}" for key, value in one.tags.items())),
    ]


def _write(store: DataStore, found: Artifact, path: Path) -> None:
    try:
        with store.open_content(found) as content, path.open("wb") as file:
            shutil.copyfileobj(content, file)
    except OSError as error:
        raise click.BadParameter(
            f"'{path}' cannot be written: {error.strerror}", param_hint="--output"
        ) from error


def _print_content(store: DataStore, found: Artifact) -> None:
    if found.kind == "resource":
        print_json(dict(found.attributes))
        return
    terminal = is_terminal(sys.stdout)
    if terminal and not found.content_type.startswith(("text/", "application/json")):
        raise click.UsageError(
            f"'{found.name}' is {found.content_type}: write it into a file with --output"
        )
    writer = stdout()
    with store.open_content(found) as content:
        if terminal:  # what a method wrote must not drive the terminal
            for line in content:
                text = line.decode(errors="replace").removesuffix("\n")
                writer.line(show_output(text, colour=False))
            return
        while block := content.read(1 << 16):
            writer.write_bytes(block)
