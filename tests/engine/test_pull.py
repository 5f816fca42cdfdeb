"""Pulling images: when, how often, with what to see of it, and what may go wrong."""

from __future__ import annotations

import base64
import io
import json
import os
import socket
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from swamp_driver.errors import UnavailableError
from swamp_driver.spec import CancelToken, Progress, StepEnd
from tests.drivers.harness import OpenRun, wait_until
from tests.engine.place import containers_of, docker, docker_run, opened
from tests.engine.registry import PASSWORD, USER, a_pushed_image, a_registry, forget, free_port

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Provide a registry that asks nobody."""
    with a_registry(tmp_path_factory.mktemp("registry")) as address:
        yield address


@pytest.fixture
def image(registry: str) -> Iterator[str]:
    """Provide an image that is in the registry and not in the engine, with bytes of its own."""
    with a_pushed_image(registry, unique_rootfs(), f"tool:{os.urandom(4).hex()}") as reference:
        yield reference


def unique_rootfs() -> bytes:
    """Return a root file system with busybox and a megabyte that no other image has."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in (
            ("bin/busybox", Path("/bin/busybox").read_bytes()),
            ("unique", os.urandom(2**20)),
        ):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755
            tar.addfile(entry, io.BytesIO(content))
        link = tarfile.TarInfo("bin/sh")
        link.type, link.linkname = tarfile.SYMTYPE, "busybox"
        tar.addfile(link)
    return out.getvalue()


def is_there(reference: str) -> bool:
    """Return whether the engine has an image."""
    return bool(docker("images", "--quiet", reference))


def refused(run: OpenRun) -> UnavailableError:
    """Prepare a run that cannot have its image; nothing may be left of it."""
    with pytest.raises(UnavailableError) as caught:
        run.prepare()
    assert not run.run_dir.exists()
    assert containers_of(run) == []
    return caught.value


def test_a_missing_image_is_pulled_and_can_be_watched(tmp_path: Path, image: str) -> None:
    """A pull of minutes without a word looks like a program that hangs."""
    reports: list[Progress] = []
    options = {"image": image, "pull": "missing"}
    with opened(tmp_path, options, run={"report": reports.append}) as run:
        assert run.sh("true").result.end is StepEnd.SUCCEEDED
    assert {(report.phase, report.resource) for report in reports} == {("pull", image)}
    assert reports[-1].finished
    assert not any(report.finished for report in reports[:-1])
    assert max(report.total or 0 for report in reports) > 0


def test_an_image_that_is_there_is_not_pulled(tmp_path: Path) -> None:
    """Unless it is asked for: there is not even a registry here."""
    reference = f"127.0.0.1:{free_port()}/tool:1"
    docker("tag", "swamp-test/busybox", reference)
    try:
        with opened(tmp_path, {"image": reference, "pull": "missing"}) as run:
            assert run.sh("true").result.end is StepEnd.SUCCEEDED
        refused(docker_run(tmp_path, {"image": reference, "pull": "always"}))
    finally:
        forget(reference)


def test_always_takes_the_newer_image(tmp_path: Path, registry: str) -> None:
    """A tag may have moved."""
    docker("tag", "swamp-test/hostile", f"{registry}/moving:1")
    docker("push", "--quiet", f"{registry}/moving:1")
    docker("tag", "swamp-test/busybox", f"{registry}/moving:1")
    try:
        with opened(tmp_path, {"image": f"{registry}/moving:1", "pull": "always"}) as run:
            assert run.sh('echo "$IMAGE_SAYS"').text == "hello"
    finally:
        forget(f"{registry}/moving:1")


def test_an_image_that_does_not_exist(tmp_path: Path, registry: str) -> None:
    """Said at once: another try would find the same."""
    error = refused(docker_run(tmp_path, {"image": f"{registry}/nothing:1", "pull": "missing"}))
    assert "does not exist" in error.reason
    assert not error.retryable


def test_a_registry_that_is_down(tmp_path: Path) -> None:
    """Tried again a few times, and then told as what it is."""
    reports: list[Progress] = []
    run = docker_run(
        tmp_path,
        {"image": f"127.0.0.1:{free_port()}/tool:1", "pull": "missing"},
        run={"report": reports.append},
    )
    error = refused(run)
    assert "cannot be reached" in error.reason
    assert error.retryable
    assert sum("again" in report.text for report in reports) == 2


def test_a_registry_that_asks_for_a_password(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused without one, in other words than a missing image; taken from docker's own login."""
    with a_registry(tmp_path_factory.mktemp("r"), asks_for_password=True) as address:
        options = {"image": f"{address}/tool:1", "pull": "missing"}
        error = refused(docker_run(tmp_path, options))
        assert "refuses access" in error.reason
        assert "docker login" in str(error.fix)

        home = tmp_path_factory.mktemp("docker")
        monkeypatch.setenv("DOCKER_CONFIG", str(home))
        _log_in(home, address, PASSWORD)
        with a_pushed_image(address, unique_rootfs(), "tool:1"), opened(tmp_path, options) as run:
            assert run.sh("true").result.end is StepEnd.SUCCEEDED
        _log_in(home, address, "wrong-canary")
        error = refused(docker_run(tmp_path, options))
        assert "refuses access" in error.reason
        assert "canary" not in str(error)


def _log_in(home: Path, address: str, password: str) -> None:
    auth = base64.b64encode(f"{USER}:{password}".encode()).decode()
    (home / "config.json").write_text(json.dumps({"auths": {address: {"auth": auth}}}))


def test_a_pull_that_hangs_can_be_cancelled(tmp_path: Path) -> None:
    """Whoever stops a run does not wait for a registry."""
    cancel = CancelToken()
    callers: list[socket.socket] = []
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        reference = f"127.0.0.1:{silent.getsockname()[1]}/tool:1"
        run = docker_run(tmp_path, {"image": reference, "pull": "missing"}, run={"cancel": cancel})
        errors: list[UnavailableError] = []
        waiter = threading.Thread(target=lambda: errors.append(refused(run)))
        waiter.start()
        wait_until(lambda: _has_caller(silent, callers), "the engine asks the registry")
        began = time.monotonic()
        cancel.cancel()
        waiter.join()
        for caller in callers:
            caller.close()
    assert time.monotonic() - began < 5.0
    assert "cancelled" in errors[0].reason
    assert not is_there(reference)


def _has_caller(listener: socket.socket, callers: list[socket.socket]) -> bool:
    listener.settimeout(0.1)
    try:
        caller, _ = listener.accept()
    except TimeoutError:
        return False
    callers.append(caller)
    return True
