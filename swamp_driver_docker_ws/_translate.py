"""Options, run and image -> the container that the engine shall make. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

import attrs

from swamp_driver.errors import ConfigError, Problem
from swamp_driver.spec import Json, RunContext, StepRequest
from swamp_driver_docker_ws._config import DockerConfig, VolumeConfig, parse_volume
from swamp_driver_docker_ws._engine_api import ContainerSpec, EngineInfo, Image
from swamp_driver_docker_ws._extra_args import ExtraArgs, parse_extra_args
from swamp_driver_docker_ws._network import network_fields, without_network
from swamp_driver_docker_ws._sizes import parse_size

_NANO = 1_000_000_000


@attrs.frozen(kw_only=True)
class UserChoice:
    """Who the processes of a container are."""

    user: str
    """As the engine takes it; empty for the image's own."""
    userns_mode: str | None = None
    is_caller: bool = False
    """What they make belongs to the calling user without any repair."""


@attrs.frozen(kw_only=True)
class AgentPlace:
    """Where the agent is in a container, and how it comes there."""

    path: str = "/.swamp-driver/agent"
    directory: str | None = None
    """A directory of the host to mount read-only at its own path, so that no step can change the
    agent of another; None where the file is put into each container."""


@attrs.frozen(kw_only=True)
class Storage:
    """Where the run directory is."""

    volume: str | None = None
    """A volume of the engine; None where it is a directory of this host."""


@attrs.frozen(kw_only=True)
class Surroundings:
    """What is the same for all containers of a binding: found out once, when the run begins."""

    image: Image
    engine: EngineInfo
    agent: AgentPlace
    storage: Storage
    user: UserChoice


def choose_user(
    wanted: str | None, *, engine: EngineInfo, image: Image, uid: int, gid: int
) -> UserChoice:
    """Return who steps run as.

    By default the calling user, however the engine maps users: then all that steps make belongs to
    who started the run, with no repair.
    """
    caller = f"{uid}:{gid}"
    if wanted == "image":
        return UserChoice(user="", is_caller=image.user in (caller, str(uid)) and uid != 0)
    if wanted is not None:
        return UserChoice(user=wanted, is_caller=wanted in (caller, str(uid)) and uid != 0)
    if engine.rootless and engine.product == "Podman":
        return UserChoice(user=caller, userns_mode="keep-id", is_caller=True)
    if engine.rootless:
        return UserChoice(user="0:0", is_caller=True)
    # Root can give files away (`chown`, `tar x`), so what it makes is looked at in any case.
    return UserChoice(
        user=caller, userns_mode="host" if engine.remapped else None, is_caller=uid != 0
    )


def translate_container(
    config: DockerConfig,
    run: RunContext,
    around: Surroundings,
    *,
    name: str,
    labels: Mapping[str, str],
    join: str | None = None,
) -> ContainerSpec:
    """Return the container in which steps run; `join` is a container whose network it shares.

    Raises:
        ConfigError: An option or the image would change the workspace.
    """
    extra = parse_extra_args(config.extra_args)
    _check_targets(config, extra, around.image, run_dir=run.workspace.run_dir)
    if join is not None:
        extra = without_network(extra)
    host_config = {
        **_host_config(run, around, [_mount(volume) for volume in volumes_of(config)]),
        **_limits(config),
        "NetworkMode": config.network if join is None else f"container:{join}",
        "UsernsMode": around.user.userns_mode,
        **extra.host_config,
    }
    body = _body(around, labels, run, user=around.user.user, host_config=host_config)
    return ContainerSpec(
        name=name,
        body={**body, "Image": config.image, "Hostname": extra.hostname},
        platform=extra.platform,
        run_dir=run.workspace.run_dir,
    )


def translate_holder(
    config: DockerConfig,
    run: RunContext,
    around: Surroundings,
    *,
    name: str,
    labels: Mapping[str, str],
) -> ContainerSpec:
    """Return a container that does nothing but hold the network that others join."""
    extra = parse_extra_args(config.extra_args)
    host_config = {
        **_host_config(run, around, []),
        "NetworkMode": config.network,
        "UsernsMode": around.user.userns_mode,
        **network_fields(extra),
    }
    body = _body(around, labels, run, user=around.user.user, host_config=host_config)
    return ContainerSpec(
        name=name,
        body={**body, "Image": config.image, "Hostname": extra.hostname},
        platform=extra.platform,
        run_dir=run.workspace.run_dir,
    )


def translate_helper(
    config: DockerConfig,
    run: RunContext,
    around: Surroundings,
    *,
    name: str,
    labels: Mapping[str, str],
) -> ContainerSpec:
    """Return a container for work on the run directory as root: no network, no options."""
    host_config = {
        **_host_config(run, around, []),
        "NetworkMode": "none",
        "UsernsMode": "host" if around.engine.remapped else None,
    }
    body = _body(around, labels, run, user="0:0", host_config=host_config)
    return ContainerSpec(
        name=name,
        body={**body, "Image": config.image},
        platform=parse_extra_args(config.extra_args).platform,
        run_dir=run.workspace.run_dir,
    )


def translate_step(config: DockerConfig, step: StepRequest) -> StepRequest:
    """Return the step with what the options add to it.

    Their environment travels with the step, in the agent's frames, and not in the container, where
    `inspect` would show it. That of the image is the agent's own, and below all.
    """
    env = {**config.env, **step.env}
    if step.timeout_s is None and config.timeout_ms is not None:
        return attrs.evolve(step, env=env, timeout_s=config.timeout_ms / 1000)
    return attrs.evolve(step, env=env)


def volumes_of(config: DockerConfig) -> tuple[VolumeConfig, ...]:
    """Return the volumes that the options ask for, all in one form."""
    return tuple(
        parse_volume(volume) if isinstance(volume, str) else volume for volume in config.volumes
    )


def _body(
    around: Surroundings,
    labels: Mapping[str, str],
    run: RunContext,
    *,
    user: str,
    host_config: dict[str, Json],
) -> dict[str, Json]:
    return {
        "Entrypoint": [around.agent.path],
        "Cmd": [],
        "User": user,
        "WorkingDir": run.workspace.path,
        "Labels": dict(labels),
        "Tty": False,
        "OpenStdin": True,
        # The engine closes the agent's stdin when our connection ends, and the agent then ends:
        # nothing outlives this process, however it dies.
        "StdinOnce": True,
        "AttachStdin": True,
        "AttachStdout": True,
        "AttachStderr": True,
        "StopSignal": "SIGTERM",
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": {key: value for key, value in host_config.items() if value is not None},
    }


def _host_config(run: RunContext, around: Surroundings, mounts: list[Json]) -> dict[str, Json]:
    run_dir = run.workspace.run_dir
    own: list[Json] = (
        [_bind(run_dir, run_dir)]
        if around.storage.volume is None
        else [{"Type": "volume", "Source": around.storage.volume, "Target": run_dir}]
    )
    if around.agent.directory is not None:
        own.append(_bind(around.agent.directory, around.agent.directory, read_only=True))
    return {
        "AutoRemove": True,
        # The agent's frames are the log; a log file of the engine would hold them a second time.
        "LogConfig": {"Type": "none"},
        "Mounts": [*own, *mounts],
    }


def _limits(config: DockerConfig) -> dict[str, Json]:
    limits: dict[str, Json] = {}
    if config.memory is not None:
        # Without a limit for memory and swap together a step would swap instead of being killed.
        limits["Memory"] = limits["MemorySwap"] = parse_size(config.memory)
    if config.cpus is not None:
        limits["NanoCpus"] = int(config.cpus * _NANO)
    return limits


def _mount(volume: VolumeConfig) -> Json:
    if volume.source.startswith("/"):
        return _bind(volume.source, volume.target, read_only=volume.read_only)
    return {
        "Type": "volume",
        "Source": volume.source,
        "Target": volume.target,
        "ReadOnly": volume.read_only,
    }


def _bind(source: str, target: str, *, read_only: bool = False) -> Json:
    return {"Type": "bind", "Source": source, "Target": target, "ReadOnly": read_only}


def _check_targets(config: DockerConfig, extra: ExtraArgs, image: Image, *, run_dir: str) -> None:
    """Refuse whatever would be mounted into the run directory, in the workspace's place."""
    tmpfs = extra.host_config.get("Tmpfs")
    targets = [
        *((f"volumes[{i}].target", v.target) for i, v in enumerate(volumes_of(config))),
        *(("extraArgs", path) for path in (tmpfs if isinstance(tmpfs, dict) else ())),
        *(("image", path) for path in image.volumes),
    ]
    problems = [
        Problem(path=key, what=f"'{path}' would hide a part of the run directory '{run_dir}'")
        for key, path in targets
        if PurePosixPath(path).is_relative_to(run_dir)
    ]
    if problems:
        raise ConfigError(problems)
