"""Workflow files of a whole repository: with models, definitions, reports, vaults and others."""

from __future__ import annotations

import os
from pathlib import Path

import jsonschema
import pytest

from swamp_driver.errors import WorkflowError
from swamp_driver.host import plan_file
from swamp_driver.spec import Json
from swamp_driver.workflow import json_schema, plan_from_json, plan_to_json
from swamp_driver.workflow._node import json_value
from swamp_driver.workflow._problems import Problems
from swamp_driver.workflow._yaml import parse_yaml
from tests.unit.workflow.test_cases import told

REPOSITORY = Path(__file__).parents[2] / "workflows" / "repository"
VALID = sorted([*(REPOSITORY / "valid").glob("*.yaml"), *(REPOSITORY / "workflows").glob("*.yaml")])
BROKEN = sorted((REPOSITORY / "broken").glob("*.yaml"))
NEEDED: dict[str, dict[str, Json]] = {
    "child": {"name": "x"},
    "cloud-audit": {"suffix": "s"},
}
"""Inputs without which a file cannot be planned."""
SEEN_BY_THE_SCHEMA = ("approvals", "methods", "nested", "reported")


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)


def _schema_errors(path: Path) -> list[str]:
    node = parse_yaml(path.read_text(), Problems(file=path.name))
    assert node is not None
    validator = jsonschema.Draft202012Validator(json_schema())
    return [error.message for error in validator.iter_errors(json_value(node))]


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_file_that_uses_what_its_repository_has_is_planned(path: Path) -> None:
    """The shapes of other people's workflows, in words of our own."""
    planned = plan_file(path.relative_to(REPOSITORY), inputs=NEEDED.get(path.stem))

    assert plan_from_json(plan_to_json(planned)) == planned
    assert _schema_errors(path) == []


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_all_that_is_wrong_with_it_is_said_at_once(path: Path) -> None:
    """Compared as a whole, as it is all that a person has to work with."""
    with pytest.raises(WorkflowError) as caught:
        plan_file(path.relative_to(REPOSITORY))

    message = "\n".join(told(problem) for problem in caught.value.problems) + "\n"
    expected = path.with_suffix(".txt")
    if os.environ.get("WRITE_EXPECTED"):
        expected.write_text(message)
    assert message == expected.read_text()


@pytest.mark.parametrize("name", SEEN_BY_THE_SCHEMA)
def test_the_schema_refuses_what_is_structurally_wrong(name: str) -> None:
    """An editor should say it while it is written."""
    assert _schema_errors(REPOSITORY / "broken" / f"{name}.yaml")


def test_there_are_cases_of_both_kinds() -> None:
    """A wrong path would leave nothing to test and all would pass."""
    assert len(VALID) >= 10
    assert len(BROKEN) >= 5
