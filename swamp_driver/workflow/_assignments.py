"""Inputs as they are written on a command line."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from swamp_driver.errors import Problem, WorkflowError
from swamp_driver.spec import Json
from swamp_driver.spec._suggest import quoted

_MAX_DEPTH = 20


class AssignedText(str):
    """A text of the command line: `4` there means the number where a number is declared."""

    __slots__ = ()


def parse_assignments(args: Sequence[str], *, read_file: Callable[[str], str]) -> dict[str, Json]:
    """Return the inputs that assignments on a command line give.

    `name=text`, `name=@file` (the content of a file), `name:=json`. Dots nest: `a.b=1` is
    `{"a": {"b": ...}}`. Texts become numbers and truth values in `plan_workflow`, where the inputs
    are declared so; a later assignment of the same name replaces an earlier one.

    Args:
        args: The assignments.
        read_file: Returns the content of a file by its path; an `OSError` or `ValueError` of it
            becomes a problem.

    Raises:
        WorkflowError: With all that cannot be understood.
    """
    inputs: dict[str, Json] = {}
    problems: list[Problem] = []
    for arg in args:
        try:
            name, value = _assignment(arg, read_file)
            _put(inputs, name.split("."), value)
        except (OSError, ValueError, RecursionError) as error:
            name = arg.partition("=")[0][:60]
            problems.append(
                Problem(
                    what=f"cannot use {quoted(arg)}: {_reason(error)}",
                    path=f"--input {name}",
                    hint="write NAME=TEXT, NAME=@FILE or NAME:=JSON",
                )
            )
    if problems:
        raise WorkflowError(problems)
    return inputs


def _assignment(arg: str, read_file: Callable[[str], str]) -> tuple[str, Json]:
    name, sign, text = arg.partition("=")
    if not sign or not name or name == ":":
        raise ValueError("there is no '='" if not sign else "there is no name before '='")
    if name.endswith(":"):
        return name[:-1], json.loads(text, parse_constant=_not_json)
    if text.startswith("@"):
        return name, AssignedText(read_file(text[1:]))
    return name, AssignedText(text)


def _not_json(word: str) -> Json:
    raise ValueError(f"{word} is not JSON")


def _put(inputs: dict[str, Json], parts: list[str], value: Json) -> None:
    if not all(parts):
        raise ValueError("a part of the name is empty")
    if len(parts) > _MAX_DEPTH:
        raise ValueError("the name has too many parts")
    target = inputs
    for part in parts[:-1]:
        inner = target.setdefault(part, {})
        if not isinstance(inner, dict):
            raise ValueError(f"{part!r} has a value already")  # noqa: TRY004 - it is about the text
        target = inner
    if isinstance(target.get(parts[-1]), dict) and not isinstance(value, dict):
        raise ValueError(f"{parts[-1]!r} has parts already")  # noqa: TRY004 - it is about the text
    target[parts[-1]] = value


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.strerror or error}".lower()
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
