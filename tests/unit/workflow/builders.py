"""Values for the tests of workflows, with defaults so that only what matters shows."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any, Literal

import attrs

from swamp_driver.errors import Problem, UnknownDriverError, WorkflowError
from swamp_driver.spec import Capability, DriverInfo, Json, StepStatus, WorkspaceRequest, option
from swamp_driver.workflow import (
    DriverSelection,
    Plan,
    PlannedStep,
    RunScope,
    StepView,
    Workflow,
    parse_workflow,
    plan_workflow,
    self_of,
)

SOURCE = "ci.yaml"
ALL = frozenset(
    {Capability.HOST_VISIBLE, Capability.ATTACH, Capability.PERSISTENT, Capability.SERVICES}
)


@attrs.frozen(kw_only=True)
class HereConfig:
    """Options of the fake driver `raw`."""

    pass_env: tuple[str, ...] = option(help="Variables to forward.", default=())


@attrs.frozen(kw_only=True)
class ContainerConfig:
    """Options of the fake drivers that take an image."""

    image: str = option(help="The image.")
    mode: Literal["per-step", "session"] = option(help="The mode.", default="per-step")
    memory: str | None = option(help="A bound.", default=None)
    volumes: tuple[str, ...] = option(help="More mounts.", default=())
    env: Mapping[str, str] = option(help="More variables.", factory=dict)
    pass_env: tuple[str, ...] = option(help="Variables to forward.", default=())


class Catalog:
    """Knows `raw`, `docker`, `docker-session`, and `lonely`, which can share nothing."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def describe(self, name: str) -> DriverInfo:
        """Return what the driver says of itself."""
        self.asked.append(name)
        match name:
            case "raw":
                return DriverInfo(summary="here", config=HereConfig, capabilities=ALL)
            case "docker" | "docker-session":
                return DriverInfo(summary="there", config=ContainerConfig, capabilities=ALL)
            case "lonely":
                return DriverInfo(summary="alone", config=HereConfig)
            case _:
                installed = "docker, docker-session, lonely, raw"
                raise UnknownDriverError(
                    f"unknown driver {name!r} (installed: {installed})", driver=name
                )


def parse(text: str) -> Workflow:
    """Return the workflow that a text is."""
    return parse_workflow(textwrap.dedent(text), source=SOURCE)


def plan(
    text: str,
    *,
    inputs: Mapping[str, Json] | None = None,
    selection: DriverSelection | None = None,
    catalog: Catalog | None = None,
) -> Plan:
    """Return the plan of a text."""
    return plan_workflow(
        parse(text),
        source=SOURCE,
        directory="/repo",
        inputs=inputs or {},
        selection=selection or DriverSelection(),
        catalog=catalog or Catalog(),
    )


def problems(text: str, **more: Any) -> list[str]:
    """Return what is wrong with a text: `line:column: path: what (hint)` of each."""
    try:
        plan(text, **more)
    except WorkflowError as error:
        return [told(problem) for problem in error.problems]
    return []


def told(problem: Problem) -> str:
    """Return a problem on one line, without the file."""
    return str(attrs.evolve(problem, file=""))


def one_step(lines: str = "run: 'true'", *, top: str = "") -> str:
    """Return a workflow with one job `build` of one step `compile` with these keys."""
    return "\n".join(
        (
            "name: ci",
            textwrap.dedent(top).strip("\n"),
            "jobs:",
            "  - name: build",
            "    steps:",
            "      - name: compile",
            textwrap.indent(textwrap.dedent(lines).strip("\n"), " " * 8),
            "",
        )
    )


def step_of(planned: Plan, name: str = "compile") -> PlannedStep:
    """Return the planned step with that name."""
    found = [step for job in planned.jobs for step in job.steps if step.name.text == name]
    return found[0]


def scope_of(planned: Plan, **changes: Any) -> RunScope:
    """Return a scope in the job `build` of a run of `planned`."""
    scope = RunScope(
        inputs=planned.inputs,
        run_id="rabcdefghijk",
        workflow=planned.workflow,
        started_at=1_700_000_000.5,
        tags=planned.tags,
        workspace_path="/runs/r/workspace",
        job="build",
        self_values=self_of(planned),
        source=planned.source,
    )
    return attrs.evolve(scope, **changes)


def view(status: StepStatus = StepStatus.SUCCEEDED, **more: Any) -> StepView:
    """Return a step that has ended."""
    return StepView(status=status, **more)


def request() -> WorkspaceRequest:
    """Return the workspace of a run."""
    return WorkspaceRequest(run_dir="/runs/r", uid=1000, gid=1000)
