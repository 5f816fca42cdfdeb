"""Which words of JSON Schema a schema may use: those that `check` obeys, and no other."""

from __future__ import annotations

import re
from typing import Any

from swamp_driver.models._check import check, join_path, unknown
from swamp_driver.models._errors import Problem

_TYPES: Any = ["string", "integer", "number", "boolean", "array", "object", "null"]
_COUNT = {"type": "integer", "minimum": 0}
_TEXTS = {"type": "array", "items": {"type": "string"}}
_TOLD = ("title", "description", "default", "examples", "$schema", "format")
"""Words that are kept for readers and obeyed by no one."""
_WORDS: dict[str, Any] = {
    "type": {
        "anyOf": [{"enum": _TYPES}, {"type": "array", "minItems": 1, "items": {"enum": _TYPES}}]
    },
    "enum": {"type": "array", "minItems": 1},
    "anyOf": {"type": "array", "minItems": 1},
    "properties": {"type": "object"},
    "required": _TEXTS,
    "additionalProperties": {"type": ["boolean", "object"]},
    "items": {"type": "object"},
    "minItems": _COUNT,
    "maxItems": _COUNT,
    "uniqueItems": {"type": "boolean"},
    "minimum": {"type": "number"},
    "maximum": {"type": "number"},
    "pattern": {"type": "string"},
    "minLength": _COUNT,
    "maxLength": _COUNT,
    **{word: {} for word in _TOLD},
}


def check_schema(schema: object, path: str = "") -> list[Problem]:
    """Return all that is wrong with a schema: words that are not known, words misused."""
    if not isinstance(schema, dict):
        return check(schema, {"type": "object"}, path)
    problems: list[Problem] = []
    for word, value in schema.items():
        inside = join_path(path, str(word))
        if word not in _WORDS:
            problems.append(Problem(path, unknown("word of JSON Schema", str(word), _WORDS)))
            continue
        wrong = check(value, _WORDS[word], inside)
        problems += wrong or _check_inside(word, value, inside)
    return problems


def _check_inside(word: str, value: Any, path: str) -> list[Problem]:
    if word == "properties":
        return [p for key, one in value.items() for p in check_schema(one, join_path(path, key))]
    if word == "anyOf":
        return [p for n, one in enumerate(value) for p in check_schema(one, f"{path}[{n}]")]
    if word == "items" or (word == "additionalProperties" and isinstance(value, dict)):
        return check_schema(value, path)
    if word == "pattern":
        try:
            re.compile(value)
        except re.error as error:
            return [Problem(path, f"the pattern cannot be understood: {error}")]
    return []
