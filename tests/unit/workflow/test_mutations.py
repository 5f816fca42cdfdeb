"""Damaged files: whatever is in one, what comes is a plan or the words of what is wrong."""

from __future__ import annotations

import copy
import functools
import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from swamp_driver.errors import WorkflowError
from swamp_driver.workflow import DriverSelection, plan_from_json, plan_text, plan_to_json
from swamp_driver.workflow._node import json_value
from swamp_driver.workflow._problems import Problems
from swamp_driver.workflow._yaml import parse_yaml
from tests.unit.workflow.builders import Catalog

VALID = sorted((Path(__file__).parents[2] / "workflows" / "valid").glob("*.yaml"))


@functools.cache
def _text(number: int) -> str:
    return VALID[number % len(VALID)].read_text()


@functools.cache
def _data(number: int) -> Any:
    node = parse_yaml(_text(number), Problems(file=""))
    assert node is not None
    return json_value(node)


def _plan(text: str) -> None:
    """Plan a text; fail where anything but a `WorkflowError` comes."""
    problems = None
    try:
        plan = plan_text(
            text,
            source="ci.yaml",
            directory="/repo",
            inputs={},
            selection=DriverSelection(),
            catalog=Catalog(),
        )
    except WorkflowError as error:
        problems = error.problems
    if problems is None:
        assert plan_from_json(plan_to_json(plan)) == plan
    else:
        assert problems
        assert all(str(problem) for problem in problems)


STRANGE: list[Any] = [
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, -(2**63) - 1, 10**400, 0.5, 1e308, -0.0),
    *("", " ", "\0", "\ud800", "\u202e\u2028", "😀", "a" * 5000, "~", "yes", "1e999", ".nan"),
    *("${{", "${{ }}", "${{ inputs }}", "${{ x.y.z() }}", "${{ 1/0 }}", "${{ self.a }}"),
    *(
        "${{ data.latest('a', 'b') }}",
        "${{ vault.get(a, b) }}",
        "${{ '}}' }}",
        "${{ [1].map(a, a) }}",
    ),
    *("${{ inputs.a.?b }}", "${{ " + "(" * 200 + "1" + ")" * 200 + " }}", "${{ {'a': 1}.b }}"),
    *([], {}, [[]], [{}], {"": None}, {"a": {}}, {"type": "object"}, {"type": ["x"]}),
    *({"name": {}}, {"steps": 1}, [{"name": "x", "run": "true"}], {"type": "or", "conditions": []}),
    *("command/shell", "workflow", "model_method", "manual_approval", "../../etc/passwd"),
]
KEYS = ["name", "jobs", "inputs", "default", "type", "in", "item", "condition", "task", "run", "0"]


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Return every container and key in a tree."""
    found: list[tuple[Any, Any]] = []
    if isinstance(value, dict | list):
        for key, part in list(value.items() if isinstance(value, dict) else enumerate(value)):
            found += [(value, key), *_places(part)]
    return found


def _double(container: Any, at: Any, key: str) -> None:
    if isinstance(container, list):
        container.append(copy.deepcopy(container[at]))
    else:
        container[key] = copy.deepcopy(container[at])


def _mutated(data: Any, changes: list[tuple[int, str, Any, str]]) -> Any:
    data = copy.deepcopy(data)
    for number, kind, value, key in changes:
        places = _places(data)
        if not places:
            return value
        container, at = places[number % len(places)]
        other, there = places[(number * 7 + 3) % len(places)]
        if kind == "drop":
            del container[at]
        elif kind == "double":
            _double(container, at, key)
        else:
            made = {
                "replace": value,
                "wrap": {key: container[at]},
                "nest": [container[at]],
                "move": other[there],
            }
            container[at] = copy.deepcopy(made[kind])
    return data


CHANGES = st.lists(
    st.tuples(
        st.integers(0, 10_000),
        st.sampled_from(["replace", "drop", "double", "wrap", "nest", "move"]),
        st.sampled_from(STRANGE),
        st.sampled_from(KEYS),
    ),
    min_size=1,
    max_size=4,
)
SETTINGS = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SETTINGS
@given(number=st.integers(0, len(VALID) - 1), changes=CHANGES)
def test_a_tree_that_is_damaged_gives_a_plan_or_problems(
    number: int, changes: list[tuple[int, str, Any, str]]
) -> None:
    """Keys dropped, doubled and moved, types swapped, numbers and texts that nobody writes."""
    _plan(json.dumps(_mutated(_data(number), changes)))


PIECES = [
    "\n",
    " ",
    "  ",
    "- ",
    ": ",
    "{",
    "}",
    "[",
    "]",
    '"',
    "'",
    "|",
    ">",
    "&a ",
    "*a",
    "#",
    "!!",
]
MORE = [
    "${{",
    "}}",
    "\t",
    "\r",
    "\ufeff",
    "\0",
    "\x85",
    "é",
    "😀",
    "<<: ",
    "? ",
    "---\n",
    "%YAML 1.1",
]


@SETTINGS
@given(
    number=st.integers(0, len(VALID) - 1),
    changes=st.lists(
        st.tuples(
            st.integers(0, 10_000),
            st.integers(0, 40),
            st.one_of(st.sampled_from(PIECES + MORE), st.text(max_size=5)),
        ),
        min_size=1,
        max_size=5,
    ),
)
@example(number=0, changes=[(0, 40, "- " * 2000)])
@example(number=0, changes=[(0, 40, "[" * 2000)])
@example(number=0, changes=[(0, 0, "a: &a [x, x]\nb: &b [*a, *a]\n")])
def test_a_text_that_is_damaged_gives_a_plan_or_problems(
    number: int, changes: list[tuple[int, int, str]]
) -> None:
    """Half a file, a merge gone wrong, a file of another program."""
    text = _text(number)
    for number_of_place, removed, piece in changes:
        at = number_of_place % (len(text) + 1)
        text = text[:at] + piece + text[at + removed :]
    _plan(text)
