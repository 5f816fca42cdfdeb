"""`.swamp-driver.yaml`: what it may say, and what is said where it is wrong."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from swamp_driver.errors import WorkflowError
from swamp_driver.workflow import (
    DriverSelection,
    json_schema,
    parse_repository_file,
)
from tests.unit.workflow.builders import one_step, plan, told


def _problems(text: str) -> list[str]:
    with pytest.raises(WorkflowError) as caught:
        parse_repository_file(text, source=".swamp-driver.yaml")
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing yet\n"])
def test_an_empty_file_says_nothing(text: str) -> None:
    """A file that only marks the repository is fine."""
    found = parse_repository_file(text, source=".swamp-driver.yaml")
    assert (found.tier.driver, found.tier.config, dict(found.vaults)) == (None, None, {})


def test_vaults_have_a_type_and_options() -> None:
    """What the options mean is for the type to say."""
    found = parse_repository_file(
        "vaults:\n  ci: {type: env, prefix: CI_}\n", source=".swamp-driver.yaml"
    )
    (vault,) = found.vaults.values()
    assert (vault.type, dict(vault.options)) == ("env", {"prefix": "CI_"})


def test_all_that_is_wrong_is_said_with_its_place() -> None:
    """The file is read as workflow files are."""
    text = """\
        drivr: raw
        driver: ${{ inputs.x }}
        vaults:
          one: {prefix: CI_}
          two: {type: env, prefix: "${{ env.X }}"}
          "a b": {type: env}
          three: env
        jobs: []
        """
    file = ".swamp-driver.yaml"
    assert _problems("\n".join(line[8:] for line in text.splitlines())) == [
        f"{file}:1:1: drivr: unknown key 'drivr' (did you mean 'driver'?)",
        f"{file}:2:9: driver: no expression can stand here",
        f"{file}:4:8: vaults.one: a vault needs the key 'type' (for example '{{type: env}}')",
        f"{file}:5:29: vaults.two.prefix: no expression can stand here",
        f"{file}:6:3: vaults.a b: 'a b' cannot be the name of a vault",
        f"{file}:7:10: vaults.three: expected a mapping, found text",
        f"{file}:8:1: jobs: unknown key 'jobs' (jobs stand in a workflow file)",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "driver: dokcer\n",
            (
                ".swamp-driver.yaml:1:9: driver: unknown driver 'dokcer' "
                "(installed: docker, docker-session, lonely, raw)"
            ),
        ),
        (
            "driver: docker\ndriverConfig:\n  image: node\n  memry: 1g\n",
            (
                ".swamp-driver.yaml:4:3: driverConfig.memry: unknown option 'memry' "
                "(did you mean 'memory'?)"
            ),
        ),
    ],
)
def test_what_is_wrong_with_its_driver_is_said_at_its_place(text: str, expected: str) -> None:
    """The mistake is in that file, not in the workflow that uses it."""
    repo = parse_repository_file(text, source=".swamp-driver.yaml").tier
    with pytest.raises(WorkflowError) as caught:
        plan(one_step(), selection=DriverSelection(repo=repo))
    (problem,) = caught.value.problems
    assert str(problem) == expected
    assert told(problem) in expected
    assert problem.source_line == text.splitlines()[problem.line - 1]


@pytest.mark.parametrize(
    ("data", "fits"),
    [
        ({}, True),
        ({"driver": "raw", "driverConfig": {"passEnv": ["X"]}}, True),
        ({"vaults": {"ci": {"type": "env", "prefix": "CI_"}}}, True),
        ({"vaults": {"ci": "env"}}, False),
        ({"drivers": "raw"}, False),
    ],
)
def test_editors_know_what_the_reader_takes(data: object, fits: bool) -> None:  # noqa: FBT001
    """The schema comes from the same declarations."""
    assert Draft202012Validator(json_schema("repository")).is_valid(data) is fits
