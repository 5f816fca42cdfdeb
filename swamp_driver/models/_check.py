"""Values against schemas: nothing is converted, all problems are found at once.

The schemas are a subset of JSON Schema; `_keywords` says which. A value is what JSON can hold.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, Callable

from swamp_driver.models._errors import Problem

Schema = Mapping[str, Any]
_DEEPEST = 64


class _Later:
    """See `LATER`."""

    def __repr__(self) -> str:
        return "a value that is known later"


LATER = _Later()
"""Stands for a value that is not known yet: nothing is wrong with it."""
_SHOWN = 60
_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}


def check(value: object, schema: Schema, path: str = "") -> list[Problem]:
    """Return all that is wrong with a value; nothing where it is as the schema says.

    Pure. `path` is where the value stands, for the paths of the problems. A whole number is a
    number too; a truth value is none, and text is never read as anything else.
    """
    problems: list[Problem] = []
    _check(value, schema, path, problems)
    return problems


def quoted(value: object) -> str:
    """Return a value quoted for a message, cut where it is long."""
    text = str(value)
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")


def join_path(path: str, key: str) -> str:
    """Return the path of a key; one that is no plain word is quoted in brackets."""
    if re.fullmatch(r"[\w-]{1,60}", key):
        return f"{path}.{key}" if path else key
    return f"{path}[{quoted(key)}]"


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Return words for a name that is not known, with the one that may be meant."""
    import difflib  # noqa: PLC0415 - needed only once something is wrong

    names = list(known)
    close = difflib.get_close_matches(name[:_SHOWN], names, n=1)
    if close:
        return f"unknown {what} {quoted(name)} (did you mean {close[0]!r}?)"
    listed = f"there are: {', '.join(names)}" if names else "there are none"
    return f"unknown {what} {quoted(name)} ({listed})"


def kind_of(value: object) -> str | None:
    """Return the JSON type of a value; None where JSON cannot hold it."""
    if value is None:
        return "null"
    for kind, cls in (
        ("boolean", bool),
        ("integer", int),
        ("number", float),
        ("string", str),
        ("array", list),
        ("object", dict),
    ):
        if isinstance(value, cls):
            return kind
    return None


def _found(value: object) -> str:
    kind = kind_of(value)
    if kind in ("string",):
        return f"the text {quoted(value)}"
    if kind in ("integer", "number"):
        return f"the number {str(value)[:_SHOWN]}"
    if kind == "boolean":
        return "true" if value else "false"
    return _WORDS[kind] if kind else f"a Python {type(value).__name__!r}, which JSON cannot hold"


def _expected(schema: Schema) -> str:
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_expected(one) for one in schema["anyOf"]))
    if "enum" in schema:
        return "one of: " + ", ".join(map(_literal, schema["enum"]))
    return " or ".join(_WORDS[kind] for kind in _kinds(schema)) or "a value that JSON can hold"


def _literal(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _kinds(schema: Schema) -> list[str]:
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else list(kinds)


def _fits(kind: str | None, schema: Schema) -> bool:
    kinds = _kinds(schema)
    return kind is not None and (
        not kinds or kind in kinds or (kind == "integer" and "number" in kinds)
    )


def _check(value: object, schema: Schema, path: str, problems: list[Problem]) -> None:
    if value is LATER:
        return
    if path.count(".") + path.count("[") > _DEEPEST:
        problems.append(Problem(path, f"the value is more than {_DEEPEST} levels deep"))
        return
    kind = kind_of(value)
    if not _fits(kind, schema):
        problems.append(Problem(path, f"expected {_expected(schema)}, found {_found(value)}"))
        return
    if "enum" in schema and not any(_same(value, one) for one in schema["enum"]):
        problems.append(Problem(path, f"expected {_expected(schema)}, found {_found(value)}"))
        return
    before = len(problems)
    if "anyOf" in schema:
        _check_any(value, schema, path, problems)
    assert kind is not None
    inside = _INSIDE.get(kind)
    if inside is not None and len(problems) == before:
        inside(value, schema, path, problems)


def _same(one: object, other: object) -> bool:
    """Return whether two values are equal as JSON: true is not 1."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _check_any(value: object, schema: Schema, path: str, problems: list[Problem]) -> None:
    kind = kind_of(value)
    found = [(one, check(value, one, path)) for one in schema["anyOf"]]
    if any(not wrong for _, wrong in found):
        return
    close = [wrong for one, wrong in found if _fits(kind, one)]
    if len(close) == 1:
        problems.extend(close[0])
    else:
        problems.append(Problem(path, f"expected {_expected(schema)}, found {_found(value)}"))


def _check_text(value: Any, schema: Schema, path: str, problems: list[Problem]) -> None:
    _check_bounds(len(value), schema, path, problems, ("minLength", "maxLength", "{} characters"))
    if "pattern" in schema and not re.search(schema["pattern"], value):
        what = f"the text {quoted(value)} does not match the pattern {schema['pattern']!r}"
        problems.append(Problem(path, what))


def _check_number(value: Any, schema: Schema, path: str, problems: list[Problem]) -> None:
    if not math.isfinite(value):
        problems.append(Problem(path, f"the number {value} is not finite"))
    _check_bounds(value, schema, path, problems, ("minimum", "maximum", "{}"))


def _check_bounds(
    size: Any, schema: Schema, path: str, problems: list[Problem], words: Any
) -> None:
    least, most, unit = words
    for key, side, wrong in (
        (least, "at least", least in schema and size < schema[least]),
        (most, "at most", most in schema and size > schema[most]),
    ):
        if wrong:
            what = f"expected {side} {unit.format(schema[key])}, found {size}"
            problems.append(Problem(path, what))


def _check_list(value: Any, schema: Schema, path: str, problems: list[Problem]) -> None:
    _check_bounds(len(value), schema, path, problems, ("minItems", "maxItems", "{} entries"))
    for number, item in enumerate(value):
        _check(item, schema.get("items", {}), f"{path}[{number}]", problems)
    if schema.get("uniqueItems") and not problems:
        told = [json.dumps(item, sort_keys=True, default=id) for item in value]
        twice = [number for number, item in enumerate(told) if item in told[:number]]
        problems.extend(Problem(f"{path}[{n}]", "the entry is there already") for n in twice)


def _check_mapping(value: Any, schema: Schema, path: str, problems: list[Problem]) -> None:
    properties: dict[str, Any] = schema.get("properties", {})
    missing = [key for key in schema.get("required", []) if key not in value]
    problems.extend(Problem(join_path(path, key), "is missing") for key in missing)
    other = schema.get("additionalProperties", True)
    for key, item in value.items():
        if not isinstance(key, str):
            problems.append(Problem(path, f"the key {quoted(key)} is no text"))
        elif key in properties:
            _check(item, properties[key], join_path(path, key), problems)
        elif other is False:
            problems.append(Problem(join_path(path, key), unknown("key", key, properties)))
        else:
            _check(item, {} if other is True else other, join_path(path, key), problems)


_INSIDE: dict[str, Callable[[Any, Schema, str, list[Problem]], None]] = {
    "string": _check_text,
    "integer": _check_number,
    "number": _check_number,
    "array": _check_list,
    "object": _check_mapping,
}
