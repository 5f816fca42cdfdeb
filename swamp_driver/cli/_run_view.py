"""How a run stands: folded from its events, read by the views."""

from __future__ import annotations

from collections import Counter, deque

import attrs

from swamp_driver.cli._untrusted import show_output
from swamp_driver.spec import (
    ApprovalRequested,
    DriverProgress,
    JobEnded,
    JobOutline,
    JobStarted,
    Progress,
    RunEnded,
    RunEvent,
    RunStarted,
    StepEnded,
    StepEvent,
    StepReady,
    StepStarted,
    StepStatus,
    WorkflowStarted,
    WorkspaceReady,
)

TAIL_LINES = 20
"""How many last lines of a failed step are shown at the end."""
_TAIL_WIDTH = 500


@attrs.define(kw_only=True, eq=False, repr=False)
class StepState:
    """A step as it stands. `status` is `waiting`, `running`, `asking`, or a `StepStatus`."""

    step_id: str
    job: str
    name: str
    status: str = "waiting"
    driver: str = ""
    command: str = ""
    started_at: float = 0.0
    is_ready: bool = False
    """It is a background step, and others may use it."""
    ended: StepEnded | None = None
    last_line: str = ""
    prompt: str = ""
    """What a person is asked."""
    tail: deque[str] = attrs.field(factory=lambda: deque(maxlen=TAIL_LINES))

    def keep_tail(self, lines: list[str]) -> None:
        """Remember the last lines, without colour where they are so long that they must be cut."""
        for line in lines[-TAIL_LINES:]:
            if len(line) > _TAIL_WIDTH:
                self.tail.append(show_output(line, colour=False)[:_TAIL_WIDTH] + " ...")
            else:
                self.tail.append(line)

    @property
    def label(self) -> str:
        """Return `job/step`."""
        return f"{self.job}/{self.name}"

    @property
    def forgiven(self) -> bool:
        """Return whether it failed and was allowed to."""
        return self.ended is not None and self.ended.allowed_failure and self.status == "failed"


@attrs.define(kw_only=True, eq=False, repr=False)
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


class RunView:
    """A run as it stands. Feed it every event but output; not thread-safe."""

    def __init__(self) -> None:
        self.run_id = ""
        self.workflow = ""
        self.source = ""
        self.started_at = 0.0
        self.host_visible = True  # whether the workspace is a directory of this host
        self.jobs: dict[str, JobState] = {}
        self.progress: dict[tuple[str, str, str], Progress] = {}
        self.ended: RunEnded | None = None

    @property
    def steps(self) -> list[StepState]:
        """Return all steps, job by job."""
        return [step for job in self.jobs.values() for step in job.steps.values()]

    def count(self) -> Counter[str]:
        """Return how many steps have which status."""
        return Counter(step.status for step in self.steps)

    def step(self, event: StepEvent) -> StepState:
        """Return the step that `event` speaks of; an iteration takes its template's place."""
        job = self._job(event.job)
        state = job.steps.get(event.step_id)
        if state is None:
            template = job.steps.get(event.step_id.rpartition("-")[0])
            if template is not None and template.status == "waiting":
                del job.steps[template.step_id]
            state = StepState(step_id=event.step_id, job=event.job, name=event.step)
            job.steps[event.step_id] = state
        return state

    def apply(self, event: RunEvent) -> None:
        """Take an event."""
        match event:
            case RunStarted():
                self._start(event)
            case WorkspaceReady():
                self.host_visible = event.host_visible
            case DriverProgress():
                self._note_progress(event)
            case JobStarted():
                job = self._job(event.job)
                job.status = "running"
                job.started_at = event.time_s
            case JobEnded():
                self._end_job(event)
            case StepEvent():
                self._apply_to_step(event)
            case RunEnded():
                self.ended = event
                self.progress.clear()
            case _:
                pass

    def _nest(self, event: WorkflowStarted) -> None:
        """Put the jobs of a nested workflow below the one that runs it."""
        added = {job.name: _waiting_job(job) for job in event.jobs}
        jobs: dict[str, JobState] = {}
        for name, job in self.jobs.items():
            jobs.setdefault(name, job)
            if name == event.job:
                jobs |= added
        self.jobs = jobs | {name: job for name, job in added.items() if name not in jobs}

    def _job(self, name: str) -> JobState:
        return self.jobs.setdefault(name, JobState(name=name))

    def _start(self, event: RunStarted) -> None:
        self.run_id = event.run_id
        self.workflow = event.workflow
        self.source = event.source
        self.started_at = event.time_s
        for job in event.jobs:
            self.jobs[job.name] = _waiting_job(job)

    def _note_progress(self, event: DriverProgress) -> None:
        key = (event.driver, event.progress.phase, event.progress.resource)
        if event.progress.finished:
            self.progress.pop(key, None)
        else:
            self.progress[key] = event.progress

    def _end_job(self, event: JobEnded) -> None:
        job = self._job(event.job)
        job.status = event.status.value
        job.ended_at = event.time_s
        for step in [step for step in job.steps.values() if step.status == "waiting"]:
            del job.steps[step.step_id]  # a `forEach` over nothing

    def _apply_to_step(self, event: StepEvent) -> None:
        state = self.step(event)
        state.name = event.step
        match event:
            case StepStarted():
                state.status = "running"
                state.driver = event.driver
                state.command = event.command
                state.started_at = event.time_s
            case StepReady():
                state.is_ready = True
            case WorkflowStarted():
                self._nest(event)
            case ApprovalRequested():
                state.status = "asking"
                state.prompt = event.prompt
                state.started_at = event.time_s
            case StepEnded():
                state.status = event.status.value
                state.ended = event
                state.last_line = ""
                if event.status is not StepStatus.FAILED:
                    state.tail.clear()
            case _:
                pass


def _waiting_job(job: JobOutline) -> JobState:
    return JobState(
        name=job.name,
        steps={
            step_id: StepState(step_id=step_id, job=job.name, name=name)
            for step_id, name in zip(job.step_ids, job.steps, strict=False)
        },
    )
