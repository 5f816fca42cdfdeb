"""Which steps an expression may ask about: those that have certainly ended before."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from swamp_driver.spec._suggest import quoted
from swamp_driver.workflow._graph import Graph, Vertex, build_graph
from swamp_driver.workflow._model import Job, Workflow
from swamp_driver.workflow._model_step import Step
from swamp_driver.workflow._problems import Problems

StepCheck = Callable[[str], str | None]
"""Says what is wrong with a reference to a step of that name, or None."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Graphs:
    """What waits for what: the jobs, and the steps of each job."""

    jobs: Graph
    steps: tuple[Graph, ...]


def graphs_of(workflow: Workflow, problems: Problems) -> Graphs:
    """Return the graphs of a workflow; note names that stand twice, unknown ones and cycles."""
    jobs = [
        Vertex(
            name=job.name.text,
            place=job.where.value("name"),
            waits_for=tuple((d.job.text, d.where.value("job")) for d in job.depends_on),
        )
        for job in workflow.jobs
    ]
    return Graphs(
        jobs=build_graph(jobs, kind="job", problems=problems),
        steps=tuple(_step_graph(job, problems) for job in workflow.jobs),
    )


def _step_graph(job: Job, problems: Problems) -> Graph:
    steps = [
        Vertex(
            name=step.name.text,
            place=step.where.value("name"),
            waits_for=tuple((d.step.text, d.where.value("step")) for d in step.depends_on),
        )
        for step in job.steps
    ]
    return build_graph(steps, kind="step", problems=problems)


class StepsSeen:
    """Answers for each place of a workflow which steps can be asked about there.

    A name is looked up in the own job first, then in the whole workflow, where it must be the only
    one.
    """

    def __init__(self, workflow: Workflow, graphs: Graphs) -> None:
        self._jobs = workflow.jobs
        self.graphs = graphs
        self.shares_workspace = workflow.workspace.enabled is not False
        self._homes: dict[str, list[tuple[int, int]]] = {}
        for number, job in enumerate(workflow.jobs):
            for position, step in enumerate(job.steps):
                self._homes.setdefault(step.name.text, []).append((number, position))

    @property
    def names(self) -> frozenset[str]:
        """Return the names of all steps."""
        return frozenset(self._homes)

    def homes(self, name: str) -> list[tuple[int, int]]:
        """Return where steps of that name are: the numbers of job and step."""
        return self._homes.get(name, [])

    def step(self, home: tuple[int, int]) -> Step:
        """Return the step of a job, both by their numbers."""
        return self._jobs[home[0]].steps[home[1]]

    def job_name(self, number: int) -> str:
        """Return what a job is called in the file."""
        return self._jobs[number].name.text

    def before_all(self, name: str) -> str | None:
        """Check a reference in what belongs to the whole workflow."""
        return f"the step {quoted(name)} has not ended when this is needed first"

    def before_step(self, job: int, position: int | None) -> StepCheck:
        """Return the check for a step; for what belongs to a whole job without `position`."""

        def check(name: str) -> str | None:
            own = [where for where in self._homes[name] if where[0] == job]
            if own:
                return self._in_own_job(name, own[0], position)
            return self._in_other_job(name, job)

        return check

    def _in_own_job(self, name: str, home: tuple[int, int], position: int | None) -> str | None:
        job, other = home
        if position is not None and self.graphs.steps[job].precedes(other, position):
            return None
        if other == position:
            return f"the step {quoted(name)} cannot ask about itself"
        return f"the step {quoted(name)} need not have ended before: it is not in 'dependsOn'"

    def _in_other_job(self, name: str, job: int) -> str | None:
        homes = self._homes[name]
        if len(homes) > 1:
            jobs = ", ".join(repr(self._jobs[number].name.text) for number, _ in homes)
            return f"several jobs have a step {quoted(name)}: {jobs}"
        if self.graphs.jobs.precedes(homes[0][0], job):
            return None
        other = quoted(self._jobs[homes[0][0]].name.text)
        return (
            f"the step {quoted(name)} need not have ended before: "
            f"its job {other} is not in 'dependsOn' of this job"
        )
