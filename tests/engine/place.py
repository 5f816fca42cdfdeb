"""Runs of the docker drivers with the options that a test wants, and the engine as a witness."""

from __future__ import annotations

import functools
import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from swamp_driver.spec import Json
from swamp_driver_docker_ws import DockerDriver
from tests.drivers.cases import DriverCase
from tests.drivers.harness import OpenRun, new_run

BUSYBOX = "swamp-test/busybox"
DEBIAN = "swamp-test/debian"
HOSTILE = "swamp-test/hostile"
SCRATCH = "swamp-test/scratch"
MODES = ("per-step", "session")


def docker_run(base: Path, options: Mapping[str, Json] | None = None, **changes: Any) -> OpenRun:
    """Return a run of `docker` with these options; nothing is prepared yet."""
    data: dict[str, Json] = {"image": BUSYBOX, "pull": "never", **(options or {})}
    case = DriverCase(name="docker", load=lambda: DockerDriver, options=lambda: data)
    return new_run(case, base, **changes)


@contextmanager
def opened(
    base: Path, options: Mapping[str, Json] | None = None, **changes: Any
) -> Iterator[OpenRun]:
    """Prepare a run; tear it down at the end, which must find nothing to complain about."""
    run = docker_run(base, options, **changes)
    try:
        run.prepare()
        yield run
    finally:
        report = run.teardown()
    assert report.errors == ()
    assert containers_of(run) == []


def docker(*args: str) -> str:
    """Ask the engine by its own client, not by the driver that is judged."""
    done = subprocess.run(["docker", *args], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def containers_of(run: OpenRun, *, state: str | None = None) -> list[str]:
    """Return the names of the containers that bear the run's label, dead or alive."""
    filters = ["--filter", f"label=swamp-driver.run={run.run.run_id}"]
    if state is not None:
        filters += ["--filter", f"status={state}"]
    return docker("ps", "--all", *filters, "--format", "{{.Names}}").split()


def volumes_of(run: OpenRun) -> list[str]:
    """Return the names of the volumes that bear the run's label."""
    label = f"label=swamp-driver.run={run.run.run_id}"
    return docker("volume", "ls", "--filter", label, "--format", "{{.Name}}").split()


def inspect(name: str) -> dict[str, Any]:
    """Return all that the engine tells of a container."""
    (found,) = json.loads(docker("inspect", name))
    return dict(found)


@functools.cache
def busybox_bytes() -> bytes:
    """Return a static program that runs in any image."""
    return Path("/bin/busybox").read_bytes()
