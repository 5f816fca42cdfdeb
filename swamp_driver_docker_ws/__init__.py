"""Drivers that run steps in containers: `docker` (per step or per run) and `docker-session`."""

from swamp_driver_docker_ws._config import DockerConfig, DockerSessionConfig, VolumeConfig
from swamp_driver_docker_ws._driver import DockerDriver, DockerSessionDriver
from swamp_driver_docker_ws._engine_ref import EngineRef

__all__ = [
    "DockerConfig",
    "DockerDriver",
    "DockerSessionConfig",
    "DockerSessionDriver",
    "EngineRef",
    "VolumeConfig",
]
