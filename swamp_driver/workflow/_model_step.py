# ruff: noqa: RUF009 - `declare` makes an attrs field
"""Steps as they are written."""

from __future__ import annotations

from typing import Literal

import attrs

from swamp_driver.workflow import _advice as advice
from swamp_driver.workflow._collection import ListOf, MapOf, Tree
from swamp_driver.workflow._condition import Condition
from swamp_driver.workflow._condition_shape import ConditionShape
from swamp_driver.workflow._duration import Duration
from swamp_driver.workflow._model_service import READY_WHEN, UNTIL, ReadyWhen
from swamp_driver.workflow._model_task import TASK, VARIABLES, Task
from swamp_driver.workflow._node import MappingNode, Node, SequenceNode
from swamp_driver.workflow._record import Record, Where, declare
from swamp_driver.workflow._shape import Choice, Flag, Text, Whole
from swamp_driver.workflow._template import Template

NAME = Text()
FREE_TEXT = Text(may_be_empty=True)
TAGS = MapOf(Text(lenient=True))
DRIVER = Text(advice=advice.DRIVER_AS_MAPPING)
OPTIONS = Tree("mapping")
CONCURRENCY = Whole(minimum=0)
WEIGHT = Whole(minimum=-(2**31))
SHARING = Choice("shared", "exclusive")

DRIVER_HELP = "Where steps run: the name of an installed driver."
OPTIONS_HELP = "The options of the driver; see its reference."
WEIGHT_HELP = "Among what can start at the same time, the lowest weight starts first."


@attrs.frozen(kw_only=True, eq=False, repr=False)
class StepDependency:
    """What a step waits for."""

    where: Where
    step: Template = declare(
        NAME, "The name of a step of the same job.", required=True, when="never"
    )
    condition: Condition = declare(
        ConditionShape(), "How it must have ended: '{type: succeeded}'.", required=True
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ForEach:
    """Runs a step once for each entry."""

    where: Where
    item: Template = declare(
        NAME,
        "The name of the entry: 'model' makes it known as 'self.model'.",
        required=True,
        when="never",
    )
    in_: Node = declare(
        Tree(
            "list",
            "mapping",
            "text",
            words="a list, a mapping, or an expression that gives one",
            blank=SequenceNode([], 0, 0),
        ),
        "A list, a mapping, or an expression that gives one.",
        name="in",
        required=True,
        when="run",
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class StepOutput:
    """Something in the workspace that a step hands on."""

    where: Where
    path: Template = declare(Text(), "A path in the workspace.", required=True, when="run")
    make_available_to: tuple[Template, ...] = declare(
        ListOf(NAME, minimum=1),
        "The names of steps that find it there.",
        required=True,
        when="never",
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class DataOutputOverride:
    """How data of a kind that the method writes is kept."""

    where: Where
    spec_name: Template = declare(NAME, "The name of the output.", required=True, when="never")
    lifetime: Template | None = declare(Text(), "How long it is kept.", when="never")
    garbage_collection: Template | None = declare(
        Text(lenient=True), "How many versions are kept, or for how long.", when="never"
    )
    tags: dict[str, Template] | None = declare(TAGS, "Tags of the data.", when="run")
    vary: tuple[Template, ...] | None = declare(
        ListOf(NAME),
        "Names of the 'forEach' item or of inputs whose values are added to its name.",
        when="never",
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Step:
    """A step of a job."""

    where: Where
    name: Template = declare(
        NAME, "The name of the step, unique in its job.", required=True, when="run"
    )
    description: Template | None = declare(FREE_TEXT, "For people.", when="run")
    task: Task | None = declare(
        TASK,
        "What the step does; or 'run'.",
    )
    run: Template | None = declare(
        Text(advice={"a list": "write one text: 'run: |' with a command on each line"}),
        "A script for /bin/sh -e; short for a command/shell task.",
        when="run",
    )
    env: dict[str, Template] | None = declare(
        VARIABLES, "Environment variables of the step.", default=None, when="run"
    )
    working_dir: Template | None = declare(
        Text(), "Where the script starts, relative to the workspace.", when="run"
    )
    timeout: Template | None = declare(
        Duration(), "How long the step may run: '90s', '5m', '1h30m', '500ms'.", when="run"
    )
    for_each: ForEach | None = declare(
        Record(ForEach, words="'forEach'"), "Runs the step once for each entry."
    )
    depends_on: tuple[StepDependency, ...] = declare(
        ListOf(
            Record(
                StepDependency,
                words="an entry of 'dependsOn'",
                refused={"job": "a step waits for steps of its job; a job waits for jobs"},
                advice=advice.dependency_as_text("step"),
            ),
            advice=advice.dependency_as_text("step"),
        ),
        "The steps that it waits for; without any, it starts with its job.",
        default=(),
    )
    weight: int | Template = declare(WEIGHT, WEIGHT_HELP, default=0)
    concurrency: int | Template = declare(
        CONCURRENCY, "How many entries of 'forEach' at once; 0 is no bound.", default=0
    )
    data_output_overrides: tuple[DataOutputOverride, ...] = declare(
        ListOf(Record(DataOutputOverride, words="an entry of 'dataOutputOverrides'")),
        "How data that the method writes is kept.",
        default=(),
    )
    allow_failure: bool | Template = declare(
        Flag(), "Whether the job goes on where the step fails; false by default.", default=False
    )
    outputs: tuple[StepOutput, ...] = declare(
        ListOf(Record(StepOutput, words="an entry of 'outputs'")),
        "What the step hands on to other steps.",
        default=(),
    )
    driver: Template | None = declare(DRIVER, DRIVER_HELP)
    driver_config: MappingNode | None = declare(OPTIONS, OPTIONS_HELP, when="run")
    sharing: Literal["shared", "exclusive"] | None = declare(
        SHARING, "'exclusive': no other step of the run at the same time."
    )
    once: Template | None = declare(
        Text(), "Run once for a workspace and this key; others wait.", when="run"
    )
    background: bool | Template = declare(
        Flag(),
        "Whether it is a service: it runs beside later steps and is stopped; false by default.",
        default=False,
    )
    ready_when: ReadyWhen | None = declare(
        READY_WHEN, "When a background step is ready for the steps that depend on it."
    )
    until: Literal["job", "run"] | None = declare(
        UNTIL, "How long a background step lives: to the end of its job (default) or of the run."
    )


STEP: Record[Step] = Record(
    Step,
    words="a step",
    one_of=("task", "run"),
    refused=advice.STEP_KEYS,
    advice=advice.STEP_AS_TEXT,
)
