"""Whose the files of a run are: before its steps, where they run as another user, and after."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from swamp_driver.errors import WorkspaceError
from swamp_driver.rundir import repair_ownership
from swamp_driver.spec import RunContext, WorkspaceRequest
from swamp_driver_docker_ws._config import DockerConfig
from swamp_driver_docker_ws._container import AgentContainer, ContainerMaker
from swamp_driver_docker_ws._engine_api import Engine
from swamp_driver_docker_ws._handle import Handle
from swamp_driver_docker_ws._helper import helper_maker

_ROOT = 0


def let_steps_write(
    request: WorkspaceRequest, first: AgentContainer, maker: ContainerMaker, *, here: bool
) -> None:
    """Give the workspace to the user that steps run as, where that is another than the caller.

    `here` says whether this process sees the run directory. The exchange directory stays the
    caller's and becomes what /tmp is: each step makes its own directory in it.

    Raises:
        WorkspaceError: It cannot be done.
    """
    uid, gid = first.connection.hello.uid, first.connection.hello.gid
    if uid in (_ROOT, request.uid):
        return
    ours = (request.path, request.home)
    if here:
        _share_exchange(request)
    if here and os.geteuid() == _ROOT:
        errors = [line for path in ours for line in repair_ownership(path, uid=uid, gid=gid)]
    else:
        with maker.helper() as helper:
            errors = [line for path in ours for line in helper.chown_tree(path, uid=uid, gid=gid)]
    if errors:
        raise WorkspaceError("; ".join(errors))


def take_back(
    run: RunContext, config: DockerConfig, handle: Handle, engine: Engine
) -> tuple[str, ...]:
    """Make all files of the run the caller's again, as root in a helper container.

    Works in any process. Returns one line for each thing that failed.
    """
    with helper_maker(run, config, handle, engine).helper() as helper:
        request = run.workspace
        return tuple(helper.chown_tree(request.run_dir, uid=request.uid, gid=request.gid))


def _share_exchange(request: WorkspaceRequest) -> None:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    with contextlib.ExitStack() as stack:
        try:
            fd = os.open(Path(request.run_dir, "exchange"), flags)
            stack.callback(os.close, fd)
            os.fchmod(fd, stat.S_ISVTX | stat.S_IRWXU | stat.S_IRWXG | stat.S_IRWXO)
        except OSError as error:
            raise WorkspaceError(f"'{request.run_dir}' cannot be shared: {error}") from error
