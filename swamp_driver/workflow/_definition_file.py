# ruff: noqa: RUF009 - `declare` makes an attrs field
"""`models/**/*.yaml`: definitions of models."""

from __future__ import annotations

from typing import Any

import attrs

from swamp_driver.workflow._collection import MapOf
from swamp_driver.workflow._drivers import other_file_tier
from swamp_driver.workflow._model_catalog import ModelDefinition
from swamp_driver.workflow._model_step import (
    DRIVER,
    DRIVER_HELP,
    FREE_TEXT,
    NAME,
    OPTIONS,
    OPTIONS_HELP,
    TAGS,
)
from swamp_driver.workflow._node import MappingNode, json_value
from swamp_driver.workflow._problems import Problems
from swamp_driver.workflow._record import Record, Where, declare
from swamp_driver.workflow._scan import has_expression
from swamp_driver.workflow._shape import Refused, Text, Whole
from swamp_driver.workflow._template import Template
from swamp_driver.workflow._templates import templates_of
from swamp_driver.workflow._yaml import parse_yaml


@attrs.frozen(kw_only=True, eq=False, repr=False)
class MethodKeys:
    """What a definition says of one method."""

    where: Where
    arguments: MappingNode | None = declare(
        OPTIONS, "Inputs of the method where a step gives none.", when="run"
    )


METHOD_KEYS: Record[MethodKeys] = Record(
    MethodKeys,
    words="a method",
    refused={"inputs": "did you mean 'arguments'? ('inputs' stand at a step)"},
)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class DefinitionKeys:
    """The file as it is written."""

    where: Where
    type: Template = declare(NAME, "The type of the model: 'ci/git'.", required=True)
    name: Template = declare(NAME, "What workflows call it.", required=True)
    id: Template | None = declare(NAME, "Identifies it beside its name.")
    version: int = declare(Whole(minimum=0), "The version of the definition; 1.", default=1)
    type_version: Template | None = declare(
        Text(lenient=True), "The version of the type that it was written for; for people."
    )
    description: Template | None = declare(FREE_TEXT, "For people.")
    tags: dict[str, Template] = declare(TAGS, "Tags.", default=attrs.Factory(dict))
    global_arguments: MappingNode | None = declare(
        OPTIONS, "The arguments of the model; texts may hold expressions.", when="run"
    )
    methods: dict[str, MethodKeys | None] = declare(
        MapOf(METHOD_KEYS), "Arguments for its methods, by name.", default=attrs.Factory(dict)
    )
    driver: Template | None = declare(DRIVER, DRIVER_HELP)
    driver_config: MappingNode | None = declare(OPTIONS, OPTIONS_HELP, when="run")


DEFINITION: Record[DefinitionKeys] = Record(
    DefinitionKeys,
    words="a definition of a model",
    refused={
        "arguments": "did you mean 'globalArguments'?",
        "globalArgs": "did you mean 'globalArguments'? ('globalArgs' stand at a task)",
        "checks": "remove it: there are no checks before methods here",
        "inputs": (
            "a definition has no inputs of its own here: its expressions use those of the workflow"
        ),
        "reports": "write 'reports' into the workflow",
        "jobs": "jobs stand in a workflow file, which is not below 'models'",
    },
)


def parse_definition(text: str, *, source: str) -> ModelDefinition:
    """Return the definition of a model that `text` is.

    Pure. The text is not trusted, as with `parse_workflow`. Whether its type is known is not
    looked at.

    Raises:
        WorkflowError: With all problems at once: YAML that cannot be read, unknown keys, wrong
            types, expressions where none can stand.
    """
    problems = Problems(file=source, text=text)
    node = parse_yaml(text, problems)
    keys = None if node is None else _read(node, problems)
    problems.raise_any()
    assert keys is not None
    where = keys.where
    place = where.value("type")
    tier = other_file_tier(
        keys.driver.text if keys.driver else None,
        keys.driver_config,
        place=where.value("driver" if where.has("driver") else "driverConfig"),
        node_path="driverConfig",
        file=source,
    )
    return ModelDefinition(
        name=keys.name.text,
        id=(keys.id or keys.name).text,
        type=keys.type.text,
        source=source,
        text=text,
        line=place.line,
        column=place.column,
        description=keys.description.text if keys.description else "",
        tags={key: value.text for key, value in keys.tags.items()},
        version=keys.version,
        global_arguments=_values(keys.global_arguments),
        methods={name: _values(one.arguments) for name, one in keys.methods.items() if one},
        tier=attrs.evolve(tier, file_text=text),
    )


def _values(node: MappingNode | None) -> dict[str, Any]:
    value = {} if node is None else json_value(node)
    assert isinstance(value, dict)
    return value


def _read(node: Any, problems: Problems) -> DefinitionKeys | None:
    try:
        keys = DEFINITION.read(node, "", problems)
    except Refused:
        return None
    for spot in templates_of(keys):
        if spot.when != "run" and has_expression(spot.template.text):
            place = keys.where.value(spot.path.partition(".")[0].partition("[")[0])
            problems.add("no expression can stand here", place)
    return keys
