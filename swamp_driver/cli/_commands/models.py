"""`swamp-driver models`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from swamp_driver.cli._columns import Cell
from swamp_driver.cli._help import TeachingGroup
from swamp_driver.cli._options import json_option
from swamp_driver.cli._print import out_style, print_columns, print_json, print_lines
from swamp_driver.cli._untrusted import escape_controls
from swamp_driver.errors import NotFoundError
from swamp_driver.host.models import RepositoryModels, catalog_of
from swamp_driver.spec._suggest import did_you_mean, quoted
from swamp_driver.workflow import ModelDefinition, ModelType

_SHELL = {
    "type": "command/shell",
    "version": "1",
    "foundIn": "built in",
    "description": "Runs a script with /bin/sh -e.",
}

directory_option = click.option(
    "--directory",
    "-C",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    help="A directory of the repository; this one by default.",
)


@click.group(
    "models",
    cls=TeachingGroup,
    examples=(
        ("the types and definitions of this repository", "swamp-driver models list"),
        ("what a type takes and writes", "swamp-driver models describe ci/git"),
    ),
)
def command() -> None:
    """Show the models that workflows of a repository can call."""


@command.command("list")
@directory_option
@json_option
def list_models(directory: Path, *, as_json: bool) -> None:
    """List the types of models, what is broken, and the definitions."""
    catalog = catalog_of(directory)
    types, broken, definitions = catalog.types(), catalog.broken(), catalog.definitions()
    if as_json:
        print_json(
            {
                "types": [_SHELL, *(_type_to_json(one) for one in types)],
                "broken": list(broken),
                "definitions": [_definition_to_json(one) for one in definitions],
            }
        )
        return
    rows = [_type_row(_SHELL), *(_type_row(_type_to_json(one)) for one in types)]
    print_columns(("TYPE", "VERSION", "WHERE", "WHAT IT IS"), rows)
    if broken:
        print_lines(["", *(f"broken: {escape_controls(text)}" for text in broken)])
    if definitions:
        print_lines([""])
        header = ("MODEL", "TYPE", "DEFINED IN")
        print_columns(header, [_definition_row(one) for one in definitions])


@command.command("describe")
@click.argument("model_type", metavar="TYPE")
@directory_option
@json_option
def describe(model_type: str, directory: Path, *, as_json: bool) -> None:
    """Show the arguments and methods of a type of models, and the data that it writes."""
    catalog = catalog_of(directory)
    found = _find(model_type, catalog)
    if as_json:
        print_json({**_type_to_json(found), **found.description, "origin": dict(found.origin)})
        return
    style = out_style()
    about: Any = found.description
    name = style.paint(escape_controls(found.type), "strong")
    origin = escape_controls(f"{found.version}, {found.found_in}")
    print_lines([f"{name} {origin}"])
    print_lines(escape_controls(line) for line in about["description"].splitlines())
    _print_properties("ARGUMENT", about["arguments"])
    for name, one in about["methods"].items():
        print_lines(["", f"method {style.paint(escape_controls(name), 'strong')}"])
        print_lines(f"  {escape_controls(line)}" for line in one["description"].splitlines())
        _print_properties("INPUT", one["inputs"])
    written = [*_written("resource", about["resources"]), *_written("file", about["files"])]
    if written:
        print_lines([""])
        print_columns(("WRITES", "KIND", "KEPT", "WHAT IT IS"), written)


def _find(wanted: str, catalog: RepositoryModels) -> ModelType:
    types = {one.type: one for one in catalog.types()}
    if wanted in types:
        return types[wanted]
    if wanted == _SHELL["type"]:
        what = "'command/shell' is built in: 'swamp-driver schema' shows what it takes"
        raise NotFoundError(what)
    hint = did_you_mean(wanted, types) or f"there are: {', '.join(types) or 'none'}"
    broken = "".join(f"; cannot be read: {text}" for text in catalog.broken())
    raise NotFoundError(f"unknown model type {quoted(wanted)} ({hint}{broken})")


def _type_to_json(found: ModelType) -> dict[str, Any]:
    return {
        "type": found.type,
        "version": found.version,
        "foundIn": found.found_in,
        "description": found.description["description"],
    }


def _type_row(one: Mapping[str, Any]) -> list[Cell]:
    first = one["description"].partition("\n")[0]
    return [
        Cell(one["type"], "strong"),
        Cell(one["version"]),
        Cell(one["foundIn"]),
        Cell(first),
    ]


def _definition_to_json(one: ModelDefinition) -> dict[str, Any]:
    return {
        "name": one.name,
        "id": one.id,
        "type": one.type,
        "source": one.source,
        "description": one.description,
        "tags": dict(one.tags),
    }


def _definition_row(one: ModelDefinition) -> list[Cell]:
    return [Cell(one.name, "strong"), Cell(one.type), Cell(one.source)]


def _print_properties(title: str, schema: Mapping[str, Any]) -> None:
    rows = list(_property_rows(schema))
    if rows:
        print_lines([""])
        print_columns((title, "TYPE", "DEFAULT"), rows)


def _property_rows(schema: Mapping[str, Any]) -> Iterator[list[Cell]]:
    for name, one in schema["properties"].items():
        if name in schema["required"]:
            default = "required"
        else:
            default = _value_words(one["default"]) if "default" in one else "(made)"
        yield [Cell(name, "strong"), Cell(_type_words(one)), Cell(default)]


def _value_words(value: object) -> str:
    import json  # noqa: PLC0415 - only this needs it

    return json.dumps(value)


def _type_words(schema: Mapping[str, Any]) -> str:
    """Return a schema in a few words."""
    if "enum" in schema:
        return " | ".join(map(_value_words, schema["enum"]))
    if "anyOf" in schema:
        return " | ".join(_type_words(one) for one in schema["anyOf"])
    kinds = schema.get("type", "any")
    words = kinds if isinstance(kinds, str) else " | ".join(kinds)
    if words == "array" and "items" in schema:
        return f"array of {_type_words(schema['items'])}"
    if words == "object" and "properties" in schema:
        return f"object ({', '.join(schema['properties'])})"
    return words


def _written(kind: str, group: Mapping[str, Any]) -> Iterator[list[Cell]]:
    for name, one in group.items():
        rule = one["garbageCollection"]
        kept = one["lifetime"] + ("" if rule is None else f", {rule}")
        what = one["description"] or one.get("contentType", "")
        yield [Cell(name, "strong"), Cell(kind), Cell(kept), Cell(what)]
