"""Which lines of the tree of jobs and steps fit on the screen: a pure decision."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from swamp_driver.cli._run_view import JobState, RunView, StepState
from swamp_driver.cli._words import describe_end, plural

_WELL_OVER = frozenset({"succeeded", "skipped", "cancelled"})
_OVER = _WELL_OVER | {"failed"}


@attrs.frozen(kw_only=True)
class Row:
    """A line of the tree. What runs has `started_at`, what ended has `duration_s`."""

    status: str
    name: str
    depth: int = 0
    started_at: float | None = None
    duration_s: float | None = None
    note: str = ""


@attrs.frozen(kw_only=True)
class _Detail:
    """What is shown one by one; the rest of its kind is summed up in one line."""

    ended_steps: bool = True
    waiting_steps: bool = True
    waiting_jobs: bool = True
    ended_jobs: bool = True
    failed_steps: bool = True


# From everything to the least: what is over goes first, what runs stays to the last.
_LEVELS = (
    _Detail(),
    _Detail(ended_steps=False),
    _Detail(ended_steps=False, waiting_steps=False),
    _Detail(ended_steps=False, waiting_steps=False, waiting_jobs=False),
    _Detail(ended_steps=False, waiting_steps=False, waiting_jobs=False, ended_jobs=False),
    _Detail(
        ended_steps=False,
        waiting_steps=False,
        waiting_jobs=False,
        ended_jobs=False,
        failed_steps=False,
    ),
)


def lay_out(view: RunView, *, height: int) -> list[Row]:
    """Return at most `height` rows (at least one) that say most of how the run stands.

    Jobs that ended are one row and their failed steps. Where that is too much, ended steps, waiting
    steps, waiting jobs, ended jobs are summed up in this order; at last the running ones are cut.
    """
    levels = _LEVELS[2:] if any(len(job.steps) > height for job in view.jobs.values()) else _LEVELS
    rows: list[Row] = []
    for detail in levels:
        rows = list(_rows(view, detail))
        if len(rows) <= height:
            return rows
    kept = max(height - 1, 0)
    return [*rows[:kept], Row(status="more", name=f"{len(rows) - kept} more lines")]


def _rows(view: RunView, detail: _Detail) -> Iterator[Row]:
    jobs = list(view.jobs.values())
    over = [] if detail.ended_jobs else [job for job in jobs if job.status in _WELL_OVER]
    waiting = [] if detail.waiting_jobs else [job for job in jobs if job.status == "waiting"]
    if len(over) > 1:
        yield Row(status="succeeded", name=f"{len(over)} jobs done")
        jobs = [job for job in jobs if job.status not in _WELL_OVER]
    if len(waiting) > 1:
        jobs = [job for job in jobs if job.status != "waiting"]
    for job in jobs:
        yield _job_row(job)
        yield from _step_rows(job, detail)
    if len(waiting) > 1:
        yield Row(status="waiting", name=f"{len(waiting)} jobs waiting")


def _step_rows(job: JobState, detail: _Detail) -> Iterator[Row]:
    if job.status == "waiting":
        return
    steps = list(job.steps.values())
    if job.status != "running":
        if detail.failed_steps:
            yield from (_step_row(step) for step in steps if step.status == "failed")
        return
    ended = [step for step in steps if step.status in _OVER]
    if detail.ended_steps or len(ended) == 1:
        yield from map(_step_row, ended)
    elif ended:
        failed = [step for step in ended if step.status == "failed"] * detail.failed_steps
        yield from _summed("succeeded", len(ended) - len(failed), "done")
        yield from map(_step_row, failed)
    yield from (_step_row(step) for step in steps if step.status in ("running", "asking"))
    waiting = [step for step in steps if step.status == "waiting"]
    if detail.waiting_steps or len(waiting) == 1:
        yield from map(_step_row, waiting)
    else:
        yield from _summed("waiting", len(waiting), "waiting")


def _job_row(job: JobState) -> Row:
    running = job.status == "running"
    ended = job.started_at is not None and job.ended_at is not None
    return Row(
        status=job.status,
        name=job.name,
        started_at=job.started_at if running else None,
        duration_s=(job.ended_at or 0) - (job.started_at or 0) if ended else None,
        note=_progress_note(job),
    )


def _progress_note(job: JobState) -> str:
    counts = job.count()
    total = counts.total()
    if job.status == "waiting" or not total:
        return ""
    done = total - counts["waiting"] - counts["running"] - counts["asking"]
    parts = [f"{done}/{total} steps" if job.status == "running" else plural(total, "step")]
    failed = sum(step.status == "failed" and not step.forgiven for step in job.steps.values())
    if failed:
        parts.append(f"{failed} failed")
    return ", ".join(parts)


def _step_row(step: StepState) -> Row:
    if step.ended is None:
        running = step.status in ("running", "asking")
        return Row(
            status=step.status,
            name=step.name,
            depth=1,
            started_at=step.started_at if running else None,
            note=step.prompt or _running_note(step),
        )
    never_started = step.status == "skipped"
    return Row(
        status="allowed" if step.forgiven else step.status,
        name=step.name,
        depth=1,
        duration_s=None if never_started else step.ended.duration_s,
        note=describe_end(step.ended) if step.status != "succeeded" else "",
    )


def _summed(status: str, count: int, words: str) -> Iterator[Row]:
    if count:
        yield Row(status=status, name=f"{plural(count, 'step')} {words}", depth=1)


def _running_note(step: StepState) -> str:
    if not step.is_ready:
        return step.last_line
    return f"ready: {step.last_line}" if step.last_line else "ready"
