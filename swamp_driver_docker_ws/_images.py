"""Having the image that steps run in."""

from __future__ import annotations

from swamp_driver.errors import UnavailableError
from swamp_driver.spec import RunContext
from swamp_driver_docker_ws._config import DockerConfig
from swamp_driver_docker_ws._engine_api import Engine, Image
from swamp_driver_docker_ws._extra_args import parse_extra_args


def have_image(engine: Engine, config: DockerConfig, run: RunContext) -> Image:
    """Return the image of the options, pulled first where the options say so.

    One call for all steps of a binding, so that parallel steps never pull it twice.

    Raises:
        UnavailableError: It is not there and cannot or may not be had, or the run was cancelled.
        ConfigError: The image's name is none.
    """
    if config.pull != "always" and (found := engine.find_image(config.image)) is not None:
        return found
    if config.pull == "never":
        raise UnavailableError(
            f"the engine does not have the image '{config.image}', and may not pull it",
            fix="pull it first, or set 'pull: missing'",
        )
    engine.pull_image(
        config.image,
        platform=parse_extra_args(config.extra_args).platform,
        report=run.report,
        cancel=run.cancel,
    )
    if (found := engine.find_image(config.image)) is None:
        raise UnavailableError(f"the image '{config.image}' was pulled and is not there")
    return found
