"""Helper containers long after a binding was opened, in any process."""

from __future__ import annotations

from swamp_driver.errors import UnavailableError
from swamp_driver.spec import RunContext
from swamp_driver_docker_ws._config import DockerConfig
from swamp_driver_docker_ws._container import ContainerMaker
from swamp_driver_docker_ws._engine_api import Engine
from swamp_driver_docker_ws._handle import Handle
from swamp_driver_docker_ws._translate import AgentPlace, Storage, Surroundings, UserChoice


def helper_maker(
    run: RunContext, config: DockerConfig, handle: Handle, engine: Engine
) -> ContainerMaker:
    """Return a maker that is good for helper containers only.

    Raises:
        UnavailableError: The image of the steps is not there any more.
    """
    image = engine.find_image(config.image)
    if image is None:
        raise UnavailableError(
            f"the image '{config.image}' is not there any more", fix="pull it again"
        )
    return ContainerMaker(
        engine=engine,
        config=config,
        run=run,
        around=Surroundings(
            image=image,
            engine=engine.info(),
            agent=AgentPlace(),
            storage=Storage(volume=handle.volume),
            user=UserChoice(user=""),
        ),
        binding=handle.binding,
    )
