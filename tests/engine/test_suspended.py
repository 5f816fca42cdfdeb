"""Runs in containers that wait for an approval: nothing but the workspace is there meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from swamp_driver.host import (
    HostSettings,
    answer_run,
    load_workflow_text,
    open_store,
    plan,
    resume_run,
    run,
)
from swamp_driver.spec import Json, RunStatus
from tests.engine.place import BUSYBOX, MODES, docker
from tests.engine.tls import tls_engine

pytestmark = pytest.mark.engine

TEXT = """
name: asks
jobs:
  - name: deploy
    steps:
      - {name: build, run: "umask 077; mkdir -p deep; echo built > deep/out.txt"}
      - name: ask
        dependsOn: [{step: build, condition: {type: succeeded}}]
        task: {type: manual_approval, prompt: "go?"}
      - name: ship
        dependsOn: [{step: ask, condition: {type: succeeded}}]
        run: test "$(cat deep/out.txt)" = built
"""


def run_and_approve(tmp_path: Path, config: dict[str, Json]) -> str:
    """Run until the question, answer it, and let the run go on; return its id."""
    settings = HostSettings(root=tmp_path / "root", state_dir=tmp_path / "state")
    driver = "docker-session" if config["mode"] == "session" else "docker"
    planned = plan(load_workflow_text(TEXT), driver=driver, driver_config=config)
    record = run(planned, settings=settings)
    assert (record.status, record.errors) == (RunStatus.SUSPENDED, ())
    assert left_of(record.run_id, "ps", "--all") == []
    with open_store(settings) as store:
        answer_run(store, record.run_id, None, "approved", by="ada")
    record = resume_run(record.run_id, settings=settings)
    assert (record.status, record.errors) == (RunStatus.SUCCEEDED, ())
    assert list((settings.root / "runs").iterdir()) == []
    return record.run_id


def left_of(run_id: str, *command: str) -> list[str]:
    """Return what the engine has of a run."""
    label = f"label=swamp-driver.run={run_id}"
    return docker(*command, "--filter", label, "--quiet").split()


@pytest.mark.parametrize("mode", MODES)
def test_a_suspended_run_has_no_container_and_goes_on_in_a_new_one(
    tmp_path: Path, mode: str
) -> None:
    """A run may wait for days: an engine must be free to restart meanwhile."""
    run_id = run_and_approve(tmp_path, {"mode": mode, "image": BUSYBOX})
    assert left_of(run_id, "ps", "--all") == []


@pytest.mark.parametrize("mode", MODES)
def test_a_workspace_in_a_volume_waits_as_well(tmp_path: Path, certs: Path, mode: str) -> None:
    """An engine elsewhere keeps it, and gives it up at the end."""
    with tls_engine(certs) as url:
        config: dict[str, Json] = {
            "mode": mode,
            "image": BUSYBOX,
            "host": url,
            "certPath": str(certs),
        }
        run_id = run_and_approve(tmp_path, config)
        assert left_of(run_id, "volume", "ls") == []
