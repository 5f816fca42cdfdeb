"""Problems of the file and of its plan in one go, whatever is wrong with the file."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swamp_driver.errors import WorkflowError
from swamp_driver.workflow import DriverSelection, Plan, plan_text
from tests.unit.workflow.builders import Catalog, one_step, plan, told

CASES = Path(__file__).parents[2] / "workflows"
TEXTS = [path.read_text() for path in sorted(CASES.glob("*/*.yaml"))]
_WORDS = [
    "null",
    "5",
    "true",
    "[]",
    "{}",
    "text",
    "''",
    "${{ x",
    "${{ inputs.x }}",
    "- a",
    "&a b",
    "*a",
]


def _plan(text: str) -> Plan:
    return plan_text(
        text,
        source="ci.yaml",
        directory="/repo",
        inputs={},
        selection=DriverSelection(),
        catalog=Catalog(),
    )


def test_a_wrong_key_does_not_hide_an_unknown_driver() -> None:
    """Nobody wants to learn of their mistakes one after the other."""
    with pytest.raises(WorkflowError) as caught:
        _plan(
            one_step(
                "run: echo ${{ inputs.modles }}\ntimeot: 5s\ndriver: dokcer",
                top="inputs: {models: {default: x}, must: {type: string}}",
            )
        )
    heads = [told(problem).split(" (")[0] for problem in caught.value.problems]
    assert heads == [
        "inputs.must: the input 'must' is required",
        "7:23: jobs[0].steps[0].run: 'inputs' has no 'modles'",
        "8:9: jobs[0].steps[0].timeot: unknown key 'timeot'",
        "9:17: jobs[0].steps[0].driver: unknown driver 'dokcer'",
    ]


def test_a_file_without_problems_is_planned_as_in_two_steps() -> None:
    """It is the same plan."""
    text = one_step("run: make")
    assert _plan(text) == plan(text)


def test_a_text_that_is_no_workflow_at_all_is_refused() -> None:
    """There is nothing to plan then."""
    for text in ("", "[]", "a: ["):
        with pytest.raises(WorkflowError):
            _plan(text)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_file_raises_nothing_else(data: st.DataObject) -> None:
    """Files that people are in the middle of writing are the rule, not the exception."""
    lines = data.draw(st.sampled_from(TEXTS)).splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        if not lines:
            break
        number = data.draw(st.integers(0, len(lines) - 1))
        line = lines[number]
        match data.draw(st.sampled_from(["delete", "cut", "value", "double"])):
            case "delete":
                del lines[number]
            case "cut":
                lines[number] = line[: data.draw(st.integers(0, len(line)))]
            case "value":
                lines[number] = line.partition(":")[0] + ": " + data.draw(st.sampled_from(_WORDS))
            case _:
                lines.insert(number, line)
    with contextlib.suppress(WorkflowError):
        _plan("\n".join(lines))
