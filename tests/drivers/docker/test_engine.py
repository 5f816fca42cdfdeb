"""What every engine promises: the fake is trusted because the real one passes the same tests."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from swamp_driver.agent import AgentConnection, agent_binary
from swamp_driver.errors import ConfigError, WorkspaceError
from swamp_driver_docker_ws import EngineRef
from swamp_driver_docker_ws._engine import DockerEngine
from swamp_driver_docker_ws._engine_api import ContainerSpec, Engine
from tests.drivers.docker.fake_engine import FakeEngine
from tests.drivers.harness import wait_until

IMAGES = {"fake": "busybox", "real": "swamp-test/busybox"}


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.engine)])
def kind(request: pytest.FixtureRequest) -> str:
    """Each engine in turn."""
    return str(request.param)


@pytest.fixture
def engine(kind: str) -> Iterator[Engine]:
    """Provide an engine."""
    engine: Engine = FakeEngine() if kind == "fake" else DockerEngine(EngineRef())
    yield engine
    engine.close()


@pytest.fixture
def spec(kind: str, engine: Engine, tmp_path: Path) -> Iterator[ContainerSpec]:
    """Provide a container that runs an agent."""
    agent = tmp_path / "agent"
    agent.write_bytes(Path(agent_binary(engine.info().machine)).read_bytes())
    agent.chmod(0o755)
    body: dict[str, Any] = {
        "Image": IMAGES[kind],
        "Entrypoint": [str(agent)],
        "Labels": {"swamp-test": secrets.token_hex(8)},
        "OpenStdin": True,
        "StdinOnce": True,
        "AttachStdin": True,
        "HostConfig": {
            "AutoRemove": True,
            "LogConfig": {"Type": "none"},
            "NetworkMode": "none",
            "Mounts": [{"Type": "bind", "Source": str(tmp_path), "Target": str(tmp_path)}],
        },
    }
    name = f"swamp-test-{secrets.token_hex(8)}"
    yield ContainerSpec(name=name, body=body, run_dir=str(tmp_path))
    for left in engine.find_containers(body["Labels"]):
        engine.remove_container(left.ref)


def labels_of(spec: ContainerSpec) -> dict[str, str]:
    """Return the labels that a container was made with."""
    found: Any = spec.body["Labels"]
    return dict(found)


def with_body(spec: ContainerSpec, **changes: Any) -> ContainerSpec:
    """Return another container."""
    return ContainerSpec(name=spec.name, run_dir=spec.run_dir, body={**spec.body, **changes})


def test_an_engine_says_what_it_is(engine: Engine) -> None:
    """Which agent runs there depends on it."""
    assert agent_binary(engine.info().machine).exists()
    assert engine.is_alive()


def test_images_are_there_or_not(engine: Engine, kind: str) -> None:
    """A missing one is no error: it may be pulled."""
    assert engine.find_image(IMAGES[kind]) is not None
    assert engine.find_image("swamp-test/missing") is None


def test_an_attached_container_is_heard_from_its_first_byte(
    engine: Engine, spec: ContainerSpec
) -> None:
    """The hello of an agent is the first that it writes, and it writes it once."""
    container = engine.create_container(spec)
    stream = engine.attach(container)
    engine.start_container(container, spec=spec)
    connection = AgentConnection(stream, hello_timeout_s=30)
    assert connection.hello.version == 1
    connection.close()
    wait_until(lambda: not engine.find_containers(labels_of(spec)), "it removes itself")


def test_a_container_ends_when_its_stream_is_closed(engine: Engine, spec: ContainerSpec) -> None:
    """Nobody needs to be alive to clean up."""
    container = engine.create_container(spec)
    stream = engine.attach(container)
    engine.start_container(container, spec=spec)
    stream.close()
    wait_until(lambda: not engine.find_containers(labels_of(spec)), "it is gone")


def test_containers_are_found_by_label_from_their_creation_on(
    engine: Engine, spec: ContainerSpec
) -> None:
    """There is no moment in which a sweep could miss one."""
    container = engine.create_container(spec)
    (found,) = engine.find_containers(labels_of(spec))
    assert (found.ref, found.name, found.state) == (container, spec.name, "created")
    assert labels_of(spec).items() <= found.labels.items()
    assert engine.find_containers({**labels_of(spec), "other": "x"}) == ()
    engine.remove_container(container)
    wait_until(lambda: not engine.find_containers(labels_of(spec)), "it is gone")


def test_removing_what_is_gone_is_fine(engine: Engine, spec: ContainerSpec) -> None:
    """Containers remove themselves while somebody removes them."""
    container = engine.create_container(spec)
    engine.remove_container(container)
    engine.remove_container(container)
    assert engine.explain_end(container, since=time.time())


def test_a_running_container_is_killed(engine: Engine, spec: ContainerSpec) -> None:
    """Its connection ends then, as with any other end."""
    container = engine.create_container(spec)
    stream = engine.attach(container)
    engine.start_container(container, spec=spec)
    connection = AgentConnection(stream, hello_timeout_s=30)
    engine.remove_container(container)
    wait_until(lambda: connection.lost is not None, "the connection is lost")
    connection.close()
    stream.close()


def test_a_directory_that_is_not_there_is_refused_and_not_made(
    engine: Engine, spec: ContainerSpec, tmp_path: Path
) -> None:
    """It would be root's, and empty."""
    missing = str(tmp_path / "missing")
    mounts = [{"Type": "bind", "Source": missing, "Target": missing}]
    host_config: Any = spec.body["HostConfig"]
    bad = with_body(spec, HostConfig={**host_config, "Mounts": mounts})
    with pytest.raises(WorkspaceError):
        engine.create_container(bad)
    assert not Path(missing).exists()
    assert engine.find_containers(labels_of(spec)) == ()


def test_a_missing_image_is_refused_at_its_option(engine: Engine, spec: ContainerSpec) -> None:
    """It may have gone since it was looked for."""
    with pytest.raises(ConfigError) as caught:
        engine.create_container(with_body(spec, Image="swamp-test/missing"))
    assert [problem.path for problem in caught.value.problems] == ["image"]


def test_volumes_are_made_found_and_removed(engine: Engine) -> None:
    """Making one that is there, and removing one that is gone, is fine."""
    label = {"swamp-test": secrets.token_hex(8)}
    name = f"swamp-test-{label['swamp-test']}"
    engine.create_volume(name, label)
    engine.create_volume(name, label)
    assert [found.name for found in engine.find_volumes(label)] == [name]
    engine.remove_volume(name)
    engine.remove_volume(name)
    assert engine.find_volumes(label) == ()


def test_the_events_are_asked_without_waiting(engine: Engine) -> None:
    """An explanation is for a person who is told that a step was lost."""
    began = time.monotonic()
    assert engine.explain_end("0" * 64, since=time.time())
    assert time.monotonic() - began < 10
