"""One workflow of a run while it goes on: its plan, what has ended of it, what is under way."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from swamp_driver.host._schedule import Schedule
from swamp_driver.spec import StepStatus
from swamp_driver.workflow import Plan, PlannedBinding, PlannedStep, RunScope, StepView


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
    """A plan under way. Not thread-safe: it belongs to the thread of the coordinator."""

    def __init__(self, plan: Plan, scope: RunScope) -> None:
        self.plan = plan
        self.schedule = Schedule(plan)
        self.steps: dict[str, StepState] = {}
        """The steps that have units under way, by their ids in the plan."""
        self._scope = scope
        self._views: dict[tuple[str, str], StepView] = {}
        self._bindings = {binding.id: binding for binding in plan.bindings}

    def scope(self, job: str) -> RunScope:
        """Return what expressions of a job know now."""
        return attrs.evolve(self._scope, job=job, steps=self._views)

    def binding(self, step: PlannedStep) -> PlannedBinding:
        """Return the driver that the step is bound to."""
        return self._bindings[step.binding]

    def begin_step(self, job: str, step: PlannedStep, units: int) -> None:
        """Take note that so many units of a step are under way."""
        self.steps[step.id] = StepState(job=job, step=step, left=units)

    def set_view(self, job: str, name: str, view: StepView) -> None:
        """Make known to expressions what became of a step, or of an iteration of it."""
        self._views[job, name] = view

    def stopped_steps(self) -> Iterator[StepState]:
        """Yield the steps that had to wait and must not start any more."""
        for state in list(self.steps.values()):
            if not state.started and self.schedule.why_not_start(state.job, state.step):
                yield state
