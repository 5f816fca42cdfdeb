"""An engine that shares no directory: the run lives in a volume, at the same path."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import pytest

from swamp_driver.errors import UnsupportedCapabilityError
from swamp_driver.spec import RunOutcome, RunStatus, StepEnd
from tests.engine.place import HOSTILE, MODES, containers_of, docker, docker_run, opened, volumes_of

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("mode", MODES)
def test_steps_share_the_workspace_at_the_same_path(tmp_path: Path, mode: str) -> None:
    """`workspace.path` is one string per run, on every side."""
    with opened(tmp_path, {"mode": mode, "storage": "volume"}) as run:
        assert run.workspace is not None
        assert not run.workspace.host_visible
        first = run.sh('pwd; id -u; echo x > made; echo y > "$HOME/made"; echo k=v > ../exchange/o')
        assert first.text.splitlines() == [run.run.workspace.path, str(os.getuid())]
        second = run.sh('cat made "$HOME/made"; echo answer=42 > "$SWAMP_EXCHANGE/output"')
        assert second.text == "x\ny"
        assert second.result.collected == {"output": b"answer=42\n"}
        assert not run.run_dir.exists()
        assert len(volumes_of(run)) == 1
    assert volumes_of(run) == []


def test_a_user_of_the_image_can_write_there(tmp_path: Path) -> None:
    """A new volume is root's."""
    options = {"image": HOSTILE, "user": "image", "storage": "volume", "mode": "session"}
    with opened(tmp_path, options) as run:
        step = run.sh('id -u; touch made "$HOME/made" "$TMPDIR/made"')
        assert (step.result.end, step.text) == (StepEnd.SUCCEEDED, "1000")


def test_a_kept_volume_is_a_preserved_leftover(tmp_path: Path) -> None:
    """A sweep must not take for dead what a person has asked to keep."""
    with opened(tmp_path, {"storage": "volume"}) as run:
        report = run.teardown(remove=False)
        (volume, *_) = report.kept
        listed = [
            leftover
            for leftover in run.driver.list_leftovers(run.driver.config)
            if leftover.run_id == run.run.run_id
        ]
        assert volume in {leftover.name for leftover in listed}
        assert all(leftover.preserved for leftover in listed)
        for leftover in listed:
            assert run.driver.remove_leftover(run.driver.config, leftover)
        assert volumes_of(run) == []


def test_a_persistent_workspace_is_found_again(tmp_path: Path) -> None:
    """By its run directory, whose name the host keeps."""
    name = f"key-{secrets.token_hex(4)}"
    options = {"storage": "volume"}
    first = docker_run(tmp_path, options, name=name, persistent=True)
    first.prepare()
    first.sh("echo kept > made")
    assert first.teardown(remove=False).errors == ()
    second = docker_run(tmp_path, options, name=name, persistent=True)
    second.prepare()
    assert second.sh("cat made").text == "kept"
    assert second.teardown(remove=True).errors == ()
    assert volumes_of(first) == []


def test_a_workspace_of_another_driver_is_refused(tmp_path: Path) -> None:
    """Its files are here, and the engine is taken not to see them; nothing has been made."""
    run = docker_run(tmp_path, {"storage": "volume"}, mode="attach")
    with pytest.raises(UnsupportedCapabilityError) as caught:
        run.prepare()
    assert caught.value.capability == "attach"
    assert (containers_of(run), volumes_of(run)) == ([], [])


def test_a_kept_workspace_can_be_taken_out(tmp_path: Path) -> None:
    """The results of a run elsewhere stay there until they are asked for."""
    with opened(tmp_path, {"storage": "volume"}) as run:
        run.sh("mkdir -p a/empty; echo x > a/f; chmod 0751 a/f; ln -s /etc/passwd out; ln a/f b")
        run.teardown(remove=False)
        target = tmp_path / "out"
        target.mkdir()
        driver, workspace = docker_run(tmp_path).driver, run.workspace
        assert driver.export_workspace(driver.config, workspace, str(target))
        assert (target / "a/f").read_text() == (target / "b").read_text() == "x\n"
        assert (target / "a/f").stat().st_mode & 0o7777 == 0o751
        assert (target / "a/empty").is_dir()
        assert str((target / "out").readlink()) == "/etc/passwd"
        for leftover in driver.list_leftovers(driver.config):
            if leftover.run_id == run.run.run_id:
                assert driver.remove_leftover(driver.config, leftover)


def test_a_later_process_removes_the_volume(tmp_path: Path) -> None:
    """From the handle alone: it names the engine and the volume."""
    run = docker_run(tmp_path, {"storage": "volume", "mode": "session"})
    workspace = run.prepare()
    heir = docker_run(tmp_path)
    outcome = RunOutcome(status=RunStatus.INTERRUPTED, remove_workspace=True)
    report = heir.driver.teardown(run.run, workspace, outcome)
    assert report.errors == ()
    assert (containers_of(run), volumes_of(run)) == ([], [])
    assert run.teardown().errors == ()
    docker("version")
