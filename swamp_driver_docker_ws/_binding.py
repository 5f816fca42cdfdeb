"""A binding that is open: what one driver instance holds for one run, and how it is opened."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import attrs

from swamp_driver.agent import agent_binary
from swamp_driver.errors import ConfigError, Problem, UnavailableError, WorkspaceError
from swamp_driver.rundir import attach_run_dir, create_run_dir
from swamp_driver.spec import RunContext, Workspace
from swamp_driver_docker_ws._config import DockerConfig
from swamp_driver_docker_ws._container import AgentContainer, ContainerMaker
from swamp_driver_docker_ws._engine_api import ArchiveEntry, Engine, EngineInfo, Image
from swamp_driver_docker_ws._enter import enter_command
from swamp_driver_docker_ws._handle import Handle
from swamp_driver_docker_ws._handshake import shake_hands
from swamp_driver_docker_ws._images import have_image
from swamp_driver_docker_ws._labels import Role, labels_for
from swamp_driver_docker_ws._ownership import let_steps_write
from swamp_driver_docker_ws._per_step import PerStep
from swamp_driver_docker_ws._session import Session
from swamp_driver_docker_ws._translate import (
    AgentPlace,
    Storage,
    Surroundings,
    choose_user,
    volumes_of,
)
from swamp_driver_docker_ws._warm import WarmContainers

Runner = Session | PerStep
_LEASE_S = 30.0


@attrs.frozen(kw_only=True)
class Survey:
    """What was found before anything was made."""

    engine: EngineInfo
    image: Image


def survey_engine(engine: Engine, config: DockerConfig, run: RunContext) -> Survey:
    """Look at the engine and have the image; make nothing that would have to be removed."""
    return Survey(engine=engine.info(), image=have_image(engine, config, run))


def open_binding(
    config: DockerConfig, run: RunContext, handle: Handle, engine: Engine, survey: Survey
) -> tuple[Runner, Workspace]:
    """Make the workspace and the first container; prove that they are shared.

    What it makes is labelled with the handle's binding; where it raises, the caller removes it.
    """
    request = run.workspace
    is_here = handle.volume is None
    if is_here:
        _check_sources(config)
    around = Surroundings(
        image=survey.image,
        engine=survey.engine,
        storage=Storage(volume=handle.volume),
        user=choose_user(
            config.user,
            engine=survey.engine,
            image=survey.image,
            uid=request.uid,
            gid=request.gid,
        ),
        agent=_make_directories(run, handle, survey) if is_here else AgentPlace(),
    )
    maker = ContainerMaker(
        engine=engine,
        config=config,
        run=run,
        around=around,
        binding=handle.binding,
        lease_s=None if handle.ref.is_local else _LEASE_S,
    )
    if handle.volume is not None:
        _make_volume(maker, handle.volume)
    role: Role = "session" if config.mode == "session" else "step"
    try:
        maker.join_network(own="session" if role == "session" else None)
        first = maker.open(role)
        _refuse_cancelled(run)
        let_steps_write(request, first, maker, here=is_here)
        if is_here:
            shake_hands(first.connection, run_dir=request.run_dir)
    except BaseException:
        maker.close_all()
        raise
    workspace = Workspace(
        path=request.path,
        host_visible=is_here,
        handle=handle.to_json(),
        enter=enter_command(config, run, around, handle.ref),
    )
    return _runner(maker, first), workspace


def agent_directory(run_dir: str, binding: str) -> Path:
    """Return where a binding keeps its agent: in what is mounted anyway, not where steps work."""
    return Path(run_dir, f".agent-{binding}")


def _refuse_cancelled(run: RunContext) -> None:
    if run.cancel.cancelled:
        raise UnavailableError(f"run {run.run_id} was cancelled")


def _runner(maker: ContainerMaker, first: AgentContainer) -> Runner:
    if maker.config.mode == "session":
        return Session(maker=maker, container=first)
    warm = WarmContainers(
        lambda: maker.open("step"),
        concurrency=maker.run.concurrency,
        expected_steps=maker.run.expected_steps,
    )
    warm.add(first)
    return PerStep(maker=maker, warm=warm)


def _check_sources(config: DockerConfig) -> None:
    """Refuse directories that are not there: some engines make them, as root, and go on."""
    problems = [
        Problem(path=f"volumes[{index}]", what=f"there is no '{volume.source}' to mount")
        for index, volume in enumerate(volumes_of(config))
        if volume.source.startswith("/") and not Path(volume.source).exists()
    ]
    if problems:
        raise ConfigError(problems)


def _make_directories(run: RunContext, handle: Handle, survey: Survey) -> AgentPlace:
    """Make or check the run directory, and put the agent into it."""
    request = run.workspace
    if request.mode == "create":
        create_run_dir(request, run_id=run.run_id, owner=run.owner)
    else:
        attach_run_dir(request)
    if os.statvfs(request.run_dir).f_flag & os.ST_NOEXEC:
        return AgentPlace()
    directory = agent_directory(request.run_dir, handle.binding)
    try:
        directory.mkdir()
        directory.chmod(0o755)
        shutil.copyfile(agent_binary(survey.engine.machine), directory / "agent")
        (directory / "agent").chmod(0o755)
    except OSError as error:
        raise WorkspaceError(f"the agent cannot be put into '{directory}': {error}") from error
    return AgentPlace(path=str(directory / "agent"), directory=str(directory))


def _make_volume(maker: ContainerMaker, volume: str) -> None:
    """Make the volume that stands for the run directory, with its three directories."""
    run, request = maker.run, maker.run.workspace
    role: Role = "persistent" if request.persistent else "workspace"
    labels = labels_for(run, binding=maker.binding, role=role, created_at=time.time())
    maker.engine.create_volume(volume, labels)
    entries = [
        ArchiveEntry(path=path, mode=mode, uid=request.uid, gid=request.gid)
        for path, mode in (
            (request.path, 0o755),
            (request.home, 0o755),
            # As /tmp is: steps of any user make their own directories there.
            (f"{request.run_dir}/exchange", 0o1777),
        )
    ]
    with maker.stopped_helper() as container_id:
        maker.engine.put_files(container_id, entries)
