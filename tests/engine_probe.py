"""Whether a Docker engine answers here: asked once per process."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

NOT_RUN = "not run: no Docker engine answers (tests/tools/engine up starts one)"


def engine_is_required() -> bool:
    """Return whether a missing engine is a failure: in CI nothing is left out silently."""
    return os.environ.get("CI") == "true"


@cache
def engine_answers() -> bool:
    """Ask the engine that DOCKER_HOST or the default socket names."""
    from swamp_driver_docker_ws._engine import DockerEngine
    from swamp_driver_docker_ws._engine_ref import resolve_engine

    # Not by the SDK: where nobody listens it leaves a socket open, and warnings are errors here.
    return DockerEngine(resolve_engine(None, environ=os.environ, home=Path.home())).is_alive()
