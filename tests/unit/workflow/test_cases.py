"""Whole files: what loads, and what is said about what does not."""

from __future__ import annotations

import os
from pathlib import Path

import jsonschema
import pytest

from swamp_driver.errors import Problem, WorkflowError
from swamp_driver.host._workflow_files import WorkflowFiles
from swamp_driver.workflow import (
    DriverSelection,
    FoundReports,
    Plan,
    PlannedReport,
    ReportCatalog,
    json_schema,
    parse_workflow,
    plan_from_json,
    plan_to_json,
    plan_workflow,
)
from swamp_driver.workflow._node import json_value
from swamp_driver.workflow._problems import Problems
from swamp_driver.workflow._yaml import parse_yaml
from tests.unit.workflow.builders import Catalog

CASES = Path(__file__).parents[2] / "workflows"
VALID = sorted((CASES / "valid").glob("*.yaml"))
REPORTS = (
    PlannedReport(name="summary", scope="workflow", function="summary", file="/repo/r.py"),
    PlannedReport(name="each", scope="method", function="each", module="pack.reports"),
    PlannedReport(name="@team/summary", scope="workflow", function="summary", module="team"),
    PlannedReport(name="@team/costs", scope="method", function="costs", module="team"),
    PlannedReport(name="noisy", scope="method", function="noisy", file="/repo/noisy.py"),
)
BROKEN = sorted((CASES / "broken").glob("*.yaml"))


def _plan(path: Path) -> Plan:
    with path.open(newline="") as file:
        text = file.read()
    return plan_workflow(
        parse_workflow(text, source=path.name),
        source=path.name,
        directory=str(path.parent),
        inputs={},
        selection=DriverSelection(),
        catalog=Catalog(),
        reports=ReportCatalog(own=lambda: FoundReports(reports=REPORTS)),
        workflows=WorkflowFiles(),
    )


def told(problem: Problem) -> str:
    """Return a problem as a person sees it, without colours."""
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

    message = "\n".join(told(problem) for problem in caught.value.problems) + "\n"
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


STRUCTURAL = (
    "dependencies",
    "driver-shapes",
    "inputs",
    "jobs-as-mapping",
    "many-mistakes",
    "newer-version",
    "not-a-mapping",
    "other-systems",
    "steps-as-mapping",
    "tasks",
    "wrong-types",
)


def _schema_errors(path: Path) -> list[str]:
    node = parse_yaml(path.read_text(), Problems(file=path.name))
    assert node is not None
    validator = jsonschema.Draft202012Validator(json_schema())
    return [error.message for error in validator.iter_errors(json_value(node))]


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_the_schema_takes_what_the_reader_takes(path: Path) -> None:
    """An editor must not underline what is right."""
    assert _schema_errors(path) == []


@pytest.mark.parametrize("name", STRUCTURAL)
def test_the_schema_refuses_what_is_structurally_wrong(name: str) -> None:
    """An editor should say it while it is written."""
    assert _schema_errors(CASES / "broken" / f"{name}.yaml")
