"""The order of a run: what starts when, what is skipped, how a job ends."""

from collections.abc import Iterable, Mapping

import pytest

from swamp_driver.host._schedule import (
    Decision,
    EndJob,
    Schedule,
    SkipStep,
    StartJob,
    StartStep,
    StopServices,
)
from swamp_driver.spec import StepStatus
from swamp_driver.workflow import (
    Plan,
    PlannedBackground,
    PlannedBinding,
    PlannedDependency,
    PlannedJob,
    PlannedStep,
    ShellCommand,
    SimpleCondition,
    Template,
)

OK, FAILED, SKIPPED, CANCELLED = (
    StepStatus.SUCCEEDED,
    StepStatus.FAILED,
    StepStatus.SKIPPED,
    StepStatus.CANCELLED,
)


def after(**conditions: str) -> tuple[PlannedDependency, ...]:
    """Return dependencies: name=condition."""
    return tuple(
        PlannedDependency(on=name, condition=SimpleCondition(type=kind))  # type: ignore[arg-type]
        for name, kind in conditions.items()
    )


def a_step(name: str, **fields: object) -> PlannedStep:
    """Return a step that does nothing."""
    defaults: Mapping[str, object] = {
        "id": f"s-{name}",
        "name": Template(name),
        "command": ShellCommand(script=Template("true")),
        "binding": "b1",
    }
    return PlannedStep(**{**defaults, **fields})  # type: ignore[arg-type]


def a_job(name: str, *steps: PlannedStep, **fields: object) -> PlannedJob:
    """Return a job of these steps."""
    return PlannedJob(name=name, steps=steps, **fields)  # type: ignore[arg-type]


def a_plan(*jobs: PlannedJob, concurrency: int | None = None) -> Plan:
    """Return a plan of these jobs."""
    return Plan(
        workflow="w",
        workflow_id="w",
        source="w.yaml",
        directory="/",
        bindings=(PlannedBinding(id="b1", driver="raw"),),
        jobs=jobs,
        concurrency=concurrency,
    )


def told(decisions: Iterable[Decision]) -> list[str]:
    """Write decisions as short text, so that a whole list can be compared."""
    return [_told(decision) for decision in decisions]


def _told(decision: Decision) -> str:
    match decision:
        case StartJob(job=job):
            return f"job {job}"
        case EndJob(job=job, status=status):
            return f"end {job} {status}"
        case StartStep(step=step):
            return f"run {step.name.text}"
        case SkipStep(step=step, status=status):
            return f"{status} {step.name.text}"
        case StopServices(step_ids=step_ids):
            return f"stop {' '.join(sorted(step_ids))}"


class Run:
    """Plays a plan by hand."""

    def __init__(self, plan: Plan) -> None:
        self.schedule = Schedule(plan)
        self._steps = {s.name.text: (job.name, s) for job in plan.jobs for s in job.steps}
        self.begun = told(self.schedule.begin())

    def end(self, name: str, status: StepStatus) -> list[str]:
        """End a step, and return what follows."""
        job, step = self._steps[name]
        return told(self.schedule.step_ended(job, step, status))

    def ready(self, name: str, status: StepStatus = OK) -> list[str]:
        """Let a background step be ready, and return what follows."""
        job, step = self._steps[name]
        return told(self.schedule.service_ready(job, step, status))

    def stop(self, name: str, status: StepStatus = OK) -> list[str]:
        """Let a background step end that was ready, and return what follows."""
        job, step = self._steps[name]
        return told(self.schedule.service_changed(job, step, status, is_over=True))


def a_service(name: str, **fields: object) -> PlannedStep:
    """Return a background step that lives as long as its job."""
    return a_step(name, background=PlannedBackground(), **fields)


def test_independent_steps_start_together_in_plan_order() -> None:
    """Only dependencies make steps wait."""
    assert Run(a_plan(a_job("j", a_step("b"), a_step("a")))).begun == ["job j", "run b", "run a"]


def test_a_step_starts_when_its_own_dependencies_ended_not_at_a_level() -> None:
    """A slow step must not hold back those that do not need it."""
    run = Run(
        a_plan(
            a_job(
                "j",
                a_step("slow"),
                a_step("fast"),
                a_step("next", depends_on=after(fast="succeeded")),
            )
        )
    )
    assert run.end("fast", OK) == ["run next"]


def test_a_failure_stops_the_later_steps_of_its_job() -> None:
    """What comes later nearly always needs what failed."""
    run = Run(a_plan(a_job("j", a_step("a"), a_step("b", depends_on=after(a="succeeded")))))
    assert run.end("a", FAILED) == ["skipped b", "end j failed"]


@pytest.mark.parametrize("condition", ["always", "failed", "completed"])
def test_a_step_that_asks_to_run_after_a_failure_runs(condition: str) -> None:
    """So that nobody needs a second job to clean up."""
    run = Run(a_plan(a_job("j", a_step("a"), a_step("b", depends_on=after(a=condition)))))
    assert run.end("a", FAILED) == ["run b"]
    assert run.end("b", OK) == ["end j failed"]


def test_a_failure_elsewhere_in_the_job_stops_a_step_whose_condition_holds() -> None:
    """Fail fast is about the job; only a step that asks for failures runs after one."""
    run = Run(
        a_plan(
            a_job(
                "j", a_step("bad"), a_step("good"), a_step("n", depends_on=after(good="succeeded"))
            )
        )
    )
    run.end("bad", FAILED)
    assert run.end("good", OK) == ["skipped n", "end j failed"]


def test_an_allowed_failure_is_failed_for_conditions_and_no_failure_of_the_job() -> None:
    """`allowFailure` lets the job go on, and conditions still see what happened."""
    run = Run(
        a_plan(
            a_job(
                "j",
                a_step("a", allow_failure=True),
                a_step("on-success", depends_on=after(a="succeeded")),
                a_step("on-failure", depends_on=after(a="failed")),
            )
        )
    )
    assert run.end("a", FAILED) == ["skipped on-success", "run on-failure"]
    assert run.end("on-failure", OK) == ["end j succeeded"]


def test_a_skipped_step_is_seen_by_what_depends_on_it() -> None:
    """`skipped` is a condition like the others, so chains go on."""
    run = Run(
        a_plan(
            a_job(
                "j",
                a_step("a"),
                a_step("b", depends_on=after(a="failed")),
                a_step("c", depends_on=after(b="skipped")),
                a_step("d", depends_on=after(b="succeeded")),
            )
        )
    )
    assert run.end("a", OK) == ["skipped b", "run c", "skipped d"]


def test_a_job_whose_condition_does_not_hold_is_skipped_with_its_steps() -> None:
    """Every step gets an end, so that no view waits for ever."""
    run = Run(
        a_plan(
            a_job("a", a_step("a1")),
            a_job("b", a_step("b1"), depends_on=after(a="succeeded")),
            a_job("c", a_step("c1"), depends_on=after(b="skipped")),
        )
    )
    assert run.end("a1", FAILED) == [
        "end a failed",
        "skipped b1",
        "end b skipped",
        "job c",
        "run c1",
    ]
    assert run.end("c1", OK) == ["end c succeeded"]
    assert run.schedule.is_over


def test_no_more_jobs_run_than_the_workflow_allows() -> None:
    """`concurrency` of the workflow counts jobs."""
    run = Run(a_plan(*(a_job(n, a_step(f"{n}1")) for n in "abc"), concurrency=1))
    assert run.begun == ["job a", "run a1"]
    assert run.end("a1", OK) == ["end a succeeded", "job b", "run b1"]


def test_after_a_cancel_nothing_starts_and_everything_ends() -> None:
    """A cancelled run must come to its end by itself."""
    run = Run(
        a_plan(
            a_job("a", a_step("a1"), a_step("a2", depends_on=after(a1="always"))),
            a_job("b", a_step("b1"), depends_on=after(a="always")),
        )
    )
    run.schedule.cancel()
    assert run.end("a1", CANCELLED) == [
        "cancelled a2",
        "end a cancelled",
        "cancelled b1",
        "end b cancelled",
    ]
    assert run.schedule.is_over


def test_a_step_that_waits_for_room_may_be_stopped_by_a_failure() -> None:
    """It was ready before the failure, but it has not started."""
    plan = a_plan(a_job("j", a_step("a"), a_step("b")))
    run = Run(plan)
    step = plan.jobs[0].steps[1]
    assert run.schedule.why_not_start("j", step) is None
    run.end("a", FAILED)
    assert run.schedule.why_not_start("j", step) == (
        SKIPPED,
        "an earlier step of its job failed",
    )


def test_a_job_ends_when_its_services_were_stopped() -> None:
    """What depends on the job may want the same port."""
    run = Run(
        a_plan(
            a_job("j", a_service("s"), a_step("use", depends_on=after(s="succeeded"))),
            a_job("next", a_step("n"), depends_on=after(j="succeeded")),
        )
    )
    assert run.begun == ["job j", "run s"]
    assert run.ready("s") == ["run use"]
    assert run.end("use", OK) == ["stop s-s"]
    assert run.stop("s") == ["end j succeeded", "job next", "run n"]


def test_a_service_of_the_run_is_stopped_when_all_else_is_over() -> None:
    """Its job counts as ended for others, and takes no place among jobs at once."""
    until_run = PlannedBackground(until="run")
    run = Run(
        a_plan(
            a_job("j", a_step("s", background=until_run)),
            a_job("next", a_step("n"), depends_on=after(j="succeeded")),
            concurrency=1,
        )
    )
    assert run.ready("s") == ["job next", "run n"]
    assert run.end("n", OK) == ["end next succeeded", "stop s-s"]
    assert not run.schedule.is_over
    assert run.stop("s") == ["end j succeeded"]
    assert run.schedule.is_over


def test_a_service_that_dies_stops_its_job_and_what_comes_later() -> None:
    """It was there, and is not any more."""
    run = Run(
        a_plan(
            a_job(
                "j",
                a_service("s"),
                a_step("use", depends_on=after(s="succeeded")),
                a_step("more", depends_on=after(s="succeeded", use="succeeded")),
            )
        )
    )
    run.ready("s")
    assert run.stop("s", FAILED) == []
    assert run.end("use", OK) == ["skipped more", "end j failed"]


def test_a_service_of_the_run_that_dies_late_fails_its_job() -> None:
    """Jobs that have not begun see that."""
    until_run = PlannedBackground(until="run")
    run = Run(
        a_plan(
            a_job("j", a_step("s", background=until_run)),
            a_job("next", a_step("n")),
            a_job("last", a_step("l"), depends_on=after(j="succeeded", next="succeeded")),
        )
    )
    run.ready("s")
    assert run.stop("s", FAILED) == ["end j failed"]
    assert run.end("n", OK) == ["end next succeeded", "skipped l", "end last skipped"]


def test_an_allowed_failure_of_a_service_fails_nothing() -> None:
    """As with any step."""
    run = Run(a_plan(a_job("j", a_service("s", allow_failure=True), a_step("use"))))
    run.ready("s")
    assert run.stop("s", FAILED) == []
    assert run.end("use", OK) == ["end j succeeded"]
