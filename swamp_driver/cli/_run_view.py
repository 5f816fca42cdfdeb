"""How a run stands: folded from its events, read by the views."""

from __future__ import annotations

from collections import Counter, deque
from functools import singledispatchmethod

import attrs

from swamp_driver.spec import (
    DriverProgress,
    JobEnded,
    JobStarted,
    Progress,
    RunEnded,
    RunEvent,
    RunStarted,
    StepEnded,
    StepEvent,
    StepStarted,
    StepStatus,
    WorkspaceReady,
)

TAIL_LINES = 20
"""How many last lines of a failed step are shown at the end."""


@attrs.define(kw_only=True)
class StepState:
    """A step as it stands. `status` is `waiting`, `running`, or a `StepStatus`."""

    step_id: str
    job: str
    name: str
    status: str = "waiting"
    driver: str = ""
    command: str = ""
    started_at: float = 0.0
    ended: StepEnded | None = None
    last_line: str = ""
    tail: deque[str] = attrs.field(factory=lambda: deque(maxlen=TAIL_LINES))

    @property
    def label(self) -> str:
        """Return `job/step`."""
        return f"{self.job}/{self.name}"

    @property
    def forgiven(self) -> bool:
        """Return whether it failed and was allowed to."""
        return self.ended is not None and self.ended.allowed_failure and self.status == "failed"


@attrs.define(kw_only=True)
class JobState:
    """A job as it stands; `steps` by id: those planned first, then iterations as they start."""

    name: str
    status: str = "waiting"
    started_at: float | None = None
    ended_at: float | None = None
    steps: dict[str, StepState] = attrs.field(factory=dict)

    def count(self) -> Counter[str]:
        """Return how many of its steps have which status."""
        return Counter(step.status for step in self.steps.values())


@attrs.define(kw_only=True)
class RunView:
    """A run as it stands. Feed it every event but output; not thread-safe."""

    run_id: str = ""
    workflow: str = ""
    source: str = ""
    started_at: float = 0.0
    host_visible: bool = True
    """Whether the workspace is a directory of this host."""
    jobs: dict[str, JobState] = attrs.field(factory=dict)
    progress: dict[tuple[str, str, str], Progress] = attrs.field(factory=dict)
    ended: RunEnded | None = None

    @property
    def steps(self) -> list[StepState]:
        """Return all steps, job by job."""
        return [step for job in self.jobs.values() for step in job.steps.values()]

    def count(self) -> Counter[str]:
        """Return how many steps have which status."""
        return Counter(step.status for step in self.steps)

    def step(self, event: StepEvent) -> StepState:
        """Return the step that `event` speaks of; an iteration takes its template's place."""
        job = self.jobs.setdefault(event.job, JobState(name=event.job))
        state = job.steps.get(event.step_id)
        if state is None:
            template = job.steps.get(event.step_id.rpartition("-")[0])
            if template is not None and template.status == "waiting":
                del job.steps[template.step_id]
            state = StepState(step_id=event.step_id, job=event.job, name=event.step)
            job.steps[event.step_id] = state
        return state

    @singledispatchmethod
    def apply(self, event: RunEvent) -> None:
        """Take an event."""

    @apply.register
    def _(self, event: RunStarted) -> None:
        self.run_id = event.run_id
        self.workflow = event.workflow
        self.source = event.source
        self.started_at = event.time_s
        for job in event.jobs:
            self.jobs[job.name] = JobState(
                name=job.name,
                steps={
                    step_id: StepState(step_id=step_id, job=job.name, name=name)
                    for step_id, name in zip(job.step_ids, job.steps, strict=False)
                },
            )

    @apply.register
    def _(self, event: WorkspaceReady) -> None:
        self.host_visible = event.host_visible

    @apply.register
    def _(self, event: DriverProgress) -> None:
        key = (event.driver, event.progress.phase, event.progress.resource)
        if event.progress.finished:
            self.progress.pop(key, None)
        else:
            self.progress[key] = event.progress

    @apply.register
    def _(self, event: JobStarted) -> None:
        job = self.jobs.setdefault(event.job, JobState(name=event.job))
        job.status = "running"
        job.started_at = event.time_s

    @apply.register
    def _(self, event: JobEnded) -> None:
        job = self.jobs.setdefault(event.job, JobState(name=event.job))
        job.status = event.status.value
        job.ended_at = event.time_s
        for step in [step for step in job.steps.values() if step.status == "waiting"]:
            del job.steps[step.step_id]  # a `forEach` over nothing

    @apply.register
    def _(self, event: StepStarted) -> None:
        state = self.step(event)
        state.name = event.step
        state.status = "running"
        state.driver = event.driver
        state.command = event.command
        state.started_at = event.time_s

    @apply.register
    def _(self, event: StepEnded) -> None:
        state = self.step(event)
        state.name = event.step
        state.status = event.status.value
        state.ended = event
        state.last_line = ""
        if event.status is not StepStatus.FAILED:
            state.tail.clear()

    @apply.register
    def _(self, event: RunEnded) -> None:
        self.ended = event
        self.progress.clear()
