"""Whole files: what loads, and what is said about what does not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from swamp_driver.errors import Problem, WorkflowError
from swamp_driver.workflow import (
    DriverSelection,
    Plan,
    parse_workflow,
    plan_from_json,
    plan_to_json,
    plan_workflow,
)
from tests.unit.workflow.builders import Catalog

CASES = Path(__file__).parents[2] / "workflows"
VALID = sorted((CASES / "valid").glob("*.yaml"))
BROKEN = sorted((CASES / "broken").glob("*.yaml"))


def _plan(path: Path) -> Plan:
    with path.open(newline="") as file:
        text = file.read()
    return plan_workflow(
        parse_workflow(text, source=path.name),
        source=path.name,
        directory="/repo",
        inputs={},
        selection=DriverSelection(),
        catalog=Catalog(),
    )


def _told(problem: Problem) -> str:
    where = f"{problem.file}:{problem.line}:{problem.column}"
    lines = [": ".join(part for part in (where, problem.path, problem.what) if part)]
    if problem.source_line is not None:
        lines += [f"  | {problem.source_line}", f"  | {' ' * (problem.column - 1)}^"]
    if problem.hint:
        lines.append(f"  hint: {problem.hint}")
    return "\n".join(lines)


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_valid_file_is_planned_and_its_plan_survives_json(path: Path) -> None:
    """Files of other people must load unchanged, and plans must travel between processes."""
    planned = _plan(path)

    assert plan_from_json(plan_to_json(planned)) == planned


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_everything_wrong_with_a_file_is_said_at_once(path: Path) -> None:
    """The message is what a person has to work with: it is compared as a whole."""
    with pytest.raises(WorkflowError) as caught:
        _plan(path)

    message = "\n".join(_told(problem) for problem in caught.value.problems) + "\n"
    expected = path.with_suffix(".txt")
    if os.environ.get("WRITE_EXPECTED"):
        expected.write_text(message)
    assert message == expected.read_text()


def test_a_file_with_many_mistakes_has_a_place_and_a_hint_for_each() -> None:
    """Whoever brings a file from elsewhere should need one round, not ten."""
    with pytest.raises(WorkflowError) as caught:
        _plan(CASES / "broken" / "many-mistakes.yaml")

    assert len(caught.value.problems) >= 10
    for problem in caught.value.problems:
        assert problem.line > 0, problem
        assert problem.column > 0, problem
        assert problem.hint, problem


def test_there_are_cases_of_both_kinds() -> None:
    """A wrong path would leave nothing to test and all would pass."""
    assert len(VALID) >= 15
    assert len(BROKEN) >= 15
