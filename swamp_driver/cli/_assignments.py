"""Values given on the command line."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from swamp_driver.errors import Problem, WorkflowError
from swamp_driver.spec import Json
from swamp_driver.workflow import parse_assignments


def read_assignments(
    arguments: Sequence[str], *, option: str, file: str | None = None
) -> dict[str, Json]:
    """Return the values of `name=value` arguments, over those of a file.

    An argument `@file` stands for all the values of a file. A file is JSON, or what its name says:
    YAML (`.yaml`, `.yml`) or TOML (`.toml`). `option` is what the arguments
    were given with, for messages.

    Raises:
        WorkflowError: an argument or a file cannot be understood.
    """
    values: dict[str, Json] = {} if file is None else _read_object(file)
    for argument in arguments:
        if argument.startswith("@"):
            values = _merge(values, _read_object(argument[1:]))
    plain = [argument for argument in arguments if not argument.startswith("@")]
    try:
        return _merge(values, parse_assignments(plain, read_file=_read_text))
    except WorkflowError as error:
        named = [
            attrs.evolve(problem, path=problem.path.replace("--input", option, 1))
            for problem in error.problems
        ]
        raise WorkflowError(named) from error


def _merge(below: Mapping[str, Json], above: Mapping[str, Json]) -> dict[str, Json]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            merged[key] = _merge(old, value)
        else:
            merged[key] = value
    return merged


def _read_object(path: str) -> dict[str, Json]:
    read = _READERS.get(Path(path).suffix.lower(), _read_json)
    value = read(_read_text(path), path)
    if not isinstance(value, dict):
        raise _wrong(path, "it must hold names with values")
    return value


def _read_json(text: str, path: str) -> Json:
    try:
        value: Json = json.loads(text)
    except json.JSONDecodeError as error:
        what = f"not JSON: {error.msg}"
        known = Path(path).suffix.lower() == ".json"
        hint = None if known else "a file with YAML or TOML in it is named '.yaml' or '.toml'"
        raise _wrong(path, what, line=error.lineno, column=error.colno, hint=hint) from error
    return value


def _read_yaml(text: str, path: str) -> Json:
    from swamp_driver.workflow import parse_yaml_values  # noqa: PLC0415 - seldom

    return parse_yaml_values(text, source=path)


def _read_toml(text: str, path: str) -> Json:
    import tomllib  # noqa: PLC0415 - seldom

    try:
        return _plain(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        place = re.search(r" \(at line (\d+), column (\d+)\)$", str(error))
        line, column = (int(place[1]), int(place[2])) if place else (0, 0)
        what = str(error)[: place.start()] if place else str(error)
        raise _wrong(path, f"not TOML: {what}", line=line, column=column) from error


def _plain(value: Any) -> Json:
    """Return a value of TOML as JSON; times, which JSON has not, are texts."""
    match value:
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case datetime.datetime() | datetime.date() | datetime.time():
            return value.isoformat()
        case _:
            return value  # type: ignore[no-any-return]


_READERS = {".yaml": _read_yaml, ".yml": _read_yaml, ".toml": _read_toml}


def _read_text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise _wrong(path, f"the file cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _wrong(path, "the file is not UTF-8 text") from error


def _wrong(
    path: str, what: str, *, line: int = 0, column: int = 0, hint: str | None = None
) -> WorkflowError:
    return WorkflowError([Problem(what=what, file=path, line=line, column=column, hint=hint)])
