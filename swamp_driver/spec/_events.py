"""What a run tells while it goes on: the input of every view, log and observer."""

from __future__ import annotations

from typing import ClassVar

import attrs

from swamp_driver._value import Value
from swamp_driver.spec._run import Progress
from swamp_driver.spec._status import RunStatus, StepEnd, StepStatus
from swamp_driver.spec._step import Stream, Usage


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RunEvent(Value):
    """One thing that happened in a run. Subclasses add what there is to say.

    `seq` counts from 1 in each run and has no holes; an event is written to the run's log before
    anyone is told. `time_s` is seconds since the epoch.
    """

    kind: ClassVar[str]

    run_id: str
    seq: int
    time_s: float
    attempt: int = 1


@attrs.frozen(kw_only=True, eq=False, repr=False)
class StepEvent(RunEvent):
    """An event of one step; `step_id` is unique in the run, `step` is its name in `job`."""

    step_id: str
    job: str
    step: str


@attrs.frozen(kw_only=True, eq=False, repr=False)
class JobOutline(Value):
    """A job and its steps as planned; a step with `forEach` has the name of its template."""

    name: str
    steps: tuple[str, ...]
    step_ids: tuple[str, ...] = ()
    """Their ids in the plan, in the same order; iterations of `forEach` have `-<i>` appended."""
    depends_on: tuple[str, ...] = ()
    """The names of the jobs that it waits for."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RunStarted(RunEvent):
    """First of all: what will be run."""

    kind = "run-started"
    workflow: str
    source: str
    jobs: tuple[JobOutline, ...]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class WorkspaceReady(RunEvent):
    """A driver has prepared the workspace; steps of its binding can start."""

    kind = "workspace-ready"
    driver: str
    path: str
    host_visible: bool


@attrs.frozen(kw_only=True, eq=False, repr=False)
class DriverProgress(RunEvent):
    """A driver tells of slow work: a pull, a copy."""

    kind = "driver-progress"
    driver: str
    progress: Progress


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Notice(RunEvent):
    """Something that a person should know and that stops nothing."""

    kind = "notice"
    text: str


@attrs.frozen(kw_only=True, eq=False, repr=False)
class JobStarted(RunEvent):
    """A job's dependencies have ended and its condition holds."""

    kind = "job-started"
    job: str


@attrs.frozen(kw_only=True, eq=False, repr=False)
class JobEnded(RunEvent):
    """A job's last step has ended, or the job was skipped."""

    kind = "job-ended"
    job: str
    status: StepStatus


@attrs.frozen(kw_only=True, eq=False, repr=False)
class StepStarted(StepEvent):
    """A step was given to its driver."""

    kind = "step-started"
    driver: str
    command: str
    """What is run, in one line, secrets left out."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class StepReady(StepEvent):
    """A background step is ready: what depends on it goes on, while it runs. Since 1.1."""

    kind = "step-ready"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class StepOutput(StepEvent):
    """Output of a step, secrets masked; not cut at lines."""

    kind = "step-output"
    stream: Stream
    data: bytes


@attrs.frozen(kw_only=True, eq=False, repr=False)
class StepEnded(StepEvent):
    """A step ended, or was skipped (then without a `StepStarted`)."""

    kind = "step-ended"
    status: StepStatus
    end: StepEnd | None = None
    exit_code: int | None = None
    signal: int | None = None
    duration_s: float = 0.0
    allowed_failure: bool = False
    usage: Usage = Usage()
    detail: str = ""
    previous: bool = False
    """It ended before the run was suspended; told again to who listens to the rest of the run."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class WorkflowStarted(StepEvent):
    """A step that runs another workflow has begun: what it will run.

    The names of its jobs begin with those of the step: `<job>/<step>/<nested job>`.
    """

    kind = "workflow-started"
    workflow: str
    source: str
    jobs: tuple[JobOutline, ...]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ApprovalRequested(StepEvent):
    """A step waits for a person: once nothing else can be done the run is suspended."""

    kind = "approval-requested"
    prompt: str
    expires_at: float | None = None
    """Seconds since the epoch; None where there is no end to the wait."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RunEnded(RunEvent):
    """Last of all: how it ended, after the teardown."""

    kind = "run-ended"
    status: RunStatus
    exit_code: int
    duration_s: float
    workspace_kept: str | None = None
    """The path of the workspace where it was kept."""
    errors: tuple[str, ...] = ()
    """What broke, and what could not be removed."""
