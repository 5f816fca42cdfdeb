"""What the host remembers of runs and steps."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import attrs

from swamp_driver._value import Value
from swamp_driver.spec import Json, Owner, RunStatus, StepEnd, StepStatus, Usage
from swamp_driver.workflow import ReportScope


@attrs.frozen(kw_only=True, eq=False, repr=False)
class HandedOn(Value):
    """Files that a step handed on to later ones, where steps share no workspace."""

    source: str
    """Where the step stands in the run: one path for all iterations of `forEach`."""
    output: int
    """Which of the step's `outputs`, from 0."""
    path: str
    """Relative to the working directory."""
    files: int
    """How many, symlinks included."""
    size_bytes: int
    """How long they are together."""
    digest: str
    """A SHA-256 of names, modes and contents, not of times: equal where these are."""
    manifest: str
    """The name of the blob that lists them, as long as the run keeps them."""


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
    handed_on: tuple[HandedOn, ...] = ()
    usage: Usage = attrs.field(factory=Usage)
    allowed_failure: bool = False
    model: str | None = None
    """The model that it is of; None where it ran a script that keeps no data."""
    model_type: str | None = None
    method: str | None = None


class ReportStatus(StrEnum):
    """How the making of a report ended."""

    MADE = "made"
    EMPTY = "empty"
    """It had nothing to say."""
    FAILED = "failed"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ReportRecord(Value):
    """A report on a run, or on one of its steps."""

    name: str
    scope: ReportScope
    description: str = ""
    required: bool = False
    status: ReportStatus
    step_id: str | None = None
    """The step that it is on; None where it is on the run."""
    job: str | None = None
    step: str | None = None
    markdown: str = ""
    json: Json = None
    error: str = ""
    """Why it could not be made."""
    words: str = ""
    """The end of what it printed, where it could not be made."""
    duration_s: float = 0.0

    @property
    def title(self) -> str:
        """Return what it is called in messages."""
        on = f" on '{self.job}/{self.step}'" if self.step else ""
        return f"report '{self.name}'{on}"


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
