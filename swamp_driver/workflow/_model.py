# ruff: noqa: RUF009 - `declare` makes an attrs field
"""A workflow as it is written: one class for each kind of mapping in the file.

Each class is the declaration of its keys: the reader, the JSON Schema and the messages come from
it. Texts are templates; what is a number or a truth value may be an expression instead. Nobody
compares or prints these values: without the methods for it the classes are made in half the time,
and they are made at every start of the command line.
"""

from __future__ import annotations

from typing import Literal

import attrs

from swamp_driver.workflow import _advice as advice
from swamp_driver.workflow._collection import ListOf, Tree
from swamp_driver.workflow._condition import Condition
from swamp_driver.workflow._condition_shape import ConditionShape
from swamp_driver.workflow._input_shape import Inputs, InputsShape
from swamp_driver.workflow._model_step import (
    CONCURRENCY,
    DRIVER,
    DRIVER_HELP,
    FREE_TEXT,
    NAME,
    OPTIONS,
    OPTIONS_HELP,
    SHARING,
    STEP,
    TAGS,
    WEIGHT,
    WEIGHT_HELP,
    Step,
)
from swamp_driver.workflow._node import MappingNode, Node
from swamp_driver.workflow._record import Record, Where, declare
from swamp_driver.workflow._report_shape import ReportName, ReportNameShape
from swamp_driver.workflow._shape import Choice, Flag, Text, Whole
from swamp_driver.workflow._template import Template


@attrs.frozen(kw_only=True, eq=False, repr=False)
class JobDependency:
    """What a job waits for."""

    where: Where
    job: Template = declare(NAME, "The name of a job.", required=True, when="never")
    condition: Condition = declare(
        ConditionShape(), "How it must have ended: '{type: succeeded}'.", required=True
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Workspace:
    """The directory that the steps of a run share."""

    where: Where = Where()
    enabled: bool | Template = declare(
        Flag(), "Whether the steps share a directory; true by default.", default=True
    )
    persistent: bool | Template = declare(
        Flag(), "Whether it is kept for the next run; false by default.", default=False
    )
    key: Template | None = declare(
        Text(), "What names a persistent workspace; the name of the workflow by default."
    )
    preserve: Literal["never", "on-failure", "always"] = declare(
        Choice("never", "on-failure", "always"),
        "When the directory stays after the run; never by default.",
        default="never",
    )
    sharing: Literal["shared", "exclusive"] = declare(
        SHARING, "What 'sharing' of the steps is by default; shared.", default="shared"
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Job:
    """A job: steps that succeed or fail together."""

    where: Where
    name: Template = declare(NAME, "The name of the job, unique in the workflow.", required=True)
    description: Template | None = declare(FREE_TEXT, "For people.", when="run")
    steps: tuple[Step, ...] = declare(
        ListOf(
            STEP,
            minimum=1,
            advice=advice.STEPS_AS_MAPPING,
        ),
        "The steps; those that wait for nothing start together.",
        required=True,
    )
    depends_on: tuple[JobDependency, ...] = declare(
        ListOf(
            Record(
                JobDependency,
                words="an entry of 'dependsOn'",
                refused={"step": "a job waits for jobs; a step waits for steps of its job"},
                advice=advice.dependency_as_text("job"),
            ),
            advice=advice.dependency_as_text("job"),
        ),
        "The jobs that it waits for.",
        default=(),
    )
    weight: int | Template = declare(WEIGHT, WEIGHT_HELP, default=0)
    concurrency: int | Template = declare(
        CONCURRENCY, "How many of its steps at once; 0 is no bound.", default=0
    )
    driver: Template | None = declare(DRIVER, DRIVER_HELP)
    driver_config: MappingNode | None = declare(OPTIONS, OPTIONS_HELP, when="run")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Trigger:
    """When the workflow is to be run. Kept, not used."""

    where: Where
    schedule: Template | None = declare(
        Text(), "A cron expression; read and not used.", when="never"
    )
    inputs: Node | None = declare(
        Tree("mapping"), "Inputs of scheduled runs; read and not used.", when="never"
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Reports:
    """Which reports are made of a run, beside those that the repository has."""

    where: Where
    require: tuple[ReportName, ...] = declare(
        ListOf(ReportNameShape()),
        "Reports without which the run fails; installed ones are made only if they are here.",
        default=(),
    )
    skip: tuple[ReportName, ...] = declare(
        ListOf(ReportNameShape()), "Reports of the repository that are not made.", default=()
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Workflow:
    """A workflow file. `text` is the whole file, for messages."""

    where: Where
    text: str = attrs.field(default="", repr=False)
    id: Template | None = declare(NAME, "Identifies the workflow; the file's name by default.")
    name: Template = declare(NAME, "The name of the workflow.", required=True)
    version: int | Template = declare(
        Whole(minimum=0), "The version of the workflow; 1.", default=1
    )
    description: Template | None = declare(FREE_TEXT, "For people.", when="run")
    tags: dict[str, Template] = declare(
        TAGS, "Tags, known as 'self.tags'.", default=attrs.Factory(dict)
    )
    inputs: Inputs = declare(InputsShape(), "What a run is given.", default=Inputs())
    workspace: Workspace = declare(
        Record(Workspace, words="'workspace'", advice=advice.WORKSPACE_AS_FLAG),
        "The directory that the steps share.",
        default=Workspace(),
    )
    driver: Template | None = declare(DRIVER, DRIVER_HELP)
    driver_config: MappingNode | None = declare(OPTIONS, OPTIONS_HELP, when="run")
    concurrency: int | Template = declare(
        CONCURRENCY, "How many jobs at once; 0 is no bound.", default=0
    )
    jobs: tuple[Job, ...] = declare(
        ListOf(
            Record(Job, words="a job", refused=advice.JOB_KEYS),
            minimum=1,
            advice=advice.JOBS_AS_MAPPING,
        ),
        "The jobs; those that wait for nothing start together.",
        required=True,
    )
    trigger: Trigger | None = declare(
        Record(Trigger, words="'trigger'"), "When to run it; read and not used."
    )
    reports: Reports | None = declare(
        Record(Reports, words="'reports'"), "Which reports are made of a run."
    )


WORKFLOW: Record[Workflow] = Record(Workflow, words="a workflow", refused=advice.WORKFLOW_KEYS)
