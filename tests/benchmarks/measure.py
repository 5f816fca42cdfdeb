"""Timing that can be compared: subjects take turns in one run, and medians are kept."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import attrs


@attrs.frozen(kw_only=True)
class Timing:
    """What one call of a subject took."""

    median_s: float
    cpu_s: float
    """Busy time of the whole machine, so that the work of a daemon counts too; a mean."""


@attrs.frozen(kw_only=True)
class Figure:
    """One line of the result: a subject against its baseline, and the goal of the ratio."""

    name: str
    subject: float
    baseline: float | None
    unit: str
    goal: str = ""
    """`<= 2` or `>= 0.5` speaks of the ratio, `<= 150 ms` of the subject."""
    cpu_ms: float | None = None
    baseline_cpu_ms: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Return subject / baseline."""
        return self.subject / self.baseline if self.baseline else None

    @property
    def is_met(self) -> bool | None:
        """Return whether the goal is met; None where there is none."""
        if not self.goal:
            return None
        direction, number, *unit = self.goal.split()
        value = self.subject if unit or self.ratio is None else self.ratio
        return value <= float(number) if direction == "<=" else value >= float(number)


def interleave(
    subjects: Mapping[str, Callable[[], object]], *, rounds: int, calls: int = 1
) -> dict[str, Timing]:
    """Let each subject run once per round, in turns; `calls` is how often one run does its work."""
    wall: dict[str, list[float]] = {name: [] for name in subjects}
    cpu = dict.fromkeys(subjects, 0.0)
    names = list(subjects)
    for number in range(rounds + 1):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            busy, began = busy_cpu_s(), time.perf_counter()
            subjects[name]()
            took = time.perf_counter() - began
            if number:  # the first round warms caches
                wall[name].append(took)
                cpu[name] += busy_cpu_s() - busy
    return {
        name: Timing(
            median_s=statistics.median(wall[name]) / calls, cpu_s=cpu[name] / rounds / calls
        )
        for name in names
    }


def repeat(times: int, action: Callable[[], object]) -> Callable[[], None]:
    """Return a subject that does `action` that often."""

    def subject() -> None:
        for _ in range(times):
            action()

    return subject


def compare(
    name: str, timings: Mapping[str, Timing], subject: str, baseline: str, *, goal: str = ""
) -> Figure:
    """Return the figure of one subject against another, in milliseconds per call."""
    ours, theirs = timings[subject], timings[baseline]
    return Figure(
        name=name,
        subject=ours.median_s * 1e3,
        baseline=theirs.median_s * 1e3,
        unit="ms",
        goal=goal,
        cpu_ms=ours.cpu_s * 1e3,
        baseline_cpu_ms=theirs.cpu_s * 1e3,
        note=f"{subject} against {baseline}",
    )


def busy_cpu_s() -> float:
    """Return how long the processors of this machine have worked, all together."""
    # user nice system idle iowait irq softirq steal (proc(5)), in ticks of 10 ms
    fields = [int(text) for text in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / 100


class PeakMemory:
    """How far the resident memory of this process rises within a `with` block."""

    growth_bytes: int = 0

    def __enter__(self) -> PeakMemory:
        """Start from what is resident now."""
        Path("/proc/self/clear_refs").write_text("5")  # resets the peak (proc(5))
        self._before = _status_bytes("VmRSS")
        return self

    def __exit__(self, *_: object) -> None:
        """Keep the distance to the peak."""
        self.growth_bytes = max(0, _status_bytes("VmHWM") - self._before)


def _status_bytes(field: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(field)
