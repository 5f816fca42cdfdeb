"""Values against schemas."""

from __future__ import annotations

import pytest

from swamp_driver.models._check import check

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1, "pattern": "^[a-z]"},
        "age": {"type": "integer", "minimum": 0, "maximum": 150},
        "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True, "maxItems": 3},
        "mode": {"enum": ["a", 1, None]},
        "size": {"anyOf": [{"type": "object", "required": ["x"]}, {"type": "number"}]},
    },
    "required": ["name"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    "value",
    [
        {"name": "ada"},
        {"name": "ada", "age": 36, "tags": ["x", "y"], "mode": None, "size": 1.5},
        {"name": "ada", "mode": 1, "size": {"x": True}},
    ],
)
def test_a_value_that_fits_has_no_problems(value: object) -> None:
    """What the schema allows must pass."""
    assert check(value, PERSON) == []


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("ada", ["expected a mapping, found the text 'ada'"]),
        ({"name": 3}, ["name: expected text, found the number 3"]),
        ({"name": "ada", "age": "36"}, ["age: expected a whole number, found the text '36'"]),
        ({"name": "ada", "age": True}, ["age: expected a whole number, found true"]),
        ({"name": "ada", "age": 36.0}, ["age: expected a whole number, found the number 36.0"]),
        ({"name": "ada", "age": -1}, ["age: expected at least 0, found -1"]),
        ({"name": ""}, [
            "name: expected at least 1 characters, found 0",
            "name: the text '' does not match the pattern '^[a-z]'",
        ]),
        ({"name": "ada", "tags": ["x", 1]}, ["tags[1]: expected text, found the number 1"]),
        ({"name": "ada", "tags": ["x", "x"]}, ["tags[1]: the entry is there already"]),
        ({"name": "ada", "tags": ("x",)}, [
            "tags: expected a list, found a Python 'tuple', which JSON cannot hold"
        ]),
        ({"name": "ada", "mode": True}, ["mode: expected one of: a, 1, null, found true"]),
        ({"name": "ada", "size": {}}, ["size.x: is missing"]),
        ({"name": "ada", "size": "big"}, [
            "size: expected a mapping or a number, found the text 'big'"
        ]),
        ({"name": "ada", "size": float("nan")}, ["size: the number nan is not finite"]),
        ({"agee": 3, 4: 5}, [
            "name: is missing",
            "agee: unknown key 'agee' (did you mean 'age'?)",
            "the key '4' is no text",
        ]),
    ],
)  # fmt: skip
def test_all_that_is_wrong_is_told_and_nothing_is_converted(value: object, told: list[str]) -> None:
    """Text that looks like a number is text: the same under every driver."""
    assert [str(problem) for problem in check(value, PERSON)] == told


def test_a_value_too_deep_is_a_problem_not_a_crash() -> None:
    """Values come from steps: they may be anything."""
    value: list[object] = []
    for _ in range(100):
        value = [value]
    [problem] = check(value, {})
    assert problem.what == "the value is more than 64 levels deep"
