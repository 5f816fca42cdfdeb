"""Store -> RunFacts: all that is known of a run, gathered once for every kind of document."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

import attrs

from swamp_driver._value import Value
from swamp_driver.cli._words import state_of
from swamp_driver.host import LogExcerpt, ReportRecord, RunRecord, StepRecord, Store
from swamp_driver.host.data import Artifact, data_of_run
from swamp_driver.spec import JobEnded, JobOutline, Notice, RunEvent, RunStarted, RunStatus

_ONE_LOG_BYTES = 256 * 1024
_ALL_LOGS_BYTES = 2 * 1024 * 1024
_LEAST_LOG_BYTES = 1024


@attrs.frozen(kw_only=True, eq=False, repr=False)
class StepFacts(Value):
    """A step that was run or skipped, with what is shown of its output."""

    record: StepRecord
    log: LogExcerpt

    @property
    def label(self) -> str:
        """Return the name that people use for it."""
        return f"{self.record.job}/{self.record.step}"

    @property
    def status(self) -> str:
        """Return its state in one word; `allowed` where it failed and may."""
        return state_of(self.record)

    @property
    def template_id(self) -> str:
        """Return the id of its step in the plan: an iteration belongs to its template."""
        return self.record.step_id.partition("-")[0]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class JobFacts(Value):
    """A job with its steps, in the order in which they started."""

    name: str
    status: str
    depends_on: tuple[str, ...]
    steps: tuple[StepFacts, ...]
    waiting: tuple[str, ...]
    """Steps of its plan that never came to anything, for example since the host died."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RunFacts(Value):
    """A run as it ended, or as it stands."""

    record: RunRecord
    now: float
    """Seconds since the epoch: when this was gathered."""
    jobs: tuple[JobFacts, ...]
    notices: tuple[str, ...]
    reports: tuple[ReportRecord, ...] = ()
    data: tuple[Artifact, ...] = ()
    """What models have written, as far as it is still kept."""

    @property
    def steps(self) -> tuple[StepFacts, ...]:
        """Return the steps of all jobs."""
        return tuple(step for job in self.jobs for step in job.steps)

    @property
    def ended_at(self) -> float:
        """Return when it ended; for a run that goes on, now."""
        return self.now if self.record.ended_at is None else self.record.ended_at

    @property
    def started_steps(self) -> tuple[StepFacts, ...]:
        """Return the steps that were started, in the order of their starts."""
        started = [step for step in self.steps if step.record.started_at is not None]
        return tuple(sorted(started, key=lambda step: step.record.started_at or 0.0))


def span_of(step: StepFacts, facts: RunFacts) -> tuple[float, float]:
    """Return when a started step began and ended, in seconds since the epoch."""
    start = step.record.started_at or 0.0
    end = facts.ended_at if step.record.status is None else start + step.record.duration_s
    return start, max(start, end)


def gather_facts(store: Store, run: str, *, now: float | None = None) -> RunFacts:
    """Return what is known of a run; `run` is an id, the beginning of one, or `last`.

    Logs are cut so that all of them together stay small, whatever the number of steps: of a step
    that printed more, the beginning and the end are there.

    Raises:
        NotFoundError: No run, or several, match.
        StoreError: The records cannot be read.
    """
    record = store.find_run(run)
    events = tuple(_events(store, record))
    limit = min(_ONE_LOG_BYTES, _ALL_LOGS_BYTES // max(1, len(record.steps)))
    steps = [
        StepFacts(
            record=step,
            log=store.step_excerpt(
                record.run_id, step.step_id, limit_bytes=max(limit, _LEAST_LOG_BYTES)
            ),
        )
        for step in record.steps
    ]
    return RunFacts(
        record=record,
        now=time.time() if now is None else now,
        jobs=tuple(_jobs(events, steps, record)),
        notices=tuple(event.text for event in events if isinstance(event, Notice)),
        reports=store.reports(record.run_id),
        data=data_of_run(store.settings, record.run_id),
    )


def _events(store: Store, record: RunRecord) -> Iterable[RunEvent]:
    return store.events(record.run_id) if store.has_events(record.run_id) else ()


def _jobs(
    events: tuple[RunEvent, ...], steps: list[StepFacts], record: RunRecord
) -> Iterable[JobFacts]:
    outlines = _outlines(events, steps)
    ended = {event.job: event.status.value for event in events if isinstance(event, JobEnded)}
    by_job: dict[str, list[StepFacts]] = {}
    for step in steps:
        by_job.setdefault(step.record.job, []).append(step)
    for outline in outlines.values():
        own = by_job.get(outline.name, [])
        seen = {step.template_id for step in own}
        names = zip(outline.steps, outline.step_ids, strict=False)
        yield JobFacts(
            name=outline.name,
            status=ended.get(outline.name) or _status_so_far(own, record),
            depends_on=outline.depends_on,
            steps=tuple(own),
            waiting=tuple(name for name, step_id in names if step_id not in seen),
        )


def _outlines(events: tuple[RunEvent, ...], steps: list[StepFacts]) -> Mapping[str, JobOutline]:
    """Return the jobs as planned, and after them those that steps name and no plan does."""
    planned = next((event.jobs for event in events if isinstance(event, RunStarted)), ())
    found = {job.name: job for job in planned}
    for step in steps:
        found.setdefault(step.record.job, JobOutline(name=step.record.job, steps=()))
    return found


def _status_so_far(steps: list[StepFacts], record: RunRecord) -> str:
    if record.status is RunStatus.RUNNING:
        return "running" if steps else "waiting"
    return record.status.value if steps else "waiting"
