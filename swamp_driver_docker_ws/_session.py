"""Session mode: one container per binding of a run, all steps in it, many at once."""

from __future__ import annotations

import attrs

from swamp_driver.errors import LostError
from swamp_driver.spec import StepIO, StepRequest, StepResult
from swamp_driver_docker_ws._container import AgentContainer, ContainerMaker


@attrs.frozen(eq=False)
class Session:
    """Runs the steps of one binding in the container that it is given, and ends it at the end."""

    maker: ContainerMaker
    container: AgentContainer

    def run_step(self, step: StepRequest, io: StepIO) -> StepResult:
        """Run a step; from any threads, at once.

        Raises `LostError` where the container is gone already: a session has no second one, since
        what earlier steps left in it (processes of services, files outside the workspace) is gone.
        """
        if self.container.connection.lost is not None:
            raise LostError(self.container.explain_loss())
        return self.container.run_step(self.maker.translate_step(step), io)

    def close(self) -> None:
        """End the container. Twice is fine."""
        self.container.close()
