"""Where the jobs stand in the picture of a run: columns by what they wait for."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from swamp_driver._value import Value
from swamp_driver.cli._report._facts import JobFacts

_WIDTH = 210
_GAP_X = 56
_GAP_Y = 18
_HEAD = 26
_ROW = 18
_FOOT = 8
_MOST_ROWS = 12
_MARGIN = 6


@attrs.frozen(kw_only=True, eq=False, repr=False)
class GraphJob(Value):
    """A box in the picture; sizes in pixels."""

    number: int
    job: JobFacts
    x: int
    y: int
    height: int
    rows: tuple[tuple[str, str, str], ...]
    """Name, status, id of the step, or an empty one."""
    width: int = _WIDTH


@attrs.frozen(kw_only=True, eq=False, repr=False)
class GraphEdge(Value):
    """A line from the right of a box to the left of another one."""

    x1: int
    y1: int
    x2: int
    y2: int


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Graph(Value):
    """The whole picture."""

    width: int
    height: int
    jobs: tuple[GraphJob, ...]
    edges: tuple[GraphEdge, ...]


def draw_graph(jobs: Sequence[JobFacts]) -> Graph:
    """Return the picture of the jobs: each stands to the right of all that it waits for."""
    columns: dict[str, int] = {}
    for job in _in_order(jobs):
        columns[job.name] = 1 + max((columns.get(on, -1) for on in job.depends_on), default=-1)
    bottoms: dict[int, int] = {}
    boxes: dict[str, GraphJob] = {}
    for number, job in enumerate(jobs):
        column = columns[job.name]
        y = bottoms.get(column, _MARGIN)
        rows = _rows(job)
        height = _HEAD + _ROW * len(rows) + _FOOT
        bottoms[column] = y + height + _GAP_Y
        x = _MARGIN + column * (_WIDTH + _GAP_X)
        boxes[job.name] = GraphJob(number=number, job=job, x=x, y=y, height=height, rows=rows)
    return Graph(
        width=2 * _MARGIN + (max(columns.values(), default=0) + 1) * (_WIDTH + _GAP_X) - _GAP_X,
        height=max(bottoms.values(), default=_GAP_Y + _MARGIN) - _GAP_Y + _MARGIN,
        jobs=tuple(boxes.values()),
        edges=tuple(
            _edge(boxes[on], boxes[job.name])
            for job in jobs
            for on in job.depends_on
            if on in boxes
        ),
    )


def _in_order(jobs: Sequence[JobFacts]) -> list[JobFacts]:
    """Return the jobs, each after those that it waits for (records are not trusted to be so)."""
    left, found, done = list(jobs), [], set[str]()
    names = {job.name for job in jobs}
    while left:
        ready = [job for job in left if (names & set(job.depends_on)) <= done] or left[:1]
        found += ready
        done |= {job.name for job in ready}
        left = [job for job in left if job.name not in done]
    return found


def _rows(job: JobFacts) -> tuple[tuple[str, str, str], ...]:
    rows = [(step.record.step, step.status, step.record.step_id) for step in job.steps]
    rows += [(name, "waiting", "") for name in job.waiting]
    if len(rows) <= _MOST_ROWS:
        return tuple(rows)
    bad = [row for row in rows if row[1] in {"failed", "cancelled", "running"}]
    shown = (bad + [row for row in rows if row not in bad])[: _MOST_ROWS - 1]
    return (*shown, (f"and {len(rows) - len(shown)} more", "", ""))


def _edge(before: GraphJob, after: GraphJob) -> GraphEdge:
    middle = _HEAD // 2
    return GraphEdge(
        x1=before.x + before.width, y1=before.y + middle, x2=after.x, y2=after.y + middle
    )
