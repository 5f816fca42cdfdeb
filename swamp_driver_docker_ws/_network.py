"""The network that the containers of a run share, so that its steps reach each other on loopback.

One container of the run holds it, and the others join it: a session, which is there in any case, or
one that does nothing else. Whose options speak of another network have another one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from swamp_driver.spec import Json
from swamp_driver_docker_ws._config import DockerConfig
from swamp_driver_docker_ws._extra_args import ExtraArgs, parse_extra_args

_FIELDS = ("Dns", "DnsSearch", "ExtraHosts")
_SYSCTLS = "Sysctls"
_NETWORK_SYSCTL = "net."


def has_own_network(config: DockerConfig) -> bool:
    """Return whether a container with these options has a network namespace to itself."""
    network = config.network or ""
    return network != "host" and not network.startswith("container:")


def network_key(config: DockerConfig, *, userns_mode: str | None) -> str:
    """Return what is equal for containers that can share a network, and for no others."""
    extra = parse_extra_args(config.extra_args)
    said = [config.network, userns_mode, extra.hostname, network_fields(extra)]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def without_network(extra: ExtraArgs) -> ExtraArgs:
    """Return the flags without those of a network: the engine refuses them in one that is joined.

    The container that holds the network has them, and all that join it see what they say.
    """
    taken = network_fields(extra)
    fields = {key: value for key, value in extra.host_config.items() if key not in _FIELDS}
    sysctls = extra.host_config.get(_SYSCTLS)
    if isinstance(sysctls, dict):
        of_network = taken.get(_SYSCTLS)
        assert isinstance(of_network, dict)
        fields[_SYSCTLS] = {key: sysctls[key] for key in sysctls if key not in of_network}
    return ExtraArgs(host_config=fields, platform=extra.platform)


def network_fields(extra: ExtraArgs) -> Mapping[str, Json]:
    """Return what the flags say of the network, as fields of `HostConfig`."""
    found: dict[str, Json] = {
        key: extra.host_config[key] for key in _FIELDS if key in extra.host_config
    }
    sysctls = extra.host_config.get(_SYSCTLS)
    if isinstance(sysctls, dict):
        found[_SYSCTLS] = {
            key: value for key, value in sysctls.items() if key.startswith(_NETWORK_SYSCTL)
        }
    return found
