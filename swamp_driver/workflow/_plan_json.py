"""Plan <-> JSON, so that a plan can be kept, sent, and run by another process or machine."""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, Literal

import attrs

from swamp_driver.errors import Problem, WorkflowError
from swamp_driver.spec import Json
from swamp_driver.workflow._commands import (
    ConfigTree,
    MethodCommand,
    PlannedTier,
    WorkflowCommand,
)
from swamp_driver.workflow._planned import (
    PLAN_SCHEMA,
    Plan,
    PlannedBinding,
    PlannedForEach,
    PlannedModel,
)
from swamp_driver.workflow._template import Template

_TREES = {
    (Plan, "defaults"),
    (PlannedBinding, "config"),
    (PlannedForEach, "values"),
    (MethodCommand, "global_args"),
    (MethodCommand, "inputs"),
    (WorkflowCommand, "inputs"),
    (PlannedTier, "config"),
}
"""Fields that hold options or values as written: mappings in them are marked as such."""
_FREE = {(Plan, "inputs"), (PlannedModel, "description")}
"""Fields that hold any JSON values."""


def plan_to_json(plan: Plan) -> dict[str, Json]:
    """Return a plan as a JSON value; `plan_from_json` gives an equal plan."""
    encoded = _encode(plan)
    assert isinstance(encoded, dict)
    return encoded


def plan_from_json(data: Json) -> Plan:
    """Return the plan that `plan_to_json` gave.

    The value is not trusted: every type is checked, unknown and missing keys are refused.

    Raises:
        WorkflowError: It is none, or it was made by a version with another schema.
    """
    if isinstance(data, dict) and data.get("schema") != PLAN_SCHEMA:
        found = data.get("schema")
        raise _error("schema", f"expected a plan with schema {PLAN_SCHEMA}, found {found!r}")
    plan = _decode(data, Plan, "plan")
    assert isinstance(plan, Plan)
    return plan


def _encode(value: Any) -> Json:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Template():
            return _encode_tree(value)
        case list() | tuple():
            return [_encode(item) for item in value]
        case Mapping():
            return {key: _encode(item) for key, item in value.items()}
        case _:
            return {
                field.name: (_encode_tree if (type(value), field.name) in _TREES else _encode)(
                    getattr(value, field.name)
                )
                for field in attrs.fields(type(value))
            }


def _encode_tree(tree: Any) -> Json:
    match tree:
        case Template():
            return {"template": tree.text, "line": tree.line, "column": tree.column}
        case list():
            return [_encode_tree(item) for item in tree]
        case Mapping():
            return {"mapping": {key: _encode_tree(item) for key, item in tree.items()}}
        case _:
            return tree  # type: ignore[no-any-return]


def _error(path: str, what: str) -> WorkflowError:
    return WorkflowError([Problem(what=what, path=path)])


def _decode(data: Json, wanted: Any, path: str) -> object:
    """Return the value of the type `wanted` that `data` stands for."""
    if wanted is Template:
        return _decode_tree(_of_kind(data, dict, path), path)
    if attrs.has(wanted):
        return _decode_class(_of_kind(data, dict, path), wanted, path)
    origin, parts = typing.get_origin(wanted), typing.get_args(wanted)
    if origin is None:
        return _of_kind(data, wanted, path)
    return _DECODERS[origin](data, parts, path)


def _decode_literal(data: Json, parts: tuple[Any, ...], path: str) -> object:
    if data not in parts:
        raise _error(path, f"expected one of {parts}, found {data!r}")
    return data


def _decode_tuple(data: Json, parts: tuple[Any, ...], path: str) -> object:
    items = enumerate(_of_kind(data, list, path))
    return tuple(_decode(item, parts[0], f"{path}[{number}]") for number, item in items)


def _decode_mapping(data: Json, parts: tuple[Any, ...], path: str) -> object:
    items = _of_kind(data, dict, path).items()
    return {key: _decode(item, parts[1], f"{path}.{key}") for key, item in items}


def _of_kind(data: Json, wanted: type, path: str) -> Any:
    if type(data) is not wanted:
        raise _error(path, f"expected {wanted.__name__}, found {type(data).__name__}")
    return data


def _decode_union(data: Json, parts: tuple[Any, ...], path: str) -> object:
    """Decode as the one member that fits; what fits none has the error of the last one."""
    for member in parts[:-1]:
        try:
            return _decode(data, member, path)
        except WorkflowError:
            continue
    return _decode(data, parts[-1], path)


@functools.cache
def _hints(cls: object) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _decode_class(data: dict[str, Json], cls: Any, path: str) -> object:
    hints = _hints(cls)
    if data.keys() != hints.keys():
        wrong = ", ".join(sorted(data.keys() ^ hints.keys()))
        raise _error(path, f"keys are missing or unknown: {wrong}")
    values: dict[str, object] = {}
    for name, wanted in hints.items():
        inside = f"{path}.{name}"
        if (cls, name) in _TREES:
            values[name] = _decode_tree(data[name], inside)
        elif (cls, name) in _FREE:
            values[name] = _of_kind(data[name], dict, inside)
        else:
            values[name] = _decode(data[name], wanted, inside)
    return cls(**values)


def _decode_tree(data: Json, path: str) -> ConfigTree:
    match data:
        case {"template": str(text), "line": int(line), "column": int(column)}:
            return Template(text, line=line, column=column)
        case {"mapping": dict(items), **rest} if not rest:
            return {key: _decode_tree(item, f"{path}.{key}") for key, item in items.items()}
        case list():
            return [_decode_tree(item, f"{path}[{number}]") for number, item in enumerate(data)]
        case dict() | str():
            raise _error(path, "expected a template, a mapping or a plain value")
        case _:
            return data


_DECODERS: dict[Any, Callable[[Json, tuple[Any, ...], str], object]] = {
    Literal: _decode_literal,
    types.UnionType: _decode_union,
    typing.Union: _decode_union,
    tuple: _decode_tuple,
    Mapping: _decode_mapping,
}
