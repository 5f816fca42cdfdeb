"""`extraArgs`: flags of `docker run`, from a closed list, as fields of the engine's API.

An open list would let a flag undo what the driver promises (the mounts, the user, the lifetime).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import attrs

from swamp_driver.spec import Json
from swamp_driver_docker_ws._sizes import parse_size

Fields = Mapping[str, Json]


@attrs.frozen(kw_only=True)
class ExtraArgs:
    """What the flags say, in the shape of the engine's API."""

    host_config: Fields = attrs.field(factory=dict)
    """Fields of `HostConfig`."""
    hostname: str | None = None
    platform: str | None = None


def _text(value: str) -> Json:
    return value


def _integer(value: str) -> Json:
    if not value.lstrip("-").isdigit():
        raise ValueError(f"{value!r} is not an integer")
    return int(value)


def _pair(value: str) -> tuple[str, str]:
    name, separator, rest = value.partition("=")
    if not name or not separator:
        raise ValueError(f"{value!r} is not 'name=value'")
    return name, rest


def _ulimit(value: str) -> Json:
    name, limits = _pair(value)
    soft, _, hard = limits.partition(":")
    return {"Name": name, "Soft": _integer(soft), "Hard": _integer(hard or soft)}


def _device(value: str) -> Json:
    outside, _, rest = value.partition(":")
    inside, _, permissions = rest.partition(":")
    if not outside.startswith("/"):
        raise ValueError(f"{value!r} is not '/dev/name[:/dev/name[:rwm]]'")
    return {
        "PathOnHost": outside,
        "PathInContainer": inside or outside,
        "CgroupPermissions": permissions or "rwm",
    }


def _gpus(value: str) -> Json:
    count = -1 if value == "all" else int(str(_integer(value)))
    return {"Driver": "", "Count": count, "Capabilities": [["gpu"]]}


def _size(value: str) -> Json:
    return parse_size(value)


def _swap(value: str) -> Json:
    return -1 if value == "-1" else parse_size(value)


_ONE: Mapping[str, tuple[str, Callable[[str], Json]]] = {
    "cpuset-cpus": ("CpusetCpus", _text),
    "ipc": ("IpcMode", _text),
    "memory-swap": ("MemorySwap", _swap),
    "pids-limit": ("PidsLimit", _integer),
    "runtime": ("Runtime", _text),
    "shm-size": ("ShmSize", _size),
}
_MANY: Mapping[str, tuple[str, Callable[[str], Json]]] = {
    "add-host": ("ExtraHosts", _text),
    "cap-add": ("CapAdd", _text),
    "cap-drop": ("CapDrop", _text),
    "device": ("Devices", _device),
    "dns": ("Dns", _text),
    "dns-search": ("DnsSearch", _text),
    "gpus": ("DeviceRequests", _gpus),
    "group-add": ("GroupAdd", _text),
    "security-opt": ("SecurityOpt", _text),
    "ulimit": ("Ulimits", _ulimit),
}
_MAPS: Mapping[str, tuple[str, Callable[[str], tuple[str, str]]]] = {
    "sysctl": ("Sysctls", _pair),
    "tmpfs": ("Tmpfs", lambda value: (value.partition(":")[0], value.partition(":")[2])),
}
_SWITCHES: Mapping[str, str] = {"privileged": "Privileged", "read-only": "ReadonlyRootfs"}
_OWN = ("hostname", "platform")

EXTRA_FLAGS: tuple[str, ...] = tuple(sorted({*_ONE, *_MANY, *_MAPS, *_SWITCHES, *_OWN, "init"}))
"""All flags that are taken, without their dashes. `--init` says what is always so."""

_INSTEAD: Mapping[str, str] = {
    "cpus": "the option 'cpus'",
    "e": "the option 'env'",
    "env": "the option 'env'",
    "entrypoint": "nothing: the image's entry point is never used",
    "m": "the option 'memory'",
    "memory": "the option 'memory'",
    "mount": "the option 'volumes'",
    "net": "the option 'network'",
    "network": "the option 'network'",
    "pull": "the option 'pull'",
    "rm": "nothing: containers are always removed",
    "u": "the option 'user'",
    "user": "the option 'user'",
    "v": "the option 'volumes'",
    "volume": "the option 'volumes'",
    "w": "'workingDir' of the step",
    "workdir": "'workingDir' of the step",
}


def parse_extra_args(args: Sequence[str]) -> ExtraArgs:
    """Return what `--flag=value`, `--flag` `value` and `--switch` say.

    Raises:
        ValueError: A flag is not on the list (the text lists it), or its value does not fit.
    """
    fields: dict[str, Json] = {}
    own: dict[str, str] = {}
    for flag, value in _split(args):
        if flag in _OWN:
            own[flag] = value
        else:
            fields = _with_flag(fields, flag, value)
    return ExtraArgs(host_config=fields, **own)


def _split(args: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield (flag, value) pairs; switches have the value `true`."""
    rest = iter(args)
    for arg in rest:
        flag, separator, value = arg.lstrip("-").partition("=")
        if not arg.startswith("-") or flag not in EXTRA_FLAGS:
            raise ValueError(_unknown(arg, flag))
        if not separator and flag not in _SWITCHES and flag != "init":
            following = next(rest, None)
            if following is None:
                raise ValueError(f"'--{flag}' needs a value")
            value = following
        yield flag, value


def _unknown(arg: str, flag: str) -> str:
    if flag in _INSTEAD:
        return f"{arg!r} is not taken; use {_INSTEAD[flag]}"
    listed = ", ".join(f"--{known}" for known in EXTRA_FLAGS)
    return f"{arg!r} is not one of the flags that are taken: {listed}"


def _with_flag(fields: dict[str, Json], flag: str, value: str) -> dict[str, Json]:
    if flag in _ONE:
        key, parse = _ONE[flag]
        return {**fields, key: parse(value)}
    if flag in _MANY:
        key, parse = _MANY[flag]
        return {**fields, key: [*_list(fields.get(key)), parse(value)]}
    if flag in _MAPS:
        key, parse_entry = _MAPS[flag]
        name, text = parse_entry(value)
        return {**fields, key: {**_map(fields.get(key)), name: text}}
    if value not in ("", "true", "false"):
        raise ValueError(f"'--{flag}' is a switch, it takes no {value!r}")
    return fields if flag == "init" else {**fields, _SWITCHES[flag]: value != "false"}


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _map(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}
