"""Values with defaults, so that a test shows only what matters to it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

import attrs

from swamp_driver.spec import (
    RunContext,
    RunOutcome,
    RunStatus,
    StepEnd,
    StepRequest,
    StepResult,
    WorkspaceRequest,
)
from swamp_driver.testing._behaviours import ends
from swamp_driver.testing._fake_driver import FakeConfig
from swamp_driver.workflow import (
    Plan,
    PlannedBinding,
    PlannedJob,
    PlannedStep,
    ShellCommand,
    Template,
)

RUN_ID = "r00000000001"


def a_workspace_request(root: Path, **fields: Any) -> WorkspaceRequest:
    """Return a request for a run directory below `root`, owned by the calling user."""
    defaults: dict[str, Any] = {
        "run_dir": os.path.realpath(root / RUN_ID),
        "uid": os.getuid(),
        "gid": os.getgid(),
    }
    return WorkspaceRequest(**(defaults | fields))


def a_run_context(root: Path, **fields: Any) -> RunContext:
    """Return a run whose directory is below `root`; `fields` are those of `RunContext`."""
    defaults: dict[str, Any] = {"run_id": RUN_ID, "workflow": "a workflow", "config": FakeConfig()}
    if "workspace" not in fields:
        fields["workspace"] = a_workspace_request(root)
    return RunContext(**(defaults | fields))


def a_step_request(run: RunContext, *argv: str, **fields: Any) -> StepRequest:
    """Return a step of `run` that runs `argv` in its workspace, as a host would ask for it.

    `env` in `fields` is added to the variables that a step has in any case.
    """
    step_id = fields.setdefault("step_id", "s1")
    exchange = run.workspace.exchange(step_id)
    env = {
        "HOME": run.workspace.home,
        "TMPDIR": f"{exchange}/tmp",  # noqa: S108 - not the machine's
        "LANG": "C.UTF-8",
        "SWAMP_WORKSPACE": run.workspace.path,
        "SWAMP_OUTPUT": f"{exchange}/output",
    }
    defaults: dict[str, Any] = {
        "name": step_id,
        "argv": argv or ("true",),
        "cwd": run.workspace.path,
        "exchange": exchange,
        "files": {"output": b""},
        "directories": ("tmp",),
        "collect": ("output",),
    }
    return StepRequest(**(defaults | fields | {"env": env | dict(fields.get("env", {}))}))


def a_step_result(end: StepEnd = StepEnd.SUCCEEDED, **fields: Any) -> StepResult:
    """Return the result of a step that keeps the contract, as far as `fields` let it."""
    return ends(end, **({"started_at": 1.0} | fields))


def a_run_outcome(**fields: Any) -> RunOutcome:
    """Return the outcome of a run that succeeded and leaves nothing."""
    defaults: dict[str, Any] = {"status": RunStatus.SUCCEEDED, "remove_workspace": True}
    return RunOutcome(**(defaults | fields))


def a_planned_step(name: str = "build", **fields: Any) -> PlannedStep:
    """Return a step of a plan that runs `true` with the binding `b1`; its id has its name in it."""
    defaults: dict[str, Any] = {
        "id": f"s-{name}",
        "name": Template(name),
        "command": ShellCommand(script=Template("true")),
        "binding": "b1",
    }
    return PlannedStep(**(defaults | fields))


def a_planned_job(name: str = "main", *steps: PlannedStep, **fields: Any) -> PlannedJob:
    """Return a job of a plan with these steps, or with one."""
    return PlannedJob(**({"name": name, "steps": steps or (a_planned_step(),)} | fields))


def a_plan(*jobs: PlannedJob, driver: str = "fake", **fields: Any) -> Plan:
    """Return a plan with these jobs, or with one, on one driver without options."""
    defaults: dict[str, Any] = {
        "workflow": "a workflow",
        "workflow_id": "a-workflow",
        "source": "workflow.yaml",
        "directory": "/",
        "bindings": (PlannedBinding(id="b1", driver=driver),),
        "jobs": jobs or (a_planned_job(),),
    }
    return Plan(**(defaults | fields))


def with_mode(run: RunContext, mode: Literal["create", "attach"]) -> RunContext:
    """Return the same run with another workspace mode, as a second driver of it would see it."""
    return attrs.evolve(run, workspace=attrs.evolve(run.workspace, mode=mode))
