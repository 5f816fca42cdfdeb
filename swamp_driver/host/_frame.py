"""One workflow of a run while it goes on: its plan, what has ended of it, what is under way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from swamp_driver.host._method_programs import MethodPrograms
from swamp_driver.host._schedule import Schedule
from swamp_driver.host._units import NestedUnit
from swamp_driver.spec import JobOutline, StepStatus
from swamp_driver.workflow import (
    Iteration,
    Plan,
    PlannedBinding,
    PlannedStep,
    RunScope,
    StepView,
    id_of_path,
    step_path,
)

_FINE = frozenset({StepStatus.SUCCEEDED, StepStatus.SKIPPED})


@attrs.define(eq=False, repr=False)
class StepState:
    """A step whose units wait, run, or have ended."""

    job: str
    """Its name in the plan."""
    step: PlannedStep
    left: int
    """How many of its units have not ended."""
    started: bool = False
    statuses: list[StepStatus] = attrs.field(factory=list)


class Frame:
    """A plan under way. Not thread-safe: it belongs to the thread of the coordinator.

    The plan of the run has a frame, and so has each nested workflow while it goes on.
    """

    def __init__(
        self,
        plan: Plan,
        scope: RunScope,
        *,
        caller: NestedUnit | None = None,
        runs_anew: bool = False,
    ) -> None:
        self.plan = plan
        self.schedule = Schedule(plan)
        self.caller = caller
        """What runs it; None for the plan of the run."""
        self.methods = MethodPrograms(plan)
        self.steps: dict[str, StepState] = {}
        """The steps that have units under way, by their ids in the plan."""
        self.iterations: dict[str, tuple[Iteration, ...]] = {}
        """What the steps that had their turn are run for, by their ids in the plan."""
        self._runs_anew = runs_anew
        self._anew: set[tuple[str, str]] = set()
        self._dependencies = {job.name: job.depends_on for job in plan.jobs}
        self._scope = scope
        self._views: dict[tuple[str, str], StepView] = {}
        self._bindings = {binding.id: binding for binding in plan.bindings}

    @property
    def id(self) -> str:
        """Return what tells it from the other frames: the path of the step that runs it."""
        return self._scope.frame

    @property
    def status(self) -> StepStatus:
        """Return how its workflow ended, once it is over."""
        wrong = set(self.schedule.job_statuses.values()) - _FINE
        if StepStatus.FAILED in wrong:
            return StepStatus.FAILED
        return StepStatus.CANCELLED if wrong else StepStatus.SUCCEEDED

    def scope(self, job: str) -> RunScope:
        """Return what expressions of a job know now."""
        return attrs.evolve(self._scope, job=job, asks_as=self.shown_job(job), steps=self._views)

    def shown_job(self, job: str) -> str:
        """Return the name of a job for people, and in records: `<job>/<step>/<nested job>`."""
        return job if self.caller is None else f"{self.caller.job}/{self.caller.name}/{job}"

    def path(self, step: PlannedStep, index: int | None = None) -> str:
        """Return where a step, or its iteration, stands in the run."""
        return step_path(self.id, step.id, index)

    def outlines(self) -> tuple[JobOutline, ...]:
        """Return its jobs and steps as they are told of."""
        return tuple(
            JobOutline(
                name=self.shown_job(job.name),
                steps=tuple(step.name.text for step in job.steps),
                step_ids=tuple(id_of_path(self.path(step)) for step in job.steps),
            )
            for job in self.plan.jobs
        )

    @property
    def limits(self) -> Mapping[str, int | None]:
        """Return how many steps of each job may run at once, by the names that are shown."""
        return {self.shown_job(job.name): job.concurrency for job in self.plan.jobs}

    def binding(self, step: PlannedStep) -> PlannedBinding | None:
        """Return the driver that the step is bound to; None where it needs none."""
        return self._bindings.get(step.binding)

    def begin_step(self, job: str, step: PlannedStep, units: int) -> None:
        """Take note that so many units of a step are under way."""
        self.steps[step.id] = StepState(job=job, step=step, left=units)

    def note_anew(self, job: str, step: PlannedStep) -> None:
        """Take note that a step is run, and not taken from an earlier run.

        A service is there again as it was: what used it before need not be run again for that.
        """
        if step.background is None or self.depends_on_anew(job, step):
            self._anew.add((job, step.name.text))

    def depends_on_anew(self, job: str, step: PlannedStep) -> bool:
        """Return whether something is run anew that the step depends on, all of which has ended."""
        jobs = {dependency.on for dependency in self._dependencies[job]}
        return (
            self._runs_anew
            or any((job, dependency.on) in self._anew for dependency in step.depends_on)
            or any(other in jobs for other, _ in self._anew)
        )

    def set_view(self, job: str, name: str, view: StepView) -> None:
        """Make known to expressions what became of a step, or of an iteration of it."""
        self._views[job, name] = view

    def stopped_steps(self) -> Iterator[StepState]:
        """Yield the steps that had to wait and must not start any more."""
        for state in list(self.steps.values()):
            if not state.started and self.schedule.why_not_start(state.job, state.step):
                yield state
