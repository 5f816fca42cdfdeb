"""A second engine on this machine, for what must not be done to the first."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

from tests.drivers.harness import wait_until
from tests.engine.place import BUSYBOX


@attrs.define(eq=False)
class SecondEngine:
    """A dockerd in a network namespace of its own: beside the first it would take its bridge."""

    directory: Path
    hidden: Path | None = None
    """A directory of which it sees another one."""
    bridge: bool = False
    """Whether it has a bridge; without one containers get no network."""
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"unix://{self.directory}/e.sock"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        prepare = 'test -z "$0" || mount -t tmpfs tmpfs "$0"; exec "$@"'
        command = [
            *("unshare", "--net", "--mount", "sh", "-c", prepare, str(self.hidden or "")),
            *("dockerd", "--iptables=false", *([] if self.bridge else ["--bridge=none"])),
            *("--host", self.url, "--pidfile", f"{self.directory}/pid"),
            *("--data-root", f"{self.directory}/data", "--exec-root", f"{self.directory}/exec"),
        ]
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        wait_until(lambda: self.docker("version").returncode == 0, "the second engine answers")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop it, and wait until it is gone."""
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait(60)

    def lose_bridge(self) -> None:
        """Take its bridge away, as another engine in its network would at its start."""
        assert self.process is not None
        namespace = ["nsenter", "--net", "--target", str(self.process.pid)]
        subprocess.run([*namespace, "ip", "link", "delete", "docker0"], check=True)

    def docker(self, *args: str) -> subprocess.CompletedProcess[bytes]:
        """Call its client."""
        return subprocess.run(["docker", "-H", self.url, *args], check=False, capture_output=True)


@contextmanager
def second_engine_at(
    directory: Path, *, hidden: Path | None = None, bridge: bool = False
) -> Iterator[SecondEngine]:
    """Provide an engine with the busybox image; stop it at the end. Needs root."""
    engine = SecondEngine(directory=directory, hidden=hidden, bridge=bridge)
    engine.start()
    image = subprocess.run(["docker", "save", BUSYBOX], check=True, capture_output=True).stdout
    subprocess.run(
        ["docker", "-H", engine.url, "load"], input=image, check=True, capture_output=True
    )
    try:
        yield engine
    finally:
        engine.stop()
        # What it had mounted for its containers is in its own directories.
        subprocess.run(["umount", "-l", f"{engine.directory}/exec/netns/default"], check=False)
