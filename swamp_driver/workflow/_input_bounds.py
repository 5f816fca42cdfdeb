"""The bounds that an input declares, and which of them a value breaks."""

from __future__ import annotations

import json
from collections.abc import Iterator

from swamp_driver.spec import Json
from swamp_driver.workflow._input_shape import InputDeclaration

Number = int | float


def wrong_bounds(declaration: InputDeclaration) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with bounds that exclude everything, and the key where it stands."""
    for low, high, keys in (
        (declaration.min_items, declaration.max_items, ("minItems", "maxItems")),
        (declaration.min_length, declaration.max_length, ("minLength", "maxLength")),
        (declaration.minimum, declaration.maximum, ("minimum", "maximum")),
    ):
        if low is not None and high is not None and low > high:
            yield f"{keys[0]!r} is greater than {keys[1]!r}", keys[0]


def broken_bounds(declaration: InputDeclaration, value: Json) -> list[str]:
    """Return which of the bounds a value breaks, in words."""
    match value:
        case bool():
            return []
        case int() | float():
            return _outside(value, declaration.minimum, declaration.maximum)
        case str():
            bounds = declaration.min_length, declaration.max_length
            return _outside(len(value), *bounds, noun="characters")
        case list():
            bounds = declaration.min_items, declaration.max_items
            broken = _outside(len(value), *bounds, noun="entries")
            if declaration.unique_items and len({canonical(item) for item in value}) < len(value):
                broken.append("an entry stands there twice")
            return broken
        case _:
            return []


def _outside(
    value: Number, low: Number | None, high: Number | None, *, noun: str = ""
) -> list[str]:
    shown = f"{value} {noun}".strip()
    if low is not None and value < low:
        return [f"{shown} are fewer than {low}" if noun else f"{shown} is less than {low}"]
    if high is not None and value > high:
        return [f"{shown} are more than {high}" if noun else f"{shown} is greater than {high}"]
    return []


def canonical(value: Json) -> str:
    """Return a text that is the same for equal values: in JSON, 1 and true are not equal."""
    return json.dumps(value, sort_keys=True)
