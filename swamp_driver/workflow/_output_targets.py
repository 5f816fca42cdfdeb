"""The steps that outputs are handed on to: they must be there, and start later."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from swamp_driver.spec._suggest import did_you_mean, quoted
from swamp_driver.workflow._model_step import Step
from swamp_driver.workflow._model_task import ManualApprovalTask, WorkflowTask
from swamp_driver.workflow._planned import PlannedJob, PlannedStep, TakenOutput
from swamp_driver.workflow._problems import Place, Problems
from swamp_driver.workflow._steps_seen import StepsSeen

_Home = tuple[int, int]
"""Where a step is: the numbers of its job and of the step in it."""


def check_targets(step: Step, home: _Home, seen: StepsSeen, problems: Problems) -> None:
    """Note targets that are not there, or that need not start after `step` has ended."""
    for output in step.outputs:
        for index, target in enumerate(output.make_available_to):
            if not target.text:
                continue
            where = output.where.value("makeAvailableTo")
            place = Place(f"{where.path}[{index}]", target.line, target.column)
            if (wrong := _problem(step.name.text, target.text, home, seen)) is not None:
                problems.add(wrong[0], place, hint=wrong[1])


def _problem(name: str, target: str, home: _Home, seen: StepsSeen) -> tuple[str, str | None] | None:
    """Return what is wrong with a target, and what to do."""
    homes = seen.homes(target)
    if not homes:
        return f"there is no step {quoted(target)}", did_you_mean(target, seen.names)
    own = [other for other in homes if other[0] == home[0]]
    if not own and len(homes) > 1:
        jobs = ", ".join(repr(seen.job_name(job)) for job, _ in homes)
        what = f"several jobs have a step {quoted(target)}: {jobs}"
        return what, "give these steps different names"
    other = (own or homes)[0]
    if not seen.shares_workspace and isinstance(
        seen.step(other).task, WorkflowTask | ManualApprovalTask
    ):
        return (
            f"the step {quoted(target)} runs no program, so it has no place for files",
            "let the steps share a workspace, or name a step that runs one",
        )
    if own:
        return _in_own_job(name, target, home, other, seen)
    return _in_other_job(target, home, other, seen)


def _in_own_job(
    name: str, target: str, home: _Home, other: _Home, seen: StepsSeen
) -> tuple[str, str | None] | None:
    graph = seen.graphs.steps[home[0]]
    if home == other:
        return "a step cannot hand on files to itself", "name a step that runs after it"
    if graph.precedes(home[1], other[1]):
        return None
    if graph.precedes(other[1], home[1]):
        return f"the step {quoted(target)} runs before this one", "name a step that runs after it"
    return (
        f"the step {quoted(target)} need not run after this one",
        f"add {{step: {quoted(name)}, condition: {{type: succeeded}}}} to its 'dependsOn'",
    )


def _in_other_job(
    target: str, home: _Home, other: _Home, seen: StepsSeen
) -> tuple[str, str | None] | None:
    graph = seen.graphs.jobs
    if graph.precedes(home[0], other[0]):
        return None
    own, theirs = seen.job_name(home[0]), quoted(seen.job_name(other[0]))
    if graph.precedes(other[0], home[0]):
        return (
            f"the step {quoted(target)} runs before this one, in the job {theirs}",
            "name a step that runs after it",
        )
    return (
        f"the step {quoted(target)} need not run after this one: it is in the job {theirs}",
        f"add {{job: {quoted(own)}, condition: {{type: succeeded}}}} to 'dependsOn' of that job",
    )


def with_takes(jobs: tuple[PlannedJob, ...]) -> tuple[PlannedJob, ...]:
    """Return the jobs with what each step takes of the others' outputs."""
    return tuple(
        attrs.evolve(
            job,
            steps=tuple(attrs.evolve(step, takes=_takes(step, job, jobs)) for step in job.steps),
        )
        for job in jobs
    )


def _takes(
    step: PlannedStep, job: PlannedJob, jobs: Iterable[PlannedJob]
) -> tuple[TakenOutput, ...]:
    """Return what is handed on to a step: by its own job, and by others that have no such step."""
    return tuple(
        TakenOutput(step=other.id, output=number)
        for home in jobs
        if home is job or all(one.name.text != step.name.text for one in home.steps)
        for other in home.steps
        for number, output in enumerate(other.outputs)
        if step.name.text in output.make_available_to
    )
