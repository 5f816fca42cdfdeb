"""The controller dies without a word: what it ran ends by itself, and the rest is found."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest

from swamp_driver.spec import Leftover, Owner, RunOutcome, RunStatus
from tests.drivers.harness import OpenRun, new_token, processes_with, wait_until
from tests.engine.place import BUSYBOX, MODES, containers_of, docker, docker_run, opened

pytestmark = pytest.mark.engine

GONE_S = 10.0
"""It takes 0.1 s; a loaded machine may take longer."""


@contextmanager
def a_controller(
    mode: str, base: Path, *scripts: str
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a host whose steps run; give the process and its run id."""
    command = [sys.executable, "-m", "tests.engine.controller", mode, str(base), *scripts]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        word, run_id, _ = process.stdout.readline().split()
        assert word == "ready"
        yield process, run_id
    finally:
        process.kill()
        process.communicate()


def of_run(run_id: str) -> list[str]:
    """Return the containers of a run."""
    label = f"label=swamp-driver.run={run_id}"
    return docker("ps", "--all", "--filter", label, "--format", "{{.Names}}").split()


@pytest.mark.parametrize("mode", MODES)
def test_nothing_runs_on_after_the_controller_was_killed(tmp_path: Path, mode: str) -> None:
    """No container and no process of a step, the escaped ones and the waiting ones included."""
    seconds = str(int(new_token()[3:10], 16) + 10**6)
    script = f"setsid sleep {seconds} & echo up; trap '' TERM HUP; sleep {seconds}"
    with a_controller(mode, tmp_path, script, script) as (process, run_id):
        assert processes_with(seconds)
        assert of_run(run_id)
        process.kill()
        process.wait()
        wait_until(lambda: processes_with(seconds) == [], "no process is left", limit_s=GONE_S)
        wait_until(lambda: of_run(run_id) == [], "no container is left", limit_s=GONE_S)


def test_a_later_process_tears_down_by_the_handle(tmp_path: Path) -> None:
    """The handle is JSON that the host has stored: it is the crash clean-up of a run."""
    with opened(tmp_path, {"mode": "session"}) as run:
        run.sh("echo x > made")
        heir = docker_run(tmp_path)
        outcome = RunOutcome(status=RunStatus.INTERRUPTED, remove_workspace=True)
        report = heir.driver.teardown(run.run, run.workspace, outcome)
        assert report.errors == ()
        assert containers_of(run) == []
        assert not run.run_dir.exists()


def leftovers_of(run: OpenRun) -> list[Leftover]:
    """Return what the driver lists of a run."""
    found = run.driver.list_leftovers(run.driver.config)
    return [leftover for leftover in found if leftover.run_id == run.run.run_id]


def test_leftovers_tell_their_owner(tmp_path: Path) -> None:
    """The host decides by it what may go; a live run's things are listed and stay."""
    with opened(tmp_path, {"mode": "session"}) as run:
        (leftover,) = leftovers_of(run)
        assert leftover.kind == "container"
        assert leftover.owner == Owner.current()
        assert leftover.owner.is_alive()


def test_a_container_between_creation_and_start_is_found_and_removed(tmp_path: Path) -> None:
    """It is the one thing that does not end by itself when the controller dies."""
    run = docker_run(tmp_path)
    labels = {
        "swamp-driver.tool": "docker-ws",
        "swamp-driver.run": run.run.run_id,
        "swamp-driver.owner.host": "elsewhere",
        "swamp-driver.owner.boot": "b",
        "swamp-driver.owner.pid": "1",
        "swamp-driver.owner.start": "1",
    }
    options = [part for key, value in labels.items() for part in ("--label", f"{key}={value}")]
    docker("create", *options, BUSYBOX)
    (leftover,) = leftovers_of(run)
    assert leftover.owner == Owner(host="elsewhere", boot_id="b", pid=1, start_time="1")
    another = attrs.evolve(leftover, owner=Owner.current())
    assert run.driver.remove_leftover(run.driver.config, another) is False
    assert run.driver.remove_leftover(run.driver.config, leftover) is True
    assert run.driver.remove_leftover(run.driver.config, leftover) is True
    assert leftovers_of(run) == []


def test_foreign_containers_are_neither_listed_nor_removed(tmp_path: Path) -> None:
    """A name or a label that resembles ours is no proof."""
    decoy = f"swamp-{os.getpid()}-decoy"
    with opened(tmp_path) as run:
        name = f"swamp-{run.run.run_id}-00000000-step-99"
        label = f"swamp-driver.run={run.run.run_id}"
        docker("create", "--name", name, BUSYBOX)
        docker("create", "--name", decoy, "--label", label, BUSYBOX)
        listed = {leftover.name for leftover in run.driver.list_leftovers(run.driver.config)}
        report = run.teardown()
        left = docker("ps", "--all", "--format", "{{.Names}}").split()
        docker("rm", name, decoy)
    assert not {name, decoy} & listed
    assert not {name, decoy} & set(report.removed)
    assert {name, decoy} <= set(left)
