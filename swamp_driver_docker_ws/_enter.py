"""The command that gives a person a shell where the steps run. Pure."""

from __future__ import annotations

from swamp_driver.spec import RunContext
from swamp_driver_docker_ws._config import DockerConfig
from swamp_driver_docker_ws._engine_ref import EngineRef
from swamp_driver_docker_ws._translate import Surroundings, volumes_of


def enter_command(
    config: DockerConfig, run: RunContext, around: Surroundings, ref: EngineRef
) -> tuple[str, ...]:
    """Return a command line for the image, user, network and mounts that the steps have.

    A new container, so that it works after the run as well; with the engine's own client, since a
    person is at a terminal.
    """
    request = run.workspace
    own = (
        _mount(type="volume", source=around.storage.volume, target=request.run_dir)
        if around.storage.volume is not None
        else _mount(type="bind", source=request.run_dir, target=request.run_dir)
    )
    more = (
        _mount(
            type="bind" if volume.source.startswith("/") else "volume",
            source=volume.source,
            target=volume.target,
        )
        for volume in volumes_of(config)
    )
    return (
        *_client(ref),
        *("run", "--rm", "--interactive", "--tty"),
        *(("--user", around.user.user) if around.user.user else ()),
        *(("--userns", around.user.userns_mode) if around.user.userns_mode else ()),
        *(("--network", config.network) if config.network else ()),
        *("--mount", own),
        *(part for mount in more for part in ("--mount", mount)),
        *("--workdir", request.path),
        *("--env", f"HOME={request.home}", "--env", f"SWAMP_WORKSPACE={request.path}"),
        *config.extra_args,
        *("--entrypoint", "/bin/sh", config.image),
    )


def _client(ref: EngineRef) -> tuple[str, ...]:
    if ref.kind == "podman":
        return ("podman",) if ref == EngineRef(kind="podman") else ("podman", "--url", ref.url)
    if ref == EngineRef():
        return ("docker",)
    certs = ("--tlsverify", "--tlscacert", f"{ref.cert_path}/ca.pem") if ref.cert_path else ()
    pair = (
        ("--tlscert", f"{ref.cert_path}/cert.pem", "--tlskey", f"{ref.cert_path}/key.pem")
        if ref.cert_path
        else ()
    )
    return ("docker", "--host", ref.url, *certs, *pair)


def _mount(**fields: str) -> str:
    """Return the value of `--mount`: a line of CSV, so that any path can stand in it."""
    quoted = (f"{key}={value}".replace('"', '""') for key, value in fields.items())
    return ",".join(f'"{field}"' if set(field) & set(',"\n') else field for field in quoted)
