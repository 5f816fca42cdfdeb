"""Options in the shape of a file -> an instance of a config class; cattrs with strict hooks."""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, TypeVar

import cattrs

from swamp_driver.errors import ConfigError, Problem
from swamp_driver.spec._config import OptionField, error_text, option_fields
from swamp_driver.spec._gather import Gather, Refused, validate
from swamp_driver.spec._option_types import (
    SCALARS,
    choices_of,
    group_of,
    mapping_value,
    members,
    tuple_item,
    type_text,
)
from swamp_driver.spec._suggest import did_you_mean, key_path, quoted

T = TypeVar("T")

_Hook = Callable[[Any, Any], Any]


def structure(cls: type[T], data: Mapping[str, object]) -> T:
    """Return an instance of `cls`; see `structure_config`."""
    option_fields(cls)
    try:
        return _converter().structure(data, cls)
    except Refused as refused:
        raise ConfigError(refused.problems) from refused.__cause__


def _converter() -> cattrs.Converter:
    """Return a converter that converts nothing.

    Left to itself cattrs takes "false" for True and a text for a list of its letters.
    """
    converter = cattrs.Converter()
    for plain in (str, int, float, Enum):
        converter.register_structure_hook(plain, _structure_scalar)
    for predicate, factory in (
        (lambda wanted: tuple_item(wanted) is not None, _tuple_hook),
        (lambda wanted: mapping_value(wanted) is not None, _mapping_hook),
        (_is_literal, _literal_hook),
        (lambda wanted: group_of(wanted) is not None, _group_hook),
        (lambda wanted: len(members(wanted)) > 1, _union_hook),
    ):
        converter.register_structure_hook_factory(predicate)(factory)
    return converter


def _refuse(value: object, wanted: Any) -> Refused:
    return Refused([Problem(what=f"expected {type_text(wanted)}, found {_kind(value)}")])


def _kind(value: object) -> str:
    """Return what a value is, in words; never the value, which may be secret."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return "a number that is not finite"
    return SCALARS.get(type(value), f"a value of type '{type(value).__name__}'")


def _structure_scalar(value: object, wanted: type) -> object:
    if issubclass(wanted, Enum):
        return wanted(_choice(value, wanted))
    if wanted is float and type(value) is int:
        value = _to_float(value)
    if type(value) is not wanted or (isinstance(value, float) and not math.isfinite(value)):
        raise _refuse(value, wanted)
    return value


def _to_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _is_literal(wanted: Any) -> bool:
    return typing.get_origin(wanted) is typing.Literal


def _literal_hook(_: object) -> _Hook:
    return _choice


def _choice(value: object, wanted: Any) -> object:
    choices = choices_of(wanted)
    for choice in choices:
        if type(choice) is type(value) and choice == value:
            return choice
    if not isinstance(value, str):
        raise _refuse(value, wanted)
    texts = [str(choice) for choice in choices]
    hint = did_you_mean(value, texts)
    listed = ", ".join(texts)
    raise Refused([Problem(what=f"{quoted(value)} is none of: {listed}", hint=hint)])


def _tuple_hook(wanted: Any, converter: cattrs.BaseConverter) -> _Hook:
    item = tuple_item(wanted)

    def structure_tuple(value: object, _: object) -> tuple[object, ...]:
        if not isinstance(value, list | tuple):
            raise _refuse(value, wanted)
        gather = Gather(converter)
        return gather.done(
            tuple(gather.part(f"[{index}]", part, item) for index, part in enumerate(value))
        )

    return structure_tuple


def _mapping_hook(wanted: Any, converter: cattrs.BaseConverter) -> _Hook:
    item = mapping_value(wanted)

    def structure_mapping(value: object, _: object) -> Mapping[str, object]:
        if not isinstance(value, Mapping):
            raise _refuse(value, wanted)
        gather = Gather(converter)
        for key in value:
            if not isinstance(key, str):
                gather.problems.append(Problem(path=key_path(key), what="a key must be text"))
        return gather.done(
            types.MappingProxyType(
                {key: gather.part(key_path(key), part, item) for key, part in value.items()}
            )
        )

    return structure_mapping


def _union_hook(wanted: Any, converter: cattrs.BaseConverter) -> _Hook:
    def structure_union(value: object, _: object) -> object:
        if value is None and types.NoneType in members(wanted):
            return None
        fitting = [member for member in members(wanted) if _fits(value, member)]
        if not fitting:
            raise _refuse(value, wanted)
        for member in fitting[:-1]:
            try:
                return converter.structure(value, member)
            except Refused:
                continue
        return converter.structure(value, fitting[-1])

    return structure_union


def _fits(value: object, wanted: Any) -> bool:
    """Return whether the value is of the kind that `wanted` is read from."""
    if isinstance(value, Mapping):
        return mapping_value(wanted) is not None or group_of(wanted) is not None
    if isinstance(value, list | tuple):
        return tuple_item(wanted) is not None
    if choices := choices_of(wanted):
        return type(value) in {type(choice) for choice in choices}
    return type(value) is wanted or (type(value) is int and wanted is float)


def _group_hook(wanted: type, converter: cattrs.BaseConverter) -> _Hook:
    fields = option_fields(wanted)

    def structure_group(value: object, _: object) -> object:
        if not isinstance(value, Mapping):
            raise _refuse(value, wanted)
        gather = Gather(converter)
        gather.problems.extend(_unknown_keys(value, fields))
        values: dict[str, object] = {}
        for field in fields:
            if field.key in value:
                gather.option(field, value[field.key], values)
            elif field.required:
                gather.problems.append(_missing(field))
        gather.problems.extend(validate(wanted, fields, values))
        return _construct(wanted, fields, gather.done(values))

    return structure_group


def _construct(
    wanted: type, fields: tuple[OptionField, ...], values: Mapping[str, object]
) -> object:
    aliases = {field.attribute.name: field.attribute.alias for field in fields}
    try:
        return wanted(**{str(aliases[name]): value for name, value in values.items()})
    except ValueError as error:
        raise Refused([Problem(what=error_text(error))]) from error


def _unknown_keys(value: Mapping[object, object], fields: tuple[OptionField, ...]) -> list[Problem]:
    known = [field.key for field in fields]
    listed = f"options: {', '.join(known)}" if known else "there are no options"
    return [
        Problem(
            path=key_path(key),
            what=f"unknown option {quoted(key)}",
            hint=did_you_mean(str(key), known) or listed,
        )
        for key in value
        if key not in known
    ]


def _missing(field: OptionField) -> Problem:
    return Problem(
        path=field.key,
        what=f"the option '{field.key}' is required and missing",
        hint=f"{type_text(field.type)}: {field.spec.help}",
    )
