"""An engine that is restarted in the middle of a run, on an engine of its own."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from swamp_driver.errors import DriverError
from swamp_driver.spec import Json, StepEnd
from tests.drivers.harness import wait_until
from tests.engine.place import BUSYBOX, MODES, docker_run

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(os.getuid() != 0, reason="needs root to start an engine"),
]


@attrs.define(eq=False)
class SecondEngine:
    """A dockerd in a network namespace of its own: beside the first it would take its bridge."""

    directory: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"unix://{self.directory}/e.sock"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [
            *("unshare", "--net", "dockerd", "--bridge=none", "--iptables=false"),
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

    def docker(self, *args: str) -> subprocess.CompletedProcess[bytes]:
        """Call its client."""
        return subprocess.run(["docker", "-H", self.url, *args], check=False, capture_output=True)


@pytest.fixture(scope="module")
def second_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecondEngine]:
    """Provide an engine with the busybox image."""
    engine = SecondEngine(directory=tmp_path_factory.mktemp("e"))
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


@pytest.mark.parametrize("mode", MODES)
def test_a_restart_in_mid_step_is_a_loss(
    tmp_path: Path, second_engine: SecondEngine, mode: str
) -> None:
    """The stream ends as if the step had; then the record is looked at, and there is none."""
    options: dict[str, Json] = {"mode": mode, "host": second_engine.url, "network": "none"}
    run = docker_run(tmp_path, options)
    run.prepare()
    step = run.start_sh("echo up; sleep 600")
    step.wait_for_output(b"up")
    second_engine.stop()
    second_engine.start()
    result = step.result
    assert (result.end, result.exit_code) == (StepEnd.LOST, None)
    assert "lost" in result.detail
    later = run.sh("true")
    if mode == "session":
        with pytest.raises(DriverError):
            assert later.result is None
    else:
        assert later.result.end is StepEnd.SUCCEEDED
    assert run.teardown().errors == ()
    assert second_engine.docker("ps", "--all", "--quiet").stdout == b""
    assert not run.run_dir.exists()
