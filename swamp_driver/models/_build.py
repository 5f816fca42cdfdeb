"""Checked values as what annotations say: mappings become dataclasses, the rest stays."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Mapping
from typing import Any, Callable

from swamp_driver.models._annotations import evaluate, fields_of
from swamp_driver.models._check import check
from swamp_driver.models._schema import UNIONS, schema_of


def build(value: Any, kind: Any, names: Mapping[str, Any]) -> Any:
    """Return a value that has passed `check` as the type `kind`."""
    kind = evaluate(kind, names)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return build_dataclass(value, kind, names)
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin is list:
        return [build(item, parts[0], names) for item in value]
    if origin is dict:
        return {key: build(item, parts[1], names) for key, item in value.items()}
    if origin in UNIONS:
        fitting = (part for part in parts if not check(value, schema_of(part, names, "")))
        return build(value, next(fitting, Any), names)
    return value


def build_dataclass(value: Mapping[str, Any], cls: type[Any], names: Mapping[str, Any]) -> Any:
    """Return an instance of a dataclass; what is absent has its default."""
    kinds = {field.name: kind for field, kind in fields_of(cls, names)}
    return cls(**{key: build(item, kinds[key], names) for key, item in value.items()})


def build_arguments(
    value: Mapping[str, Any], function: Callable[..., Any], names: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the keyword arguments of a function."""
    known = {**inspect.unwrap(function).__globals__, **names}
    parameters = inspect.signature(function).parameters
    return {key: build(item, parameters[key].annotation, known) for key, item in value.items()}
