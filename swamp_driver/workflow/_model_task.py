# ruff: noqa: RUF009 - `declare` makes an attrs field
"""Tasks as they are written."""

from __future__ import annotations

from typing import Literal, TypeVar

import attrs

from swamp_driver.workflow import _advice as advice
from swamp_driver.workflow._collection import MapOf
from swamp_driver.workflow._node import MappingNode
from swamp_driver.workflow._record import Record, Tagged, Where, declare
from swamp_driver.workflow._shape import Choice, Flag, Text, Whole
from swamp_driver.workflow._template import Template
from swamp_driver.workflow._whole import MappingOrExpression

T = TypeVar("T")

_NAME = Text()
_OPTIONS = MappingOrExpression()
VARIABLES = MapOf(Text(lenient=True), keys=r"[^\0=]+", key_words="the name of a variable")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ModelMethodTask:
    """Runs a method of a model."""

    where: Where
    type: Literal["model_method"] = declare(
        Choice("model_method"), "Always 'model_method'.", required=True
    )
    model_id_or_name: Template | None = declare(_NAME, "The model.")
    model_type: Template | None = declare(_NAME, "The type of the model: 'command/shell'.")
    model_name: Template | None = declare(_NAME, "The name of the model.", when="run")
    method_name: Template = declare(_NAME, "The method: 'execute'.", required=True)
    inputs: MappingNode | None = declare(_OPTIONS, "The inputs of the method.", when="run")
    global_args: MappingNode | None = declare(_OPTIONS, "Arguments of the model.", when="run")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class WorkflowTask:
    """Runs another workflow."""

    where: Where
    type: Literal["workflow"] = declare(Choice("workflow"), "Always 'workflow'.", required=True)
    workflow_id_or_name: Template = declare(
        _NAME, "The workflow: a path that ends in '.yaml', or its id or name.", required=True
    )
    inputs: MappingNode | None = declare(_OPTIONS, "The inputs of the workflow.", when="run")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ManualApprovalTask:
    """Waits until a person agrees."""

    where: Where
    type: Literal["manual_approval"] = declare(
        Choice("manual_approval"), "Always 'manual_approval'.", required=True
    )
    prompt: Template = declare(
        Text(may_be_empty=True), "What the person is asked.", required=True, when="run"
    )
    timeout: int | Template | None = declare(
        Whole(minimum=0), "How long an answer is waited for, in seconds; 0 is no end.", when="run"
    )


Task = ModelMethodTask | WorkflowTask | ManualApprovalTask


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ShellInputs:
    """The inputs of `command/shell`."""

    where: Where
    run: Template = declare(Text(), "The script.", required=True, when="run")
    working_dir: Template | None = declare(
        Text(), "Where it starts; the workspace by default.", when="run"
    )
    env: dict[str, Template] | None = declare(VARIABLES, "Environment variables.", when="run")
    timeout: int | Template | None = declare(
        Whole(minimum=1), "How long it may run, in milliseconds.", when="run"
    )
    ignore_exit_code: bool | Template = declare(
        Flag(), "Whether every exit code is a success; false by default.", default=False
    )


SHELL_INPUTS = Record(ShellInputs, words="command/shell", refused=advice.SHELL_INPUTS)


def _task(cls: type[T], word: str) -> Record[T]:
    return Record(cls, words=f"a '{word}' task", refused=advice.TASK_KEYS)


TASK = Tagged(
    "type",
    {
        "model_method": _task(ModelMethodTask, "model_method"),
        "workflow": _task(WorkflowTask, "workflow"),
        "manual_approval": _task(ManualApprovalTask, "manual_approval"),
    },
    words="a task",
    refused=advice.TASK_TYPES,
    advice={"text": "write 'run: ...' in place of 'task'"},
)
