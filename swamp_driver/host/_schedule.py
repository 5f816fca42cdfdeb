"""Which steps may start: the order of a run as a state machine, without threads or clocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from graphlib import TopologicalSorter

import attrs

from swamp_driver._value import Value
from swamp_driver.host._live_services import LiveServices
from swamp_driver.spec import StepStatus
from swamp_driver.workflow import (
    Plan,
    PlannedDependency,
    PlannedJob,
    PlannedStep,
    aggregate,
    condition_holds,
    runs_after_failure,
)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class StartStep(Value):
    """The step's dependencies have ended and its conditions hold: run it."""

    job: str
    step: PlannedStep


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SkipStep(Value):
    """The step will not run, for the reason given."""

    job: str
    step: PlannedStep
    status: StepStatus
    reason: str


@attrs.frozen(kw_only=True, eq=False, repr=False)
class StartJob(Value):
    """The job's dependencies have ended and its conditions hold."""

    job: str


@attrs.frozen(kw_only=True, eq=False, repr=False)
class EndJob(Value):
    """Every step of the job has ended."""

    job: str
    status: StepStatus


@attrs.frozen(kw_only=True, eq=False, repr=False)
class StopServices(Value):
    """Nothing needs these background steps any more: stop them; tell when each has ended."""

    step_ids: frozenset[str]


Decision = StartStep | SkipStep | StartJob | EndJob | StopServices

_CANCELLED = "the run was cancelled"


class Schedule:
    """The state of a run's graph: told what ended, it says what happens next.

    Not thread-safe: one thread tells and takes the decisions, and carries them out in their order.
    Each step is decided once; each job is started at most once and ended once. A step starts as
    soon as what it depends on has ended: there are no levels. What becomes ready together is in the
    order of the plan.
    """

    def __init__(self, plan: Plan) -> None:
        self._jobs = {job.name: _JobState(job) for job in plan.jobs}
        self._graph = _Graph([(job.name, job.depends_on) for job in plan.jobs])
        self._limit = plan.concurrency or len(plan.jobs)
        self._waiting: list[str] = []
        self._running: set[str] = set()
        self._released: dict[str, StepStatus] = {}
        """How the jobs ended for those that depend on them; a service of one may still live."""
        self._cancelled = False
        self.job_statuses: dict[str, StepStatus] = {}
        """How the jobs ended that have ended."""

    @property
    def is_over(self) -> bool:
        """Return whether every job has ended."""
        return len(self.job_statuses) == len(self._jobs)

    def cancel(self) -> None:
        """Let nothing start any more: what has not started yet ends as cancelled."""
        self._cancelled = True

    def begin(self) -> list[Decision]:
        """Return the first decisions. Call it once."""
        return list(self._advance())

    def step_ended(self, job: str, step: PlannedStep, status: StepStatus) -> list[Decision]:
        """Take note that a started step has ended; return what follows."""
        state = self._jobs[job]
        state.settle(step, status)
        return [*self._advance_job(state), *self._advance(), *self._stop_rest()]

    def service_ready(self, job: str, step: PlannedStep, status: StepStatus) -> list[Decision]:
        """Take note that a background step is ready, and lives on; return what follows.

        `status` is what those see that depend on it: failed where one of its iterations is.
        """
        self._jobs[job].services.add(step)
        return self.step_ended(job, step, status)

    def service_changed(
        self, job: str, step: PlannedStep, status: StepStatus, *, is_over: bool
    ) -> list[Decision]:
        """Take note that a background step that was ready has come to `status`; say what follows.

        `is_over`: all of it has ended. Otherwise an iteration of it has.
        """
        state = self._jobs[job]
        state.settle_again(step, status)
        if job in self._released:
            self._released[job] = state.status
        if is_over:
            state.services.remove(step)
        return [*self._advance_job(state), *self._advance(), *self._stop_rest()]

    def why_not_start(self, job: str, step: PlannedStep) -> tuple[StepStatus, str] | None:
        """Return how a step ends that was told to start, had to wait, and shall not start now.

        None where it may start.
        """
        if self._cancelled:
            return StepStatus.CANCELLED, _CANCELLED
        if self._jobs[job].is_stopped_for(step):
            return StepStatus.SKIPPED, _JOB_FAILED
        return None

    def _advance(self) -> Iterator[Decision]:
        self._waiting.extend(self._graph.take_ready())
        while self._waiting and (self._cancelled or len(self._running) < self._limit):
            yield from self._open_job(self._jobs[self._waiting.pop(0)])
            self._waiting.extend(self._graph.take_ready())

    def _open_job(self, state: _JobState) -> Iterator[Decision]:
        name = state.job.name
        unmet = _unmet(state.job.depends_on, self._released)
        if self._cancelled or unmet:
            status = StepStatus.CANCELLED if self._cancelled else StepStatus.SKIPPED
            reason = _CANCELLED if self._cancelled else f"job '{name}' was skipped: {unmet}"
            for step in state.job.steps:
                yield SkipStep(job=name, step=step, status=status, reason=reason)
            self._release(name, status)
            yield self._close_job(name, status)
            return
        self._running.add(name)
        yield StartJob(job=name)
        yield from self._advance_job(state)

    def _advance_job(self, state: _JobState) -> Iterator[Decision]:
        while ready := state.graph.take_ready():
            for name in ready:
                yield self._decide(state, state.steps[name])
        if state.is_over:
            yield from self._finish_job(state)

    def _finish_job(self, state: _JobState) -> Iterator[Decision]:
        """End a job whose steps have all ended, as far as its services let it."""
        name = state.job.name
        if not state.services.has("job") and name in self._running:
            self._running.remove(name)
            self._release(name, state.status)
        if not state.services:
            if name not in self.job_statuses:
                yield self._close_job(name, state.status)
        elif ids := state.services.take("job"):
            yield StopServices(step_ids=ids)

    def _stop_rest(self) -> Iterator[Decision]:
        """Stop the services that live as long as the run, where nothing else is left of it."""
        if len(self._released) == len(self._jobs):
            taken = [state.services.take("run") for state in self._jobs.values()]
            if ids := frozenset[str]().union(*taken):
                yield StopServices(step_ids=ids)

    def _decide(self, state: _JobState, step: PlannedStep) -> StartStep | SkipStep:
        job = state.job.name
        if self._cancelled:
            status, reason = StepStatus.CANCELLED, _CANCELLED
        elif unmet := _unmet(step.depends_on, state.statuses):
            status, reason = StepStatus.SKIPPED, unmet
        elif state.is_stopped_for(step):
            status, reason = StepStatus.SKIPPED, _JOB_FAILED
        else:
            return StartStep(job=job, step=step)
        state.settle(step, status)
        return SkipStep(job=job, step=step, status=status, reason=reason)

    def _release(self, name: str, status: StepStatus) -> None:
        self._released[name] = status
        self._graph.done(name)

    def _close_job(self, name: str, status: StepStatus) -> EndJob:
        self.job_statuses[name] = status
        return EndJob(job=name, status=status)


_JOB_FAILED = "an earlier step of its job failed"


class _Graph:
    """A topological sorter that gives what is ready in the order it was told of."""

    def __init__(self, nodes: Sequence[tuple[str, Sequence[PlannedDependency]]]) -> None:
        self._sorter: TopologicalSorter[str] = TopologicalSorter()
        for name, dependencies in nodes:
            self._sorter.add(name, *(dependency.on for dependency in dependencies))
        self._sorter.prepare()
        self._rank = {name: rank for rank, (name, _) in enumerate(nodes)}

    def take_ready(self) -> list[str]:
        if not self._sorter.is_active():
            return []
        return sorted(self._sorter.get_ready(), key=self._rank.__getitem__)

    def done(self, name: str) -> None:
        self._sorter.done(name)


class _JobState:
    def __init__(self, job: PlannedJob) -> None:
        self.job = job
        self.steps = {step.name.text: step for step in job.steps}
        self.graph = _Graph([(step.name.text, step.depends_on) for step in job.steps])
        self.statuses: dict[str, StepStatus] = {}
        self.counted: dict[str, StepStatus] = {}
        """The same with an allowed failure counted as success: what makes the job's status."""
        self.services = LiveServices()
        self._has_failed = False

    @property
    def is_over(self) -> bool:
        return len(self.statuses) == len(self.steps)

    @property
    def status(self) -> StepStatus:
        return aggregate(list(self.counted.values()))

    def settle(self, step: PlannedStep, status: StepStatus) -> None:
        self._note(step, status)
        self.graph.done(step.name.text)

    def settle_again(self, step: PlannedStep, status: StepStatus) -> None:
        """Take note that a step which others may have seen succeed came to something else."""
        self._note(step, aggregate([self.statuses[step.name.text], status]))

    def _note(self, step: PlannedStep, status: StepStatus) -> None:
        name = step.name.text
        allowed = step.allow_failure and status is StepStatus.FAILED
        self.statuses[name] = status
        self.counted[name] = StepStatus.SUCCEEDED if allowed else status
        self._has_failed |= self.counted[name] is StepStatus.FAILED

    def is_stopped_for(self, step: PlannedStep) -> bool:
        """Return whether the job has failed and the step does not ask to run after a failure."""
        return self._has_failed and not any(
            runs_after_failure(dependency.condition) for dependency in step.depends_on
        )


def _unmet(
    dependencies: Sequence[PlannedDependency], statuses: Mapping[str, StepStatus]
) -> str | None:
    """Return in words how the first thing ended whose condition does not hold; None if all hold."""
    for dependency in dependencies:
        status = statuses[dependency.on]
        if not condition_holds(dependency.condition, status):
            return f"'{dependency.on}' {_past(status)}"
    return None


def _past(status: StepStatus) -> str:
    passive = status in {StepStatus.SKIPPED, StepStatus.CANCELLED}
    return f"was {status}" if passive else str(status)
