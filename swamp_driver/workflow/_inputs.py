"""Checks the values of inputs against their declarations, and applies defaults."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence

from swamp_driver.spec import Json
from swamp_driver.spec._suggest import did_you_mean, quoted
from swamp_driver.workflow._assignments import AssignedText
from swamp_driver.workflow._cel import ExpressionError, pattern_matches
from swamp_driver.workflow._input_bounds import broken_bounds, canonical
from swamp_driver.workflow._input_shape import InputDeclaration, Inputs
from swamp_driver.workflow._node import json_value
from swamp_driver.workflow._problems import Place, Problems, join_path

_TYPES: dict[str, tuple[str, Callable[[Json], bool]]] = {
    "string": ("text", lambda value: isinstance(value, str)),
    "number": ("a number", lambda value: type(value) in {int, float}),
    "integer": ("a whole number", lambda value: type(value) is int),
    "boolean": ("true or false", lambda value: isinstance(value, bool)),
    "array": ("a list", lambda value: isinstance(value, list)),
    "object": ("a mapping", lambda value: isinstance(value, dict)),
}
_NO_TEXT = "[\0\ud800-\udfff]"
"""What is no text to the expression engine: it would cut a text at a NUL."""


def check_inputs(
    declared: Inputs,
    given: Mapping[str, Json],
    problems: Problems,
    *,
    later: Collection[str] = (),
) -> dict[str, Json]:
    """Return the values of all inputs; note what is missing, unknown or not as declared.

    `later` are the names of inputs whose values are not known yet: they have none.
    """
    values: dict[str, Json] = {}
    for name, declaration in declared.declarations.items():
        place = Place(f"inputs.{name}")
        if name in given and (what := unusable(given[name])):
            problems.add(what, place)
        elif name in given:
            values[name] = check_value(declaration, given[name], place, problems)
        elif declaration.default is not None and name not in later:
            values[name] = default_of(declaration)
        elif name in declared.required and name not in later:
            hint = f"give it with --input {name}=VALUE"
            what = f"the input {quoted(name)} is required"
            problems.add(what, place, hint=hint, kind="input")
    others = [name for name in (*given, *later) if name not in declared.declarations]
    return values | _others(declared, others, given, problems)


def _others(
    declared: Inputs, names: Sequence[str], given: Mapping[str, Json], problems: Problems
) -> dict[str, Json]:
    """Return the values of names that are not declared, where such names are allowed."""
    if not declared.open:
        for name in names:
            _unknown(name, declared, problems)
        return {}
    return {
        name: _other(declared.open, given[name], Place(join_path("inputs", name[:60])), problems)
        for name in names
        if name in given
    }


def _other(allowed: object, value: Json, place: Place, problems: Problems) -> Json:
    """Return the value of a name that is not declared, where such names are allowed."""
    if what := unusable(value):
        problems.add(what, place)
    elif isinstance(allowed, InputDeclaration):
        return check_value(allowed, value, place, problems)
    return plain(value)


def unusable(value: Json) -> str | None:
    """Return why no expression could take the value, if that is so."""
    match value:
        case str():
            return (
                "the text has half a character or a NUL in it"
                if re.search(_NO_TEXT, value)
                else None
            )
        case bool() | None:
            return None
        case int():
            return None if -(2**63) <= value < 2**63 else "the number is out of range"
        case float():
            return None if math.isfinite(value) else "the number is not finite"
        case list():
            return next(filter(None, map(unusable, value)), None)
        case dict():
            return unusable([*value, *value.values()])


def _unknown(name: str, declared: Inputs, problems: Problems) -> None:
    known = list(declared.declarations)
    listed = f"there are: {', '.join(known)}" if known else "the workflow declares none"
    hint = did_you_mean(name, known) or listed
    problems.add(f"there is no input {quoted(name)}", Place(f"inputs.{name[:60]}"), hint=hint)


def default_of(declaration: InputDeclaration) -> Json:
    """Return the default of an input, with the defaults of its parts; null stands for no value."""
    value = json_value(declaration.default) if declaration.default is not None else None
    return value if value is None else check_value(declaration, value, Place(), _ignored())


def _ignored() -> Problems:
    """Return where problems go that were noted when the file was read."""
    return Problems(file="")


def check_value(
    declaration: InputDeclaration, value: Json, place: Place, problems: Problems
) -> Json:
    """Return a value as declared: texts of the command line converted, defaults of parts applied.

    What is not as declared is noted at `place`, with the path of the part.
    """
    given = value
    if isinstance(value, AssignedText):
        value = _converted(declaration.type, value)
    if declaration.type is not None:
        words, fits = _TYPES[declaration.type]
        if not fits(value):
            hint = _type_hint(declaration, given)
            problems.add(f"expected {words}, found {_shown(value)}", place, hint=hint)
            return plain(value)
    for what in broken_bounds(declaration, value):
        problems.add(what, place)
    _check_choice(declaration, value, place, problems)
    match value:
        case str():
            _check_pattern(declaration, value, place, problems)
        case list() if declaration.items is not None:
            return [
                check_value(declaration.items, item, _inside(place, f"[{index}]"), problems)
                for index, item in enumerate(value)
            ]
        case dict():
            return _check_object(declaration, value, place, problems)
    return plain(value)


def _converted(wanted: str | None, value: AssignedText) -> Json:
    """Return what a text of the command line means where that type is wanted."""
    text = str(value)
    if wanted in {None, "string"}:
        return text
    try:
        parsed: Json = json.loads(text)
    except ValueError:
        return text
    return parsed if wanted in _TYPES and _TYPES[wanted][1](parsed) else text


def _type_hint(declaration: InputDeclaration, value: Json) -> str | None:
    if declaration.type in {"array", "object"} and isinstance(value, AssignedText):
        example = '["a", "b"]' if declaration.type == "array" else '{"a": 1}'
        return f"on the command line, write NAME:='{example}'"
    return f"it is declared as {declaration.type!r}"


def _check_choice(
    declaration: InputDeclaration, value: Json, place: Place, problems: Problems
) -> None:
    if declaration.enum is None:
        return
    choices = [json_value(node) for node in declaration.enum]
    if canonical(value) not in {canonical(choice) for choice in choices}:
        texts = [choice if isinstance(choice, str) else json.dumps(choice) for choice in choices]
        hint = did_you_mean(value, texts) if isinstance(value, str) else None
        problems.add(f"{_shown(value)} is none of: {', '.join(texts)}", place, hint=hint)


def _check_pattern(
    declaration: InputDeclaration, value: str, place: Place, problems: Problems
) -> None:
    if declaration.pattern is None:
        return
    try:
        matches = pattern_matches(declaration.pattern.text, str(value))
    except ExpressionError:
        return  # noted where it is declared
    if not matches:
        what = f"{quoted(value)} does not match the pattern {quoted(declaration.pattern.text)}"
        problems.add(what, place)


def _check_object(
    declaration: InputDeclaration, value: dict[str, Json], place: Place, problems: Problems
) -> dict[str, Json]:
    properties = declaration.properties or {}
    result: dict[str, Json] = {}
    for name, part in value.items():
        inside = _inside(place, name)
        if name in properties:
            result[name] = check_value(properties[name], part, inside, problems)
        elif declaration.additional_properties is False:
            _unknown_key(name, list(properties), inside, problems)
        else:
            result[name] = _other(declaration.additional_properties, part, inside, problems)
    for name in sorted(declaration.required_keys - value.keys()):
        if name not in properties or properties[name].default is None:
            problems.add(f"the key {quoted(name)} is missing", place)
    for name, declared in properties.items():
        if name not in value and declared.default is not None:
            result[name] = default_of(declared)
    return result


def _unknown_key(name: str, known: list[str], place: Place, problems: Problems) -> None:
    hint = did_you_mean(name, known) or (f"there are: {', '.join(known)}" if known else None)
    problems.add(f"unknown key {quoted(name)}", place, hint=hint)


def plain(value: Json) -> Json:
    """Return a value with exact types all the way down, as expressions need them."""
    match value:
        case str():
            return str(value)
        case list():
            return [plain(item) for item in value]
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
        case _:
            return value


def _inside(place: Place, part: str) -> Place:
    path = place.path + part if part.startswith("[") else join_path(place.path, part[:60])
    return Place(path, place.line, place.column)


def _shown(value: Json) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case str():
            return quoted(value)
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case _:
            return str(value)
