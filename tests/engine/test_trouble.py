"""Engines that are not there, do not answer, refuse or die: typed errors, in time, nothing left."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from swamp_driver.errors import ConfigError, LostError, UnavailableError, WorkspaceError
from swamp_driver.spec import Json, StepEnd
from swamp_driver_docker_ws import DockerDriver, EngineRef
from swamp_driver_docker_ws._engine import DockerEngine
from tests.drivers.harness import OpenRun, wait_until
from tests.engine.place import MODES, containers_of, docker, docker_run, opened
from tests.engine.proxy import EngineProxy, engine_proxy

pytestmark = pytest.mark.engine

IN_TIME_S = 30.0


@pytest.fixture
def short_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory for sockets, whose paths may have 100 bytes only."""
    return tmp_path_factory.mktemp("s")


def refused(run: OpenRun) -> Exception:
    """Prepare a run that cannot be; return the error; nothing may be left."""
    began = time.monotonic()
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the caller looks at it
        run.prepare()
    assert time.monotonic() - began < IN_TIME_S
    assert list(run.run_dir.parent.iterdir()) == []
    assert containers_of(run) == []
    report = run.teardown()
    assert report.errors == ()
    return caught.value


@pytest.mark.parametrize("mode", MODES)
def test_no_engine(tmp_path: Path, mode: str) -> None:
    """The likeliest trouble of all says what to do."""
    run = docker_run(tmp_path, {"mode": mode, "host": f"unix://{tmp_path}/none.sock"})
    error = refused(run)
    assert isinstance(error, UnavailableError)
    assert error.retryable
    assert "DOCKER_HOST" in str(error.fix)


def test_an_engine_that_refuses_connections(tmp_path: Path, short_path: Path) -> None:
    """A socket that a dead engine left behind."""
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(short_path / "dead.sock"))
    error = refused(docker_run(tmp_path, {"host": f"unix://{short_path}/dead.sock"}))
    assert isinstance(error, UnavailableError)


def test_an_engine_that_never_answers(tmp_path: Path, short_path: Path) -> None:
    """It accepts and is silent: without a time limit this would be for ever."""
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(short_path / "silent.sock"))
        silent.listen(8)
        error = refused(docker_run(tmp_path, {"host": f"unix://{short_path}/silent.sock"}))
    assert isinstance(error, UnavailableError)
    assert "does not answer" in error.reason


def test_something_else_at_the_address(tmp_path: Path, short_path: Path) -> None:
    """Another program's socket is no engine, and its words are not repeated as if they were."""
    import threading

    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(short_path / "other.sock"))
        other.listen(8)

        def talk() -> None:
            while True:
                try:
                    connection, _ = other.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(b"220 mail ready\r\n")

        talker = threading.Thread(target=talk, daemon=True)
        talker.start()
        error = refused(docker_run(tmp_path, {"host": f"unix://{short_path}/other.sock"}))
        other.shutdown(socket.SHUT_RDWR)
        talker.join()
    assert isinstance(error, UnavailableError)


@contextmanager
def through_proxy(
    tmp_path: Path, short_path: Path, mode: str
) -> Iterator[tuple[OpenRun, EngineProxy]]:
    """Provide a prepared run whose engine is behind a proxy that can misbehave."""
    with engine_proxy(short_path) as proxy:
        run = docker_run(tmp_path, {"mode": mode, "host": proxy.url})
        driver: DockerDriver = run.driver
        driver.watch_interval_s = 0.2
        driver.connect = lambda ref: DockerEngine(ref, quick_s=2, ping_s=1)
        run.prepare()
        try:
            yield run, proxy
        finally:
            run.teardown(deadline_s=5.0)
    remove_rest(run)


def remove_rest(run: OpenRun) -> None:
    """Do what `gc` does after an engine has come back."""
    driver = DockerDriver(run.driver.config, connect=lambda _: DockerEngine(EngineRef()))
    for leftover in driver.list_leftovers(driver.config):
        if leftover.run_id == run.run.run_id:
            assert driver.remove_leftover(driver.config, leftover)


@pytest.mark.parametrize("mode", MODES)
def test_an_engine_that_dies_in_mid_step(tmp_path: Path, short_path: Path, mode: str) -> None:
    """The stream ends without an error: that says nothing of the step, so it is lost."""
    with through_proxy(tmp_path, short_path, mode) as (run, proxy):
        step = run.start_sh("echo up; sleep 600")
        step.wait_for_output(b"up")
        proxy.cut()
        result = step.result
        assert (result.end, result.exit_code) == (StepEnd.LOST, None)
        assert "cannot be reached" in result.detail
        later = run.sh("true")
        with pytest.raises((LostError, UnavailableError)):
            assert later.result is None


@pytest.mark.parametrize("mode", MODES)
def test_an_engine_that_hangs_in_mid_step(tmp_path: Path, short_path: Path, mode: str) -> None:
    """Its connections stay open and silent, as with a step that has nothing to say."""
    with through_proxy(tmp_path, short_path, mode) as (run, proxy):
        step = run.start_sh("echo up; sleep 600")
        step.wait_for_output(b"up")
        proxy.fall_silent()
        result = step.result
        assert result.end is StepEnd.LOST
        assert "does not answer" in result.detail


@pytest.mark.parametrize("mode", MODES)
def test_a_missing_image_that_may_not_be_pulled(tmp_path: Path, mode: str) -> None:
    """Told before anything is made, and without the network."""
    error = refused(docker_run(tmp_path, {"mode": mode, "image": "swamp-test/nowhere:1"}))
    assert isinstance(error, UnavailableError)
    assert "swamp-test/nowhere:1" in error.reason


REFUSED: dict[str, dict[str, Json]] = {
    "image": {"image": "UPPER/case"},
    "memory": {"memory": "1k"},
    "cpus": {"cpus": 1000000.0},
    "user": {"user": "nobody-of-that-name"},
    "network": {"network": "no-such-network"},
    "volumes[0]": {"volumes": ["/no/such/directory:/x"]},
    "extraArgs": {"extraArgs": ["--cap-add=NO_SUCH_RIGHT"]},
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("option", sorted(REFUSED))
def test_a_value_that_the_engine_refuses(tmp_path: Path, option: str, mode: str) -> None:
    """An error at the option, so that it gets a place in the file."""
    error = refused(docker_run(tmp_path, {"mode": mode, **REFUSED[option]}))
    assert isinstance(error, ConfigError)
    assert [problem.path for problem in error.problems] == [option]


def test_a_missing_directory_is_not_made_by_the_engine(tmp_path: Path) -> None:
    """It would be root's, empty, and nobody would know why the data is missing."""
    missing = tmp_path / "missing"
    with pytest.raises(ConfigError):
        docker_run(tmp_path / "runs", {"volumes": [f"{missing}:/x"]}).prepare()
    assert not missing.exists()


def test_an_engine_that_sees_other_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A virtual machine or a confined engine: the same path, another directory. Never run on it."""
    elsewhere = tmp_path / "elsewhere"

    class Elsewhere(DockerEngine):
        """An engine that mounts another directory in the run directory's place."""

        def create_container(self, spec):  # type: ignore[no-untyped-def]
            import copy

            import attrs

            body = copy.deepcopy(dict(spec.body))
            mount = body["HostConfig"]["Mounts"][0]
            (elsewhere / "exchange").mkdir(parents=True, exist_ok=True)
            mount["Source"] = str(elsewhere)
            return super().create_container(attrs.evolve(spec, body=body))

    run = docker_run(tmp_path / "runs")
    (tmp_path / "runs").mkdir()
    run.driver.connect = Elsewhere
    error = refused(run)
    assert isinstance(error, WorkspaceError)
    assert run.run.workspace.run_dir in str(error)
    assert "is not the same directory in the container" in str(error)


def test_a_run_directory_where_nothing_may_be_executed(tmp_path: Path) -> None:
    """Then the agent is put into the container itself."""
    if os.getuid() != 0:
        pytest.skip("needs root to mount")
    import subprocess

    subprocess.run(["mount", "-t", "tmpfs", "-o", "noexec", "tmpfs", str(tmp_path)], check=True)
    try:
        with opened(tmp_path) as run:
            assert run.sh("echo hi > made").result.end is StepEnd.SUCCEEDED
            assert (run.path / "made").read_text() == "hi\n"
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


@pytest.mark.parametrize("name", ["with space", "a:b,c", 'quo"te', "ünïcode", "per%cent"])
def test_odd_paths_work(tmp_path: Path, name: str) -> None:
    """Or are refused before any step; here all of them work."""
    base = tmp_path / name
    base.mkdir()
    with opened(base) as run:
        assert run.sh("pwd").text == run.run.workspace.path


def test_a_cancelled_run_is_not_prepared(tmp_path: Path) -> None:
    """A person who stops a run does not wait for its container."""
    run = docker_run(tmp_path)
    run.run.cancel.cancel()
    assert isinstance(refused(run), UnavailableError)


def test_a_network_of_the_engine_is_used(tmp_path: Path) -> None:
    """Services of a test run are reached by their names there."""
    network = f"swamp-test-{os.getpid()}"
    docker("network", "create", network)
    try:
        with opened(tmp_path, {"network": network, "mode": "session"}) as run:
            (name,) = containers_of(run)
            wait_until(
                lambda: name in docker("network", "inspect", network), "it is in the network"
            )
    finally:
        docker("network", "rm", network)
