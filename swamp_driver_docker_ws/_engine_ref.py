"""The address of an engine, as a value; and where it comes from when the options do not say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

import attrs

from swamp_driver.errors import ConfigError, Problem
from swamp_driver.spec import Json
from swamp_driver_docker_ws._config import DockerConfig

_SCHEMES = ("unix://", "tcp://", "ssh://")
_DOCKER_SOCKET = "unix:///var/run/docker.sock"
_PODMAN_SOCKET = "/run/podman/podman.sock"


@attrs.frozen(kw_only=True)
class EngineRef:
    """Which engine, and how to reach it. A value: it goes into `Workspace.handle` as it is."""

    kind: Literal["docker", "podman"] = "docker"
    url: str = _DOCKER_SOCKET
    """`unix:///path`, `tcp://host:port` or `ssh://user@host`."""
    cert_path: str | None = None
    """A directory with ca.pem, cert.pem and key.pem: TLS, both sides proven."""

    @property
    def is_local(self) -> bool:
        """Return whether the engine is taken to see this machine's directories."""
        return self.url.startswith("unix://")

    def to_json(self) -> dict[str, Json]:
        """Return the reference as JSON."""
        return {"kind": self.kind, "url": self.url, "certPath": self.cert_path}

    @classmethod
    def from_json(cls, data: Json) -> Self | None:
        """Return what `to_json` gave, or None where it is something else."""
        match data:
            case {"kind": "docker" | "podman" as kind, "url": str(url), "certPath": cert_path}:
                certs = cert_path if isinstance(cert_path, str) else None
                return cls(kind=kind, url=url, cert_path=certs)
        return None


def resolve_engine(
    config: DockerConfig | None, *, environ: Mapping[str, str], home: Path
) -> EngineRef:
    """Return the engine that options and environment mean, as the engine's own client would.

    Reads the current context under `home` (or DOCKER_CONFIG), and nothing else.

    Raises:
        ConfigError: The address has a form that is not supported.
    """
    kind = config.command if config is not None else "docker"
    certs = config.cert_path if config is not None else None
    if config is not None and config.host is not None:
        ref = EngineRef(kind=kind, url=config.host, cert_path=certs)
    elif kind == "podman":
        ref = EngineRef(kind=kind, url=_podman_url(environ), cert_path=certs)
    elif environ.get("DOCKER_HOST"):
        certs = certs or _certs_of_environment(environ, home)
        ref = EngineRef(url=environ["DOCKER_HOST"], cert_path=certs)
    else:
        ref = _context(environ, home) or EngineRef(cert_path=certs)
    if not ref.url.startswith(_SCHEMES):
        what = f"'{ref.url}' is not an engine's address"
        raise ConfigError([Problem(path="host", what=what, hint="unix://, tcp:// or ssh://")])
    return ref


def _podman_url(environ: Mapping[str, str]) -> str:
    if url := environ.get("CONTAINER_HOST"):
        return url
    if runtime_dir := environ.get("XDG_RUNTIME_DIR"):
        rootless = Path(runtime_dir) / "podman/podman.sock"
        if rootless.exists():
            return f"unix://{rootless}"
    return f"unix://{_PODMAN_SOCKET}"


def _docker_config_dir(environ: Mapping[str, str], home: Path) -> Path:
    return Path(environ.get("DOCKER_CONFIG") or home / ".docker")


def _certs_of_environment(environ: Mapping[str, str], home: Path) -> str | None:
    if not environ.get("DOCKER_TLS_VERIFY"):
        return None
    return environ.get("DOCKER_CERT_PATH") or str(_docker_config_dir(environ, home))


def _context(environ: Mapping[str, str], home: Path) -> EngineRef | None:
    """Return the engine of the current docker context, or None where none is chosen."""
    directory = _docker_config_dir(environ, home)
    name = environ.get("DOCKER_CONTEXT") or _read_json(directory / "config.json").get(
        "currentContext"
    )
    if not isinstance(name, str) or name == "default":
        return None
    import hashlib  # noqa: PLC0415 - rare

    key = hashlib.sha256(name.encode()).hexdigest()
    meta = _read_json(directory / "contexts/meta" / key / "meta.json")
    match meta.get("Endpoints"):
        case {"docker": {"Host": str(url)}}:
            certs = directory / "contexts/tls" / key / "docker"
            return EngineRef(url=url, cert_path=str(certs) if certs.is_dir() else None)
    what = f"the docker context '{name}' is chosen but cannot be read"
    raise ConfigError([Problem(path="host", what=what, hint="set 'host', or 'docker context use'")])


def _read_json(path: Path) -> dict[str, Json]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}
