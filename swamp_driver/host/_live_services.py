"""The background steps of one job that live: which of them, and which were told to end."""

from __future__ import annotations

from typing import Literal

from swamp_driver.workflow import PlannedStep


class LiveServices:
    """A set of background steps; each is taken once, to be stopped. Not thread-safe."""

    def __init__(self) -> None:
        self._live: dict[str, PlannedStep] = {}
        self._stopped: set[str] = set()

    def __bool__(self) -> bool:
        """Return whether any lives."""
        return bool(self._live)

    def add(self, step: PlannedStep) -> None:
        """Take in a step that is ready."""
        self._live[step.id] = step

    def remove(self, step: PlannedStep) -> None:
        """Take note that a step has ended."""
        del self._live[step.id]

    def has(self, until: Literal["job", "run"]) -> bool:
        """Return whether one lives that shall live as long as its job, or as the run."""
        return any(_until(step) == until for step in self._live.values())

    def take(self, until: Literal["job", "run"]) -> frozenset[str]:
        """Return the ids of those that live as long as that and were not taken before."""
        ids = {
            step_id
            for step_id, step in self._live.items()
            if step_id not in self._stopped and _until(step) == until
        }
        self._stopped |= ids
        return frozenset(ids)


def _until(step: PlannedStep) -> str:
    assert step.background is not None
    return step.background.until
