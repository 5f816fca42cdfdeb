"""Where the engine's address comes from."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from swamp_driver.errors import ConfigError
from swamp_driver_docker_ws import DockerConfig, EngineRef
from swamp_driver_docker_ws._engine_ref import resolve_engine


def a_context(home: Path, name: str, url: str, *, tls: bool = False) -> None:
    """Write a docker context as the docker command does, and choose it."""
    key = hashlib.sha256(name.encode()).hexdigest()
    meta = home / ".docker/contexts/meta" / key
    meta.mkdir(parents=True)
    (meta / "meta.json").write_text(
        json.dumps({"Name": name, "Endpoints": {"docker": {"Host": url}}})
    )
    (home / ".docker/config.json").write_text(json.dumps({"currentContext": name}))
    if tls:
        (home / ".docker/contexts/tls" / key / "docker").mkdir(parents=True)


def test_the_usual_socket_is_the_default(tmp_path: Path) -> None:
    """Nothing to configure on a machine with an engine."""
    ref = resolve_engine(None, environ={}, home=tmp_path)
    assert ref == EngineRef(url="unix:///var/run/docker.sock")
    assert ref.is_local


def test_the_option_wins_over_the_environment(tmp_path: Path) -> None:
    """A file that names its engine means it."""
    config = DockerConfig(image="a", host="tcp://box:2376", cert_path="/certs")
    environ = {"DOCKER_HOST": "unix:///other.sock", "DOCKER_CERT_PATH": "/other"}
    ref = resolve_engine(config, environ=environ, home=tmp_path)
    assert ref == EngineRef(url="tcp://box:2376", cert_path="/certs")
    assert not ref.is_local


def test_docker_host_with_tls_is_followed(tmp_path: Path) -> None:
    """As the engine's own client does."""
    environ = {"DOCKER_HOST": "tcp://box:2376", "DOCKER_TLS_VERIFY": "1"}
    ref = resolve_engine(None, environ=environ, home=tmp_path)
    assert ref == EngineRef(url="tcp://box:2376", cert_path=str(tmp_path / ".docker"))


def test_the_current_context_is_followed(tmp_path: Path) -> None:
    """Desktop installations have no usual socket, only a context."""
    a_context(tmp_path, "desktop", "unix:///home/me/.docker/run/docker.sock")
    ref = resolve_engine(None, environ={}, home=tmp_path)
    assert ref.url == "unix:///home/me/.docker/run/docker.sock"


def test_a_context_brings_its_certificates(tmp_path: Path) -> None:
    """They lie beside it."""
    a_context(tmp_path, "far", "tcp://far:2376", tls=True)
    ref = resolve_engine(None, environ={"DOCKER_CONTEXT": "far"}, home=tmp_path)
    assert ref.cert_path is not None
    assert Path(ref.cert_path).is_dir()


def test_a_context_that_is_missing_is_an_error(tmp_path: Path) -> None:
    """Falling back to another engine would run the steps in the wrong place."""
    with pytest.raises(ConfigError, match="'gone'"):
        resolve_engine(None, environ={"DOCKER_CONTEXT": "gone"}, home=tmp_path)


def test_podman_has_addresses_of_its_own(tmp_path: Path) -> None:
    """`command: podman` alone must do."""
    config = DockerConfig(image="a", command="podman")
    (tmp_path / "podman").mkdir()
    (tmp_path / "podman/podman.sock").touch()
    assert resolve_engine(config, environ={}, home=tmp_path).url == "unix:///run/podman/podman.sock"
    rootless = resolve_engine(config, environ={"XDG_RUNTIME_DIR": str(tmp_path)}, home=tmp_path)
    assert rootless == EngineRef(kind="podman", url=f"unix://{tmp_path}/podman/podman.sock")


@pytest.mark.parametrize("url", ["box:2375", "npipe:////./pipe/docker", "http://box", ""])
def test_an_address_of_another_form_is_refused(tmp_path: Path, url: str) -> None:
    """At the option, before anything connects."""
    with pytest.raises(ConfigError) as caught:
        resolve_engine(DockerConfig(image="a", host=url), environ={}, home=tmp_path)
    assert [problem.path for problem in caught.value.problems] == ["host"]


def test_a_reference_survives_json() -> None:
    """A later process finds the engine by it."""
    ref = EngineRef(kind="podman", url="tcp://box:1", cert_path="/c")
    assert EngineRef.from_json(json.loads(json.dumps(ref.to_json()))) == ref
    assert EngineRef.from_json({"kind": "moby"}) is None
