"""Per step and per session: how many containers, how many at once, and nothing left of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from swamp_driver.spec import Json, StepEnd
from tests.drivers.harness import wait_until
from tests.engine.place import MODES, busybox_bytes, containers_of, inspect, opened

pytestmark = pytest.mark.engine


def test_each_step_has_a_container_of_its_own(tmp_path: Path) -> None:
    """What a step leaves outside of the workspace must not reach the next one."""
    with opened(tmp_path) as run:
        names = [run.sh("hostname; ls /; touch /mark").text for _ in range(3)]
    assert len({name.partition("\n")[0] for name in names}) == 3
    assert not any("mark" in name for name in names)


def test_a_session_has_one_container_and_its_steps_overlap(tmp_path: Path) -> None:
    """N parallel steps in one container must not wait for each other."""
    with opened(tmp_path, {"mode": "session"}) as run:
        meet = "hostname; touch $ID; while [ $(ls | wc -l) -lt 8 ]; do sleep 0.01; done"
        steps = [run.start_sh(meet, env={"ID": f"at-{n}"}) for n in range(8)]
        names = {step.text for step in steps}
        (container,) = containers_of(run)
    assert [step.result.end for step in steps] == [StepEnd.SUCCEEDED] * 8
    assert len(names) == 1
    assert "-session-" in container


def test_parallel_steps_have_parallel_containers(tmp_path: Path) -> None:
    """They meet in the workspace, which they could not if one waited for the other."""
    with opened(tmp_path, run={"expected_steps": 3, "concurrency": 3}) as run:
        meet = "hostname; touch $ID; while [ $(ls | wc -l) -lt 3 ]; do sleep 0.01; done"
        steps = [run.start_sh(meet, env={"ID": f"at-{n}"}) for n in range(3)]
        assert len({step.text for step in steps}) == 3


def test_no_more_containers_wait_than_steps_are_expected(tmp_path: Path) -> None:
    """A container that nobody will use costs a quarter of a second of two processors."""
    with opened(tmp_path, run={"expected_steps": 2, "concurrency": 8}) as run:
        wait_until(lambda: len(containers_of(run, state="running")) == 2, "two wait")
        run.sh("true")
        run.sh("true")
        wait_until(lambda: containers_of(run) == [], "all are used up")


def test_nothing_is_left_when_a_run_ends_early(tmp_path: Path) -> None:
    """Those that wait, and those that are being started, go with the run."""
    with opened(tmp_path, run={"expected_steps": 50, "concurrency": 6}) as run:
        run.sh("true")


@pytest.mark.parametrize("mode", MODES)
def test_more_steps_than_expected_run_as_well(tmp_path: Path, mode: str) -> None:
    """The number is a hint."""
    with opened(tmp_path, {"mode": mode}, run={"expected_steps": 1}) as run:
        ends = [run.sh("true").result.end for _ in range(3)]
    assert ends == [StepEnd.SUCCEEDED] * 3


@pytest.mark.parametrize("mode", MODES)
def test_the_end_of_a_run_takes_no_ten_seconds(tmp_path: Path, mode: str) -> None:
    """A first process that ignores TERM makes every `docker stop` wait for its time limit."""
    with opened(tmp_path, {"mode": mode}) as run:
        step = run.start_sh("trap '' TERM; echo up; while true; do sleep 1; done")
        step.wait_for_output(b"up")
        report = run.teardown()
    assert report.errors == ()
    assert step.join().is_over


@pytest.mark.parametrize("mode", MODES)
def test_an_image_without_anything_runs_what_the_workspace_holds(tmp_path: Path, mode: str) -> None:
    """The agent needs no shell, no tools, no libc; neither does killing."""
    with opened(tmp_path, {"image": "swamp-test/scratch", "mode": mode}) as run:
        program = run.path / "busybox"
        program.write_bytes(busybox_bytes())
        program.chmod(0o755)
        step = run.execute("./busybox", "echo", "hello")
        slow = run.start("./busybox", "sh", "-c", "echo up; ./busybox sleep 600", timeout_s=1.0)
        assert step.text == "hello"
        assert slow.result.end is StepEnd.TIMED_OUT


@pytest.mark.parametrize("mode", MODES)
def test_a_read_only_root_without_rights_is_enough(tmp_path: Path, mode: str) -> None:
    """The strictest place that people use must need no exception for this driver."""
    strict: list[Json] = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"]
    with opened(tmp_path, {"mode": mode, "extraArgs": strict, "network": "none"}) as run:
        step = run.sh("touch here; touch $HOME/here; touch $TMPDIR/here; touch /there 2>&1 || true")
        assert step.result.end is StepEnd.SUCCEEDED
        assert "Read-only" in step.text
        assert (run.path / "here").exists()


@pytest.mark.parametrize("mode", MODES)
def test_a_hostile_image_changes_nothing(tmp_path: Path, mode: str) -> None:
    """Entry point, command, user, directory, volume, health check and HOME of the image."""
    with opened(tmp_path, {"image": "swamp-test/hostile", "mode": mode}) as run:
        step = run.sh(
            'pwd; id -u; echo "$HOME"; echo "$IMAGE_SAYS"; echo "$PATH"; echo x > /data/x'
        )
        assert step.result.end is StepEnd.SUCCEEDED
        assert step.text.splitlines() == [
            run.run.workspace.path,
            str(run.run.workspace.uid),
            run.run.workspace.home,
            "hello",
            "/opt/image/bin:/bin",
        ]
        if mode == "session":
            (name,) = containers_of(run)
            assert "Health" not in inspect(name)["State"]


def test_containers_say_whose_they_are(tmp_path: Path) -> None:
    """At creation, so that there is no moment in which a sweep could not tell."""
    with opened(tmp_path, {"mode": "session"}) as run:
        (name,) = containers_of(run)
        labels = inspect(name)["Config"]["Labels"]
    owner = run.run.owner
    assert labels["swamp-driver.run"] == run.run.run_id
    assert labels["swamp-driver.owner.pid"] == str(owner.pid)
    assert labels["swamp-driver.owner.boot"] == owner.boot_id
    assert labels["swamp-driver.owner.start"] == owner.start_time


@pytest.mark.parametrize("mode", MODES)
def test_secrets_are_in_frames_only(tmp_path: Path, mode: str) -> None:
    """`inspect` shows a container to everyone who may use the engine."""
    options: dict[str, Json] = {"mode": mode, "env": {"FROM_OPTIONS": "canary-options"}}
    with opened(tmp_path, options, run={"expected_steps": 1}) as run:
        step = run.start_sh(
            'echo "$TOKEN$FROM_OPTIONS"; while [ ! -e go ]; do sleep 0.01; done',
            env={"TOKEN": "canary-step"},
            secret_names=frozenset({"TOKEN"}),
        )
        step.wait_for_output(b"canary-stepcanary-options")
        shown = [str(inspect(name)) for name in containers_of(run)]
        (run.path / "go").touch()
        assert step.result.end is StepEnd.SUCCEEDED
    assert shown
    assert not any("canary" in text for text in shown)


def test_the_callers_environment_stays_outside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what a step declares and what its image brings."""
    monkeypatch.setenv("SECRET_CANARY", "canary")
    with opened(tmp_path) as run:
        names = {line.partition("=")[0] for line in run.sh("env").text.splitlines()}
    declared = {"HOME", "TMPDIR", "LANG", "SWAMP_WORKSPACE", "SWAMP_EXCHANGE"}
    assert names - declared <= {"PATH", "HOSTNAME", "PWD", "SHLVL", "OLDPWD"}
