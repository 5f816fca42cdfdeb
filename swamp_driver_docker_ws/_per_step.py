"""Per-step mode: a new container for each step, started while the step before it still runs."""

from __future__ import annotations

import time

import attrs

from swamp_driver.errors import LostError
from swamp_driver.spec import StepEnd, StepIO, StepRequest, StepResult
from swamp_driver_docker_ws._background import in_background
from swamp_driver_docker_ws._container import AgentContainer, ContainerMaker
from swamp_driver_docker_ws._warm import WarmContainers


@attrs.frozen(eq=False)
class PerStep:
    """Runs each step in a container of its own, taken from the warm ones, used once."""

    maker: ContainerMaker
    warm: WarmContainers

    def run_step(self, step: StepRequest, io: StepIO) -> StepResult:
        """Run a step; from any threads, at once. Raises as `ContainerMaker.open` does."""
        container = self.warm.take(io.cancel)
        if container is None:
            return StepResult(end=StepEnd.CANCELLED, started_at=time.time(), duration_s=0.0)
        step = self.maker.translate_step(step)
        try:
            return _run_once(container, step, io)
        except LostError:
            # It was killed while it waited, and nothing of the step ran. Once is an accident.
            return _run_once(self.maker.open("step"), step, io)

    def close(self) -> None:
        """End all containers. Twice is fine."""
        self.warm.close()
        self.maker.close_all()


def _run_once(container: AgentContainer, step: StepRequest, io: StepIO) -> StepResult:
    try:
        return container.run_step(step, io)
    finally:
        in_background(container.close, name="swamp-container-end")
