"""The units that are ready to run and have no room yet: limits, exclusive steps, `once` keys."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence

import attrs

from swamp_driver.host._units import NestedUnit, Unit

Queued = Unit | NestedUnit
_Key = tuple[str, str]
"""A step of the run: its frame and its id in the plan."""


@attrs.define(eq=False, repr=False)
class _Group:
    """The waiting units of one step."""

    limit: int | None
    units: deque[Queued]


class ReadyQueue:
    """Hands out ready units in their order, as many as may run at once. Not thread-safe.

    A nested workflow takes a place of its job and its step, but runs nothing itself: its steps are
    units of their own. An `exclusive` unit runs while nothing else of the run does; once it is next
    in line, nothing is started before it, so it is not starved. Of units with one `once` key one
    runs at a time.
    """

    def __init__(self, job_limits: Mapping[str, int | None], *, limit: int | None = None) -> None:
        self._limits = dict(job_limits)
        self._limit = limit
        """How many units of all jobs run at once; None: no bound."""
        self._groups: dict[str, dict[_Key, _Group]] = {}
        self._running: dict[str, Unit] = {}
        self._running_jobs: Counter[str] = Counter()
        self._running_steps: Counter[_Key] = Counter()
        self._running_keys: set[str] = set()

    @property
    def running(self) -> int:
        """Return how many units run."""
        return len(self._running)

    def know_jobs(self, job_limits: Mapping[str, int | None]) -> None:
        """Take note of the jobs of a nested workflow."""
        self._limits.update(job_limits)

    def add(self, units: Sequence[Queued]) -> None:
        """Take the units of one step."""
        first = units[0]
        group = _Group(limit=first.step.concurrency, units=deque(units))
        self._groups.setdefault(first.job, {})[first.frame, first.step.id] = group

    def take(self) -> Iterator[Queued]:
        """Yield the units that may start now, counting each as running."""
        for job, groups in list(self._groups.items()):
            for step_id, group in list(groups.items()):
                if self._is_full(job) or self._is_held_by_exclusive():
                    break
                yield from self._take_from(job, group)
                if not group.units:
                    del groups[step_id]
                elif self._next_is_exclusive(group):
                    return

    def take_all(self) -> list[Queued]:
        """Return all that waits and forget it: nothing of it will run."""
        units = [
            unit
            for groups in self._groups.values()
            for group in groups.values()
            for unit in group.units
        ]
        self._groups.clear()
        return units

    def drop_step(self, job: str, step_id: str, *, frame: str = "") -> list[Queued]:
        """Return what waits of one step and forget it."""
        group = self._groups.get(job, {}).pop((frame, step_id), None)
        return list(group.units) if group else []

    def ended(self, unit: Queued) -> None:
        """Take note that a unit that was handed out has ended."""
        self._running.pop(unit.step_id, None)
        self._running_jobs[unit.job] -= 1
        self._running_steps[_key(unit)] -= 1
        if isinstance(unit, Unit) and unit.once_key is not None:
            self._running_keys.discard(unit.once_key)

    def _take_from(self, job: str, group: _Group) -> Iterator[Queued]:
        for _ in range(len(group.units)):
            unit = group.units[0]
            if self._is_full(job) or not self._fits(group, unit):
                return
            if isinstance(unit, Unit) and unit.once_key in self._running_keys:
                group.units.rotate(-1)
                continue
            group.units.popleft()
            self._start(unit)
            yield unit

    def _fits(self, group: _Group, unit: Queued) -> bool:
        if self._is_held_by_exclusive() or (self._running and _is_exclusive(unit)):
            return False
        return group.limit is None or self._running_steps[_key(unit)] < group.limit

    def _start(self, unit: Queued) -> None:
        self._running_jobs[unit.job] += 1
        self._running_steps[_key(unit)] += 1
        if not isinstance(unit, Unit):
            return
        self._running[unit.step_id] = unit
        if unit.once_key is not None:
            self._running_keys.add(unit.once_key)

    def _is_full(self, job: str) -> bool:
        if self._limit is not None and len(self._running) >= self._limit:
            return True
        limit = self._limits[job]
        return limit is not None and self._running_jobs[job] >= limit

    def _is_held_by_exclusive(self) -> bool:
        return len(self._running) == 1 and _is_exclusive(next(iter(self._running.values())))

    def _next_is_exclusive(self, group: _Group) -> bool:
        return _is_exclusive(group.units[0])


def _key(unit: Queued) -> _Key:
    return unit.frame, unit.step.id


def _is_exclusive(unit: Queued) -> bool:
    return unit.step.sharing == "exclusive"
