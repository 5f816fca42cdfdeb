"""What the host remembers of runs and steps."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from swamp_driver._value import Value
from swamp_driver.spec import Json, Owner, RunStatus, StepEnd, StepStatus, Usage


@attrs.frozen(kw_only=True, eq=False, repr=False)
class StepRecord(Value):
    """A step of a run as it ended, or as it stands."""

    run_id: str
    step_id: str
    job: str
    step: str
    driver: str
    status: StepStatus | None
    """None while it runs."""
    end: StepEnd | None = None
    exit_code: int | None = None
    signal: int | None = None
    started_at: float | None = None
    """Seconds since the epoch; None where it was never started."""
    duration_s: float = 0.0
    detail: str = ""
    outputs: Mapping[str, str] = attrs.field(factory=dict)
    """What the step wrote to `$SWAMP_OUTPUT`, secrets masked."""
    usage: Usage = attrs.field(factory=Usage)
    allowed_failure: bool = False


@attrs.frozen(kw_only=True, eq=False, repr=False)
class WorkspaceRecord(Value):
    """What a driver prepared for a run: enough to enter it, and to find what it left behind."""

    driver: str
    config: Mapping[str, Json]
    """The options as they were in the file, evaluated."""
    host_visible: bool
    handle: Mapping[str, Json]
    enter: tuple[str, ...]
    """See `swamp_driver.spec.Workspace`."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RunRecord(Value):
    """A run as it ended, or as it stands."""

    run_id: str
    workflow: str
    source: str
    status: RunStatus
    exit_code: int | None = None
    """None while it runs."""
    owner: Owner
    started_at: float
    ended_at: float | None = None
    inputs: Mapping[str, Json] = attrs.field(factory=dict)
    drivers: tuple[str, ...] = ()
    workspace_path: str | None = None
    """None where the workflow has no workspace."""
    workspace_kept: bool = False
    """It is still there: preserved or persistent."""
    workspaces: tuple[WorkspaceRecord, ...] = ()
    """One for each opened driver, the creator of the workspace first."""
    errors: tuple[str, ...] = ()
    steps: tuple[StepRecord, ...] = ()
    """In the order in which they started."""
