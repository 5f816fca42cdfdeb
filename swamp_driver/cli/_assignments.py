"""Values given on the command line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

from swamp_driver.errors import Problem, WorkflowError
from swamp_driver.spec import Json
from swamp_driver.workflow import parse_assignments


def read_assignments(
    arguments: Sequence[str], *, option: str, file: str | None = None
) -> dict[str, Json]:
    """Return the values of `name=value` arguments, over those of a JSON file.

    An argument `@file` stands for all the values of a JSON file. `option` is what the arguments
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
    try:
        value = json.loads(_read_text(path))
    except json.JSONDecodeError as error:
        what = f"not JSON: {error.msg}"
        raise _wrong(path, what, line=error.lineno, column=error.colno) from error
    if not isinstance(value, dict):
        raise _wrong(path, "it must hold a JSON object: names with values")
    return value


def _read_text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise _wrong(path, f"the file cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _wrong(path, "the file is not UTF-8 text") from error


def _wrong(path: str, what: str, *, line: int = 0, column: int = 0) -> WorkflowError:
    return WorkflowError([Problem(what=what, file=path, line=line, column=column)])
