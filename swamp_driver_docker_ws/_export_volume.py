"""Copying a workspace out of the volume that it is in."""

from __future__ import annotations

import os
from pathlib import PurePosixPath

from swamp_driver.spec import RunContext, WorkspaceRequest
from swamp_driver_docker_ws._config import DockerConfig
from swamp_driver_docker_ws._engine_api import Engine
from swamp_driver_docker_ws._export import unpack
from swamp_driver_docker_ws._handle import Handle
from swamp_driver_docker_ws._helper import helper_maker


def export_volume(
    path: str, directory: str, *, config: DockerConfig, handle: Handle, engine: Engine
) -> None:
    """Copy the workspace at `path` of a run's volume into `directory`, which is empty.

    Raises:
        UnavailableError: The engine or the image is not there.
        WorkspaceError: It cannot be copied.
    """
    run = RunContext(
        run_id=handle.run_id,
        workflow="",
        workspace=WorkspaceRequest(
            run_dir=str(PurePosixPath(path).parent), uid=os.getuid(), gid=os.getgid()
        ),
        config=config,
    )
    with helper_maker(run, config, handle, engine).stopped_helper() as container_id:
        unpack(engine.get_files(container_id, path), directory)
