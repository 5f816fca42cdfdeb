"""The programs that steps with methods run, made once for each model of a plan."""

from __future__ import annotations

import threading

from swamp_driver.workflow import Plan, PlannedModel


class MethodPrograms:
    """Makes and keeps the programs of one plan. May be used from any thread."""

    def __init__(self, plan: Plan) -> None:
        self._models = {model.id: model for model in plan.models}
        self._programs: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def model(self, number: str) -> PlannedModel:
        """Return a model of the plan by its id."""
        return self._models[number]

    def program(self, number: str) -> bytes:
        """Return the program of a model: the runtime and the model's sources in one file."""
        with self._lock:
            if number not in self._programs:
                from swamp_driver.models._pack import pack  # noqa: PLC0415 - few steps need it

                self._programs[number] = pack(self._models[number].sources)
            return self._programs[number]
