"""The types that options may have, and the words for them in messages and tables."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

import attrs

SCALARS: Mapping[type, str] = {
    str: "text",
    bool: "true or false",
    int: "integer",
    float: "number",
    types.NoneType: "null",
}
"""The plain types, and how a person calls them."""


def members(wanted: Any) -> tuple[Any, ...]:
    """Return the members of a union, or the type itself as the only one."""
    if isinstance(wanted, types.UnionType) or typing.get_origin(wanted) is typing.Union:
        return typing.get_args(wanted)
    return (wanted,)


def tuple_item(wanted: Any) -> Any:
    """Return `X` of `tuple[X, ...]`, or None for any other type."""
    match typing.get_args(wanted):
        case (item, last) if typing.get_origin(wanted) is tuple and last is Ellipsis:
            return item
    return None


def mapping_value(wanted: Any) -> Any:
    """Return `X` of `Mapping[str, X]`, or None for any other type."""
    match typing.get_args(wanted):
        case (key, value) if typing.get_origin(wanted) is Mapping and key is str:
            return value
    return None


def choices_of(wanted: Any) -> tuple[Any, ...]:
    """Return the values that a `Literal` or an enum allows; empty for any other type."""
    if typing.get_origin(wanted) is typing.Literal:
        return typing.get_args(wanted)
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        return tuple(member.value for member in wanted)
    return ()


def group_of(wanted: Any) -> type[attrs.AttrsInstance] | None:
    """Return the type where it is an attrs class (a group of options of its own), else None."""
    return wanted if isinstance(wanted, type) and attrs.has(wanted) else None


def nested_groups(wanted: Any) -> Iterator[tuple[str, type]]:
    """Yield each attrs class in the type with what stands between it and the option's key."""
    for member in members(wanted):
        if (group := group_of(member)) is not None:
            yield "", group
        elif (item := tuple_item(member)) is not None:
            yield from ((f"[]{rest}", group) for rest, group in nested_groups(item))
        elif (value := mapping_value(member)) is not None:
            yield from ((f".*{rest}", group) for rest, group in nested_groups(value))


def type_text(wanted: Any) -> str:
    """Return the type in words; raise `TypeError` where options cannot have it."""
    return " or ".join(_member_text(member) for member in members(wanted))


def _member_text(wanted: Any) -> str:
    if choices := choices_of(wanted):
        return ", ".join(repr(choice) for choice in choices[:-1]) + (
            f" or {choices[-1]!r}" if choices[1:] else repr(choices[0])
        )
    if (item := tuple_item(wanted)) is not None:
        return f"list of {_part_text(item)}"
    if (value := mapping_value(wanted)) is not None:
        return f"mapping of text to {_part_text(value)}"
    if group_of(wanted) is not None:
        return "mapping"
    if isinstance(wanted, type) and wanted in SCALARS:
        return SCALARS[wanted]
    raise TypeError(
        f"an option cannot have the type {wanted!r} (str, int, float, bool, None, Literal, enums, "
        "tuple[X, ...], Mapping[str, X], attrs classes, and unions of these)"
    )


def _part_text(wanted: Any) -> str:
    text = type_text(wanted)
    return f"({text})" if " or " in text else text
