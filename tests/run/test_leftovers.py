"""What a killed run leaves behind is found and removed; what is alive or kept is not."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from swamp_driver import rundir
from swamp_driver.errors import HostError, NotFoundError
from swamp_driver.host import (
    LeftoverReport,
    RegistryCatalog,
    RunOptions,
    enter_command,
    export_workspace,
    find_leftovers,
)
from swamp_driver.spec import Capability, Leftover, Owner, RunStatus, WorkspaceRequest, hookimpl
from swamp_driver.testing import exits, fake_driver
from tests.run.host import HostForTests

ONE_STEP = "jobs: [{name: j, steps: [{name: s, run: x}]}]"
DEAD = attrs.evolve(Owner.current(), start_time="1")


def found_by(host: HostForTests, **drivers: type) -> LeftoverReport:
    """Look for leftovers with these drivers."""
    with host.store() as store:
        return find_leftovers(host.settings, store, RegistryCatalog(drivers), tuple(drivers))


def a_run_dir(host: HostForTests, run_id: str, owner: Owner) -> Path:
    """Make the directory of a run of that owner."""
    host.settings.runs_dir.mkdir(parents=True, exist_ok=True)
    run_dir = host.settings.runs_dir / run_id
    request = WorkspaceRequest(run_dir=str(run_dir), uid=os.getuid(), gid=os.getgid())
    rundir.create_run_dir(request, run_id=run_id, owner=owner)
    return run_dir


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds, half a minute at most."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_only_directories_of_dead_owners_may_go(host: HostForTests) -> None:
    """Live runs, other machines and what was kept on purpose are left alone (SWD-GC)."""
    a_run_dir(host, "rdead", DEAD)
    a_run_dir(host, "rlive", Owner.current())
    a_run_dir(host, "rfar", attrs.evolve(DEAD, host="elsewhere"))
    kept = a_run_dir(host, "rkept", DEAD)
    rundir.keep_run_dir(str(kept), uid=os.getuid(), gid=os.getgid())
    (host.settings.runs_dir / "stranger").mkdir()
    report = found_by(host)
    assert {Path(one.leftover.name).name: one.keep_reason for one in report.found} == {
        "rdead": None,
        "rlive": "its run is alive",
        "rfar": "its owner is on 'elsewhere'",
        "rkept": "preserved",
    }
    for one in report.found:
        if one.keep_reason is None:
            assert one.remove()
    left = sorted(path.name for path in host.settings.runs_dir.iterdir() if path.is_dir())
    assert left == ["rfar", "rkept", "rlive", "stranger"]


def test_drivers_are_asked_with_the_options_that_runs_used(host: HostForTests) -> None:
    """The options say which engine to ask; a thing found twice is one thing."""
    asked: list[str] = []

    class Leaving(fake_driver()):  # type: ignore[misc]
        info = attrs.evolve(
            fake_driver().info,
            capabilities=fake_driver().info.capabilities | {Capability.LEFTOVERS},
        )

        @hookimpl
        def list_leftovers(self, config: object) -> list[Leftover]:
            asked.append(config.label)  # type: ignore[attr-defined]
            return [
                Leftover(kind="container", name="c1", run_id="r", owner=DEAD, created_at=1.0),
                Leftover(kind="container", name="c2", run_id="r", owner=None, created_at=None),
            ]

        @hookimpl
        def remove_leftover(self, leftover: Leftover) -> bool:
            return leftover.name == "c1"

    text = f"driver: leaving\ndriverConfig: {{label: there}}\n{ONE_STEP}"
    host.run(text, drivers={"leaving": Leaving, "other": fake_driver()})
    report = found_by(host, leaving=Leaving)
    assert asked == ["", "there"]
    assert [(one.leftover.name, one.keep_reason) for one in report.found] == [
        ("c1", None),
        ("c2", "its owner is not known"),
    ]
    assert report.found[0].remove()


def test_a_driver_that_cannot_be_asked_does_not_hide_the_others(host: HostForTests) -> None:
    """An engine that is down must not keep directories from being cleaned."""

    class Down(fake_driver()):  # type: ignore[misc]
        info = attrs.evolve(
            fake_driver().info,
            capabilities=fake_driver().info.capabilities | {Capability.LEFTOVERS},
        )

        @hookimpl
        def list_leftovers(self, config: object) -> list[Leftover]:
            raise NotFoundError("no engine")

        @hookimpl
        def remove_leftover(self, leftover: Leftover) -> bool:
            return False

    a_run_dir(host, "rdead", DEAD)
    report = found_by(host, down=Down)
    assert list(report.unasked) == ["down"]
    assert [one.keep_reason for one in report.found] == [None]


def test_a_killed_run_leaves_no_process_and_gc_removes_the_rest(
    host: HostForTests, tmp_path: Path
) -> None:
    """`kill -9` of the host: the next `gc` leaves nothing, and the record is closed."""
    workflow = tmp_path / "w.yaml"
    workflow.write_text(
        "name: w\njobs: [{name: j, steps: [{name: s, run: 'echo $$ > pid; sleep 300'}]}]\n"
    )
    env = {
        **os.environ,
        "SWAMP_DRIVER_ROOT": str(host.settings.root),
        "SWAMP_DRIVER_STATE": str(host.settings.state_dir),
    }
    command = [sys.executable, "-m", "swamp_driver.cli"]
    process = subprocess.Popen([*command, "run", str(workflow)], env=env)
    pids: list[Path] = []

    def started() -> bool:
        pids[:] = [p for p in host.settings.root.glob("runs/*/workspace/pid") if p.read_text()]
        return bool(pids)

    wait_until(started)
    pid = int(pids[0].read_text())
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_until(lambda: not Path(f"/proc/{pid}").exists())
    done = subprocess.run([*command, "gc"], env=env, check=False, capture_output=True, text=True)
    assert "removed" in done.stdout
    assert host.left == []
    with host.store() as store:
        assert store.find_run("last").status is RunStatus.INTERRUPTED


def test_a_kept_workspace_can_be_entered_and_taken_out(host: HostForTests, tmp_path: Path) -> None:
    """Files, links, modes and empty directories arrive."""
    record = host.run(
        """
        jobs:
          - name: j
            steps:
              - name: s
                run: |
                  echo 1 > f; chmod 750 f; ln -s f l; ln -s /nowhere dangling; mkdir -p d/empty
        """,
        options=RunOptions(preserve="always"),
    )
    found = enter_command(record, environ={"SHELL": "/bin/bash"})
    assert (found.argv, found.cwd) == (("/bin/bash",), record.workspace_path)
    assert found.env["SWAMP_WORKSPACE"] == record.workspace_path
    target = tmp_path / "taken"
    export_workspace(record, target, catalog=RegistryCatalog())
    assert sorted(p.relative_to(target).as_posix() for p in target.rglob("*")) == [
        "d",
        "d/empty",
        "dangling",
        "f",
        "l",
    ]
    assert (target / "l").readlink() == Path("f")
    assert (target / "f").stat().st_mode & 0o777 == 0o750
    with pytest.raises(HostError, match="is not empty"):
        export_workspace(record, target, catalog=RegistryCatalog())
    with pytest.raises(NotFoundError, match="did not use driver 'docker'"):
        enter_command(record, driver="docker")


def test_a_workspace_that_was_not_kept_cannot_be_entered(host: HostForTests) -> None:
    """It says what to do the next time."""
    record = host.run(ONE_STEP, drivers={"f": fake_driver({"s": exits(1)})})
    with pytest.raises(NotFoundError, match="run it again with --preserve-workspace"):
        enter_command(record)


def test_outputs_of_dead_runs_go_and_those_of_kept_runs_stay(host: HostForTests) -> None:
    """They may be large, and nobody takes them any more."""
    text = """
        workspace: {enabled: false}
        jobs:
          - name: j
            steps:
              - name: make
                run: echo x > out
                outputs: [{path: out, makeAvailableTo: [use]}]
              - name: use
                dependsOn: [{step: make, condition: {type: succeeded}}]
                run: cat out
    """
    kept, dead = (host.run(text, options=RunOptions(preserve="always")) for _ in range(2))
    with host.store() as store:
        store.put_run(attrs.evolve(kept, owner=DEAD))
        store.put_run(attrs.evolve(dead, owner=DEAD))
    assert not rundir.remove_run_dir(str(host.settings.runs_dir / dead.run_id), deadline_s=60)
    report = found_by(host)
    outputs = {one.leftover.run_id: one for one in report.found if one.leftover.kind == "outputs"}
    assert {run_id: one.keep_reason for run_id, one in outputs.items()} == {
        kept.run_id: "preserved",
        dead.run_id: None,
    }
    assert outputs[dead.run_id].remove()
    assert [path.parent.name for path in host.settings.state_dir.glob("runs/*/outputs")] == [
        kept.run_id
    ]
