"""An image registry on the loopback interface, with or without a password."""

from __future__ import annotations

import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.drivers.harness import wait_until
from tests.engine.place import docker

USER, PASSWORD = "me", "letmein"
_HTPASSWD = "me:$2b$04$2o2SeeQKLN6h6ZToe4IgX.cRN4376GsMjGbZapTrsCMHVCCMehBlK\n"
_CONFIG = """\
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {directory}/images}}}}
http: {{addr: "{address}"}}
"""
_AUTH = """\
auth: {{htpasswd: {{realm: test, path: {directory}/htpasswd}}}}
"""


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def a_registry(directory: Path, *, asks_for_password: bool = False) -> Iterator[str]:
    """Run a registry; give its address."""
    address = f"127.0.0.1:{free_port()}"
    text = _CONFIG + (_AUTH if asks_for_password else "")
    config = directory / "registry.yaml"
    config.write_text(text.format(directory=directory, address=address))
    (directory / "htpasswd").write_text(_HTPASSWD)
    process = subprocess.Popen(
        ["docker-registry", "serve", config],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: _answers(address), "the registry answers")
        yield address
    finally:
        process.kill()
        process.wait()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://{address}/v2/", timeout=5):
            return True
    except urllib.error.HTTPError as error:
        with error:
            return error.code == 401
    except OSError:
        return False


@contextmanager
def a_pushed_image(address: str, tar: bytes, name: str) -> Iterator[str]:
    """Put an image into a registry, and make the engine forget it before and after."""
    reference = f"{address}/{name}"
    subprocess.run(["docker", "import", "-", reference], input=tar, check=True, capture_output=True)
    docker("push", "--quiet", reference)
    forget(reference)
    try:
        yield reference
    finally:
        forget(reference)


def forget(reference: str) -> None:
    """Remove an image from the engine, if it is there."""
    subprocess.run(["docker", "rmi", "--force", reference], check=False, capture_output=True)
