"""The background steps of a run that live, and the order in which they are stopped."""

from __future__ import annotations

from collections.abc import Collection

from swamp_driver.host._frame import StepState
from swamp_driver.host._service import Service
from swamp_driver.host._units import AnyUnit, Unit


class Services:
    """What lives of the background steps of a run. Belongs to the thread of the coordinator."""

    def __init__(self) -> None:
        self._live: dict[str, tuple[Unit, Service]] = {}
        """By the ids of units, in the order of their start."""
        self._ready: set[str] = set()
        self._states: dict[tuple[str, str], StepState] = {}
        self._stopping: list[list[str]] = []
        """Units to stop: a list for each order to stop, the last started at its end."""

    def add(self, unit: Unit, service: Service) -> None:
        """Take in a unit that is started."""
        self._live[unit.step_id] = (unit, service)

    def is_ready(self, unit: Unit) -> bool:
        """Return whether the unit is, or was, ready."""
        return unit.step_id in self._ready

    def note_ready(self, unit: Unit) -> None:
        """Take note that a unit is ready."""
        self._ready.add(unit.step_id)

    def lives(self, unit: AnyUnit) -> bool:
        """Return whether any unit of the step of `unit` lives."""
        return any(_key(other) == _key(unit) for other, _ in self._live.values())

    def keep(self, unit: AnyUnit, state: StepState) -> bool:
        """Return whether the step lives on that is settled for others; remember it if it does."""
        if not self.lives(unit):
            return False
        self._states[_key(unit)] = state
        return True

    def state(self, unit: Unit) -> StepState:
        """Return what `keep` remembered."""
        return self._states[_key(unit)]

    def stop(self, frame: str, step_ids: Collection[str]) -> None:
        """Stop all units of these steps, one after the other, the last started first."""
        wanted = {(frame, step_id) for step_id in step_ids}
        self._stopping.append(
            [key for key, (unit, _) in self._live.items() if _key(unit) in wanted]
        )
        self._stop_last(self._stopping[-1])

    def ended(self, unit: Unit) -> None:
        """Take note that a unit has ended, and stop the next one where it was waited for."""
        self._live.pop(unit.step_id, None)
        for keys in self._stopping:
            if unit.step_id in keys:
                keys.remove(unit.step_id)
                self._stop_last(keys)
        self._stopping = [keys for keys in self._stopping if keys]

    def _stop_last(self, keys: list[str]) -> None:
        if keys:
            self._live[keys[-1]][1].stop()


def _key(unit: AnyUnit) -> tuple[str, str]:
    return unit.frame, unit.step.id
