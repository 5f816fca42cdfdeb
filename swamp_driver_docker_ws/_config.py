"""The options of the docker drivers, as they stand under `driverConfig`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

import attrs

from swamp_driver.spec import option
from swamp_driver_docker_ws._extra_args import parse_extra_args
from swamp_driver_docker_ws._sizes import parse_size

_VOLUME_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
_IMAGE_REFERENCE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._/:@-]*")


def _checked(check: Callable[[Any], object]) -> Callable[[Any, Any, Any], None]:
    """Return an attrs validator that calls `check` with the value where there is one."""

    def validate(_: object, __: object, value: Any) -> None:
        if value is not None:
            check(value)

    return validate


def _check_image(value: str) -> None:
    if not _IMAGE_REFERENCE.fullmatch(value):
        raise ValueError(f"{value!r} is not the name of an image (node:20, me/tool@sha256:…)")


def _check_positive(value: float) -> None:
    if value <= 0:
        raise ValueError(f"must be greater than 0, not {value}")


def _check_absolute(value: str) -> None:
    if not value.startswith("/") or ".." in value.split("/"):
        raise ValueError(f"must be an absolute path without '..', not {value!r}")


def _check_source(value: str) -> None:
    if not value.startswith("/") and not _VOLUME_NAME.fullmatch(value):
        raise ValueError(f"must be an absolute path or the name of a volume, not {value!r}")


@attrs.frozen(kw_only=True)
class VolumeConfig:
    """A directory or named volume that a container gets beside the workspace."""

    source: str = option(
        help="An absolute path on the engine's host, or the name of a volume.",
        example="/data",
        validator=_checked(_check_source),
    )
    target: str = option(
        help="The absolute path in the container.",
        example="/data",
        validator=_checked(_check_absolute),
    )
    read_only: bool = option(help="Refuse writes by the steps.", default=False)


def _check_volumes(value: tuple[str | VolumeConfig, ...]) -> None:
    for volume in value:
        if isinstance(volume, str):
            parse_volume(volume)


def parse_volume(text: str) -> VolumeConfig:
    """Return the volume of a text `source:target[:ro]`.

    Raises:
        ValueError: It has another form. Paths with a colon need the form of a mapping.
    """
    source, _, rest = text.partition(":")
    target, _, access = rest.partition(":")
    if not source or not target.startswith("/") or access not in ("", "ro", "rw"):
        raise ValueError(
            f"{text!r} is not 'source:target' or 'source:target:ro' with an absolute target "
            "(a mapping with source, target and readOnly takes any path)"
        )
    return VolumeConfig(source=source, target=target, read_only=access == "ro")


@attrs.frozen(kw_only=True)
class DockerConfig:
    """The options of `docker` and, but for `mode`, of `docker-session`."""

    image: str = option(
        help="The image that steps run in. It needs nothing for this driver: no shell, no tools.",
        example="node:20",
        validator=_checked(_check_image),
    )
    mode: Literal["per-step", "session"] = option(
        help="`per-step`: a new container for each step. `session`: one container for all steps of "
        "the run, in which a step costs about as much as a process.",
        default="per-step",
    )
    user: str | None = option(
        help="Who steps run as: `image` (the image's own user), `uid:gid`, or a name that the "
        "image knows. By default the calling user, who then owns what they make.",
        default=None,
        example="image",
    )
    network: str | None = option(
        help="A network of the engine, or `none`, `host`, `bridge`. By default the engine's own.",
        default=None,
        example="none",
    )
    memory: int | str | None = option(
        help="Memory that a container may use: `512m`, `2g`, or bytes. A step that is killed for "
        "it ends as out of memory. No limit by default.",
        default=None,
        example="2g",
        validator=_checked(parse_size),
    )
    cpus: float | None = option(
        help="Processors that a container may use: `1.5`. No limit by default.",
        default=None,
        example=1.5,
        validator=_checked(_check_positive),
    )
    volumes: tuple[str | VolumeConfig, ...] = option(
        help="More directories and volumes: `source:target[:ro]`, or a mapping.",
        default=(),
        example=["/data:/data:ro"],
        validator=_checked(_check_volumes),
    )
    env: Mapping[str, str] = option(
        help="Environment of every step. What a step declares itself wins.",
        factory=dict,
        example={"NODE_ENV": "test"},
    )
    pass_env: tuple[str, ...] = option(
        help="Variables of the calling environment that steps get, by name or pattern.",
        default=(),
        example=["GITHUB_*"],
    )
    pull: Literal["missing", "always", "never"] = option(
        help="When to pull the image: where it is `missing`, `always` as a run begins, or `never`.",
        default="missing",
    )
    timeout_ms: int | None = option(
        help="Milliseconds that a step may run which says no timeout itself.",
        key="timeout",
        default=None,
        example=600000,
        validator=_checked(_check_positive),
    )
    extra_args: tuple[str, ...] = option(
        help="Flags of `docker run`, from a closed list: see the reference of this driver.",
        default=(),
        example=["--shm-size=1g"],
        validator=_checked(parse_extra_args),
    )
    command: Literal["docker", "podman"] = option(
        help="Which engine's usual address is taken where `host` is not set.", default="docker"
    )
    host: str | None = option(
        help="The engine: `unix:///…`, `tcp://host:port`, `ssh://user@host`. Otherwise DOCKER_HOST "
        "(CONTAINER_HOST for podman), the current docker context, or the usual socket.",
        default=None,
        example="unix:///var/run/docker.sock",
    )
    cert_path: str | None = option(
        help="A directory with ca.pem, cert.pem and key.pem for an engine behind TLS. Otherwise "
        "DOCKER_CERT_PATH, where DOCKER_TLS_VERIFY is set.",
        default=None,
        example="/home/me/.docker",
    )
    storage: Literal["auto", "directory", "volume"] = option(
        help="How steps reach the run's files: the `directory` itself, mounted (an engine on this "
        "machine), or a `volume` of the engine (an engine elsewhere; the files stay there). `auto` "
        "goes by the engine's address.",
        default="auto",
    )
    bundle_image: str | None = option(
        help="Accepted for workflows written for other hosts, and not used: nothing is bundled.",
        default=None,
    )


@attrs.frozen(kw_only=True)
class DockerSessionConfig(DockerConfig):
    """The options of `docker-session`: those of `docker` with the mode decided."""

    mode: Literal["session"] = option(
        help="Always `session` under this driver; the driver `docker` offers the choice.",
        default="session",
    )
