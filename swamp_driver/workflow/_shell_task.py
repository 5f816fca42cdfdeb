"""Tasks that this version can run: the method `execute` of `command/shell`."""

from __future__ import annotations

from collections.abc import Mapping

from swamp_driver.spec import Json
from swamp_driver.workflow._model_step import Step
from swamp_driver.workflow._model_task import (
    SHELL_INPUTS,
    ManualApprovalTask,
    ModelMethodTask,
    ShellInputs,
    Task,
    WorkflowTask,
)
from swamp_driver.workflow._node import Entry, MappingNode, node_of
from swamp_driver.workflow._problems import Problems
from swamp_driver.workflow._shape import Refused
from swamp_driver.workflow._whole import is_whole

SHELL = "command/shell"
EXECUTE = "execute"


_NOTHING_TO_RUN = (
    "env",
    "workingDir",
    "timeout",
    "once",
    "sharing",
    "outputs",
    "dataOutputOverrides",
)
_NO_DRIVER = ("driver", "driverConfig")


def check_keys(step: Step, problems: Problems) -> None:
    """Note keys of a step that mean nothing where it runs no program itself."""
    match step.task:
        case WorkflowTask():
            keys: tuple[str, ...] = _NOTHING_TO_RUN
            hint = "write it at the steps of the workflow that is run"
        case ManualApprovalTask():
            keys, hint = (*_NOTHING_TO_RUN, *_NO_DRIVER), "remove it"
        case _:
            return
    for key in keys:
        if step.where.has(key):
            what = f"a step with a {step.task.type!r} task takes no {key!r}"
            advice = f"write {key!r} into 'task'" if _belongs_into(step.task, key) else hint
            problems.add(what, step.where.key(key), hint=advice)


def _belongs_into(task: Task, key: str) -> bool:
    return key == "timeout" and isinstance(task, ManualApprovalTask)


def check_task(task: Task, problems: Problems) -> None:
    """Note keys of a `model_method` task that do not go together."""
    if not isinstance(task, ModelMethodTask):
        return
    direct = task.model_type is not None or task.model_name is not None
    if (task.model_id_or_name is not None) == direct:
        problems.add(
            "a 'model_method' task takes either 'modelIdOrName', or 'modelType' and 'modelName'",
            task.where.place,
        )
    elif direct and (task.model_type is None or task.model_name is None):
        missing = "modelType" if task.model_type is None else "modelName"
        problems.add(f"a 'model_method' task needs the key {missing!r} here", task.where.place)
    if task.global_args is not None and task.model_type is None:
        problems.add("'globalArgs' needs 'modelType'", task.where.key("globalArgs"))


def written_shell_inputs(task: Task, problems: Problems) -> ShellInputs | None:
    """Return the inputs of a task that names `command/shell`; None for any other task."""
    if not _is_shell(task):
        return None
    assert isinstance(task, ModelMethodTask)
    return shell_inputs(task, problems, {})


def shell_inputs(
    task: ModelMethodTask, problems: Problems, defaults: Mapping[str, Json]
) -> ShellInputs | None:
    """Return the inputs of a task that calls `command/shell`, over those of its definition."""
    where = task.where.value("inputs")
    entries = {
        key: Entry(key, node_of(value, where.line, where.column), where.line, where.column)
        for key, value in defaults.items()
    }
    entries |= task.inputs.entries if task.inputs else {}
    if is_whole(entries):
        what = f"the inputs of {SHELL!r} cannot be one expression"
        problems.add(what, where, hint="write 'inputs: {run: ...}', with expressions in its values")
        return None
    node = MappingNode(entries, where.line, where.column)
    try:
        return SHELL_INPUTS.read(node, f"{task.where.path}.inputs", problems)
    except Refused:  # pragma: no cover - the inputs were read as a mapping
        return None


def _is_shell(task: Task) -> bool:
    return (
        isinstance(task, ModelMethodTask)
        and task.model_type is not None
        and task.model_type.text == SHELL
        and task.method_name.text == EXECUTE
    )
