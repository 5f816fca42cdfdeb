"""What a model class is, as JSON: derived from it once, and checked."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from typing import Any

from swamp_driver.models import _wire as wire
from swamp_driver.models._check import check, quoted
from swamp_driver.models._errors import DefinitionError, Problem
from swamp_driver.models._keywords import check_schema
from swamp_driver.models._model import File, Model, Resource, methods_of
from swamp_driver.models._schema import dataclass_schema, parameters_schema

_TAGS = {"type": "object", "additionalProperties": {"type": "string"}}
_NO_ARGUMENTS = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}


def describe(cls: type[Model]) -> dict[str, Any]:
    """Return the type, version, schemas and methods of a model class.

    Raises:
        DefinitionError: The class is not as it must be.
    """
    kind = getattr(cls, "type", None)
    if not isinstance(kind, str) or not wire.TYPE.fullmatch(kind):
        raise DefinitionError(
            f"{cls.__name__}: 'type' must be a text such as 'ci/git', found {quoted(kind)}"
        )
    if not isinstance(cls.version, str):
        raise DefinitionError(f"{kind}: 'version' must be a text, found {quoted(cls.version)}")
    if both := set(cls.resources) & set(cls.files):
        raise DefinitionError(f"{kind}: {sorted(both)[0]!r} is both a resource and a file")
    names = names_of(cls)
    return {
        "type": kind,
        "version": cls.version,
        "description": inspect.cleandoc(cls.__doc__ or ""),
        "arguments": _arguments(cls, names, kind),
        "methods": {
            name: {
                "description": inspect.cleandoc(function.__doc__ or ""),
                "inputs": parameters_schema(function, names, f"{kind}: {name}"),
            }
            for name, function in methods_of(cls).items()
        },
        "resources": {
            name: _resource(one, names, f"{kind}: resources.{name}")
            for name, one in _declared(cls, "resources", Resource)
        },
        "files": {
            name: _file(one, f"{kind}: files.{name}") for name, one in _declared(cls, "files", File)
        },
    }


def names_of(cls: type[Model]) -> dict[str, Any]:
    """Return the names that annotations in a model class may use beside those of its module."""
    names: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if base is not object and base is not Model:
            names.update({k: v for k, v in vars(base).items() if isinstance(v, type)})
    return names


def _arguments(cls: type[Model], names: Mapping[str, Any], kind: str) -> dict[str, Any]:
    arguments: Any = cls.Arguments
    if arguments is None:
        return dict(_NO_ARGUMENTS)
    if not isinstance(arguments, type) or not dataclasses.is_dataclass(arguments):
        raise DefinitionError(f"{kind}: 'Arguments' must be a dataclass (write '@dataclass')")
    return dataclass_schema(arguments, names, f"{kind}: Arguments")


def _declared(cls: type[Model], group: str, wanted: type) -> list[Any]:
    declared: Any = getattr(cls, group)
    if not isinstance(declared, Mapping):
        raise DefinitionError(f"{cls.type}: '{group}' must be a dict of names to {wanted.__name__}")
    for name, one in declared.items():
        if not isinstance(one, wanted):
            raise DefinitionError(
                f"{cls.type}: {group}.{name}: expected a {wanted.__name__}, found {quoted(one)}"
            )
        if not isinstance(name, str) or not wire.NAME.fullmatch(name):
            raise DefinitionError(f"{cls.type}: {group}: {quoted(name)} cannot be a name")
    return list(declared.items())


def _resource(one: Resource, names: Mapping[str, Any], path: str) -> dict[str, Any]:
    schema: Any = one.schema
    if isinstance(schema, type):
        if not dataclasses.is_dataclass(schema):
            raise DefinitionError(f"{path}: the schema must be a dataclass or a JSON Schema")
        schema = dataclass_schema(schema, names, path)
    problems = check_schema(schema)
    if schema.get("type") != "object":
        problems.append(Problem("type", "a resource is a mapping (write 'type': 'object')"))
    if problems:
        raise DefinitionError(f"{path}: " + "; ".join(map(str, problems)))
    return {"schema": dict(schema), **_kept(one, path)}


def _file(one: File, path: str) -> dict[str, Any]:
    kind: Any = one.content_type
    if not isinstance(kind, str) or not wire.CONTENT_TYPE.fullmatch(kind):
        raise DefinitionError(f"{path}: {quoted(kind)} is no content type (write 'text/plain')")
    return {"contentType": kind, **_kept(one, path)}


def _kept(one: Resource | File, path: str) -> dict[str, Any]:
    """Return how data of a kind is kept."""
    kept = {
        "description": one.description,
        "lifetime": one.lifetime,
        "garbageCollection": one.garbage_collection,
        "tags": one.tags,
    }
    text = {"type": "string"}
    wanted = {"description": text, "lifetime": text, "tags": _TAGS}
    wanted["garbageCollection"] = {"type": ["string", "integer", "null"]}
    problems = check(kept, {"type": "object", "properties": wanted})
    if problems:
        raise DefinitionError(f"{path}: " + "; ".join(map(str, problems)))
    return kept
