"""Schemas from annotations."""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from collections.abc import Mapping
from typing import Any, Callable, Union

from swamp_driver.models._annotations import evaluate, fields_of
from swamp_driver.models._check import check, join_path
from swamp_driver.models._errors import DefinitionError

_SIMPLE: dict[Any, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    type(None): "null",
    None: "null",
    list: "array",
    dict: "object",
}
_SUPPORTED = (
    "str, int, float, bool, None, list[...], dict[str, ...], Literal[...], Optional, unions, Any "
    "and dataclasses"
)
UNIONS = (Union, getattr(types, "UnionType", Union))
Names = Mapping[str, Any]


def schema_of(kind: Any, names: Names, path: str, seen: tuple[type, ...] = ()) -> dict[str, Any]:
    """Return the JSON Schema of a type. `names` are known to annotations that are text.

    Raises:
        DefinitionError: The type has none.
    """
    kind = evaluate(kind, names)
    if kind is Any or kind is object:
        return {}
    if isinstance(kind, (type, type(None))) and kind in _SIMPLE:
        return {"type": _SIMPLE[kind]}
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return dataclass_schema(kind, names, path, seen)
    return _generic(kind, names, path, seen)


def _generic(kind: Any, names: Names, path: str, seen: tuple[type, ...]) -> dict[str, Any]:
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Literal:
        return _literal(parts, path)
    if origin is list:
        return {"type": "array", "items": schema_of(parts[0], names, path, seen)}
    if origin is dict and parts[0] is str:
        return {"type": "object", "additionalProperties": schema_of(parts[1], names, path, seen)}
    if origin in UNIONS:
        return _union([schema_of(part, names, path, seen) for part in parts])
    hint = "; write 'str' and make a Path of it" if "Path" in str(kind) else ""
    raise DefinitionError(f"{path}: the type {_shown(kind)} has no schema (use {_SUPPORTED}){hint}")


def _shown(kind: Any) -> str:
    return repr(kind.__name__ if isinstance(kind, type) else str(kind))


def _literal(values: Any, path: str) -> dict[str, Any]:
    if any(not isinstance(value, (str, int, bool, type(None))) for value in values):
        raise DefinitionError(f"{path}: a Literal holds texts, whole numbers, True, False or None")
    return {"enum": list(values)}


def _union(schemas: list[dict[str, Any]]) -> dict[str, Any]:
    """Return one list of types where they are plain, so that messages and readers have it short."""
    if all(list(schema) == ["type"] for schema in schemas):
        return {"type": [schema["type"] for schema in schemas]}
    return {"anyOf": schemas}


def dataclass_schema(
    cls: type[Any], names: Names, path: str, seen: tuple[type, ...] = ()
) -> dict[str, Any]:
    """Return the schema of a dataclass: its fields, those without a default required.

    Raises:
        DefinitionError: A field has a type without a schema, or a default that is not of its type.
    """
    if cls in seen:
        raise DefinitionError(f"{path}: the dataclass {cls.__name__!r} holds its own kind")
    fields = {field.name: (kind, _field_default(field)) for field, kind in fields_of(cls, names)}
    return _object(fields, names, path, (*seen, cls))


class _Missing:
    """There is no default."""


class _Made:
    """There is a default, made anew for each value: known to Python alone."""


def _field_default(field: dataclasses.Field[Any]) -> Any:
    if field.default is not dataclasses.MISSING:
        return field.default
    return _Missing if field.default_factory is dataclasses.MISSING else _Made


def _object(
    fields: Mapping[str, Any], names: Names, path: str, seen: tuple[type, ...] = ()
) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    required = []
    for name, (kind, default) in fields.items():
        inside = join_path(path, name)
        properties[name] = schema_of(kind, names, inside, seen)
        if default is _Missing:
            required.append(name)
        elif default is not _Made:
            _add_default(properties[name], default, inside)
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _add_default(schema: dict[str, Any], default: Any, path: str) -> None:
    if dataclasses.is_dataclass(default) and not isinstance(default, type):
        default = dataclasses.asdict(default)
    problems = check(default, schema, path)
    if problems:
        raise DefinitionError(f"{problems[0].path}: the default is wrong: {problems[0].what}")
    schema["default"] = default


def parameters_schema(function: Callable[..., Any], names: Names, path: str) -> dict[str, Any]:
    """Return the schema of what a function takes beside `self`, by name.

    Raises:
        DefinitionError: A parameter has no type, a type without a schema, or no name.
    """
    known = {**inspect.unwrap(function).__globals__, **names}
    fields = {}
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        inside = join_path(path, parameter.name)
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise DefinitionError(f"{inside}: a method takes parameters by name only")
        if parameter.annotation is parameter.empty:
            raise DefinitionError(
                f"{inside}: the parameter has no type (write '{parameter.name}: str')"
            )
        default = _Missing if parameter.default is parameter.empty else parameter.default
        fields[parameter.name] = (parameter.annotation, default)
    return _object(fields, known, path)
