"""Whether a Docker engine answers here: asked once per process."""

from __future__ import annotations

import os
from functools import cache

NOT_RUN = "not run: no Docker engine answers (tests/tools/engine up starts one)"


def engine_is_required() -> bool:
    """Return whether a missing engine is a failure: in CI nothing is left out silently."""
    return os.environ.get("CI") == "true"


@cache
def engine_answers() -> bool:
    """Ask the engine that DOCKER_HOST or the default socket names."""
    import docker
    from docker.errors import DockerException

    try:
        client = docker.DockerClient.from_env(timeout=10)
    except DockerException:
        return False
    try:
        return bool(client.ping())
    except DockerException:
        return False
    finally:
        client.close()
