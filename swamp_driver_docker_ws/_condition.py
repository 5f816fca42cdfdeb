"""In which condition an engine is, and what that means for runs. Pure but for `probe_engine`."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from swamp_driver.spec import Availability
from swamp_driver_docker_ws._config import DockerConfig
from swamp_driver_docker_ws._engine_api import Engine, EngineCondition, EngineInfo, Image
from swamp_driver_docker_ws._engine_ref import EngineRef
from swamp_driver_docker_ws._translate import choose_user

_SKEW_S = 5.0
_DEFAULT_NETWORKS = frozenset({"bridge", "podman", "default"})
_FRACTION = re.compile(r"(\.\d{6})\d+")


def probe_engine(
    engine: Engine, ref: EngineRef, config: DockerConfig | None, *, uid: int, gid: int
) -> Availability:
    """Ask an engine what it is; change nothing there.

    `uid` and `gid` are the calling user's. Raises as the methods of `Engine` do.
    """
    info = engine.info()
    condition = engine.examine()
    image = None if config is None else engine.find_image(config.image)
    user = _user(info, config, image, uid=uid, gid=gid)
    return Availability(
        available=True,
        detail=_detail(info, condition, ref, user),
        warnings=tuple(_warnings(info, condition, config, image)),
        facts={
            **attrs.asdict(info),
            **attrs.asdict(condition),
            "networks": [*condition.networks],
            "url": ref.url,
            "user": user,
            "image": None if image is None else image.image_id,
        },
    )


def read_condition(
    info: Mapping[str, Any], networks: Sequence[Mapping[str, Any]], *, now_s: float
) -> EngineCondition:
    """Return what the answers to `/info` and `/networks` say."""
    security = " ".join(info.get("SecurityOptions") or ())
    cgroup = str(info.get("CgroupVersion", "")).removeprefix("v")
    return EngineCondition(
        system=str(info.get("OperatingSystem", "")),
        data_root=str(info.get("DockerRootDir", "")),
        networks=tuple(sorted(str(network.get("Name", "")) for network in networks)),
        cgroup_version=int(cgroup) if cgroup.isdigit() else None,
        limits_memory=bool(info.get("MemoryLimit", True)),
        selinux="name=selinux" in security,
        clock_skew_s=_skew(str(info.get("SystemTime", "")), now_s),
    )


def _skew(text: str, now_s: float) -> float:
    """Return how far a time is ahead; engines give nanoseconds, which is more than is read."""
    try:
        read = datetime.datetime.fromisoformat(_FRACTION.sub(r"\1", text))
    except ValueError:
        return 0.0
    return read.timestamp() - now_s if read.tzinfo is not None else 0.0


def _user(
    info: EngineInfo, config: DockerConfig | None, image: Image | None, *, uid: int, gid: int
) -> str:
    """Return who steps run as, as containers count users."""
    wanted = None if config is None else config.user
    choice = choose_user(wanted, engine=info, image=image or Image(image_id=""), uid=uid, gid=gid)
    return choice.user or "the image's own"


def _warnings(
    info: EngineInfo, condition: EngineCondition, config: DockerConfig | None, image: Image | None
) -> Iterator[str]:
    network = None if config is None else config.network
    if network is None and not _DEFAULT_NETWORKS & {*condition.networks}:
        yield (
            "the engine has no bridge network, so that steps have no network: set 'network: host', "
            "or restart the engine with a bridge"
        )
    if image is None and config is not None and config.pull == "never":
        yield f"the engine has no image '{config.image}', and 'pull' is 'never'"
    if not condition.limits_memory or (info.rootless and condition.cgroup_version == 1):
        yield "the engine cannot limit memory ('memory'): that needs cgroup v2, or root"
    yield from _surprises(condition)


def _surprises(condition: EngineCondition) -> Iterator[str]:
    """Yield what makes an engine see other files, or other times, than this host."""
    if condition.selinux:
        yield (
            "SELinux is on: where steps may not write to the workspace, set "
            "extraArgs: ['--security-opt', 'label=disable']"
        )
    if "/snap/" in condition.data_root:
        yield "the engine comes from a snap, which sees no files but those below the home directory"
    if "Desktop" in condition.system:
        yield "the engine runs in a virtual machine: share SWAMP_DRIVER_ROOT with it (its settings)"
    if abs(condition.clock_skew_s) > _SKEW_S:
        yield (
            f"the engine's clock is {condition.clock_skew_s:+.0f} s off this host's: let both ask "
            "a time server"
        )


def _detail(info: EngineInfo, condition: EngineCondition, ref: EngineRef, user: str) -> str:
    facts = [condition.system, info.machine, "rootless" if info.rootless else "as root"]
    if condition.cgroup_version is not None:
        facts.append(f"cgroup v{condition.cgroup_version}")
    if info.remapped:
        facts.append("userns-remap")
    words = ", ".join(fact for fact in facts if fact)
    return f"{info.product} {info.version} at {ref.url}: {words}; steps run as user {user}"
