"""Definitions of models."""

from __future__ import annotations

import textwrap

import jsonschema
import pytest

from swamp_driver.errors import WorkflowError
from swamp_driver.workflow import ModelDefinition, json_schema, parse_definition
from swamp_driver.workflow._node import json_value
from swamp_driver.workflow._problems import Problems
from swamp_driver.workflow._yaml import parse_yaml

WHOLE = """
type: ci/git
typeVersion: 2026.11.28
id: 3fa85f64
name: upstream
version: 2
description: The upstream repository.
tags: {team: core}
globalArguments:
  url: https://${{ inputs.host }}/upstream
methods:
  clone:
    arguments: {depth: 3}
  fetch: {}
driver: docker
driverConfig: {image: git}
"""


def told(text: str) -> list[str]:
    """Return what is wrong with a definition."""
    with pytest.raises(WorkflowError) as caught:
        parse_definition(textwrap.dedent(text), source="m.yaml")
    return [
        f"{one.line}: {one.path}: {one.what}" + (f" ({one.hint})" if one.hint else "")
        for one in caught.value.problems
    ]


def test_a_definition_says_what_a_model_is() -> None:
    """Everything in the file has its place in the value."""
    found = parse_definition(WHOLE, source="models/up.yaml")
    tier = found.tier
    assert found == ModelDefinition(
        name="upstream",
        id="3fa85f64",
        type="ci/git",
        source="models/up.yaml",
        text=WHOLE,
        line=2,
        column=7,
        description="The upstream repository.",
        tags={"team": "core"},
        version=2,
        global_arguments={"url": "https://${{ inputs.host }}/upstream"},
        methods={"clone": {"depth": 3}, "fetch": {}},
        tier=tier,
    )
    assert (tier.driver, tier.file) == ("docker", "models/up.yaml")


def test_the_schema_for_editors_agrees_with_the_reader() -> None:
    """An editor must mark what the reader refuses, and nothing else."""
    validator = jsonschema.Draft202012Validator(json_schema("model"))
    problems = Problems(file="m.yaml")
    for text, is_valid in ((WHOLE, True), ("type: a\nname: b\nkind: c", False), ("type: a", False)):
        node = parse_yaml(text, problems)
        assert node is not None
        assert validator.is_valid(json_value(node)) is is_valid


def test_the_name_is_the_id_where_none_is_given() -> None:
    """Two words for a model are enough work for whoever wants them."""
    assert parse_definition("type: a\nname: b", source="m.yaml").id == "b"


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (
            "type: ci/git",
            ["1: : a definition of a model needs the key 'name' (what workflows call it)"],
        ),
        (
            """\
            type: ci/git
            name: a
            arguments: {}
            globalArgs: {}
            methds: {}
            """,
            [
                "3: arguments: unknown key 'arguments' (did you mean 'globalArguments'?)",
                (
                    "4: globalArgs: unknown key 'globalArgs' (did you mean 'globalArguments'? "
                    "('globalArgs' stand at a task))"
                ),
                "5: methds: unknown key 'methds' (did you mean 'methods'?)",
            ],
        ),
        (
            "type: ci/git\nname: a\nmethods: {clone: {inputs: {}}}",
            [
                (
                    "3: methods.clone.inputs: unknown key 'inputs' (did you mean 'arguments'? "
                    "('inputs' stand at a step))"
                )
            ],
        ),
        (
            "type: ci/${{ inputs.x }}\nname: ${{ run.id }}\nglobalArguments: [a]",
            [
                "1: type: no expression can stand here",
                "2: name: no expression can stand here",
                "3: globalArguments: expected a mapping, found a list",
            ],
        ),
    ],
)
def test_what_is_wrong_is_told_at_once(text: str, problems: list[str]) -> None:
    """As with workflow files: where, what, and what instead."""
    assert told(text) == problems
