"""Steps of a run that reach each other on loopback: one network, and nothing left of it."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from swamp_driver.spec import Json
from tests.drivers.harness import OpenRun, StepRun
from tests.engine.place import DEBIAN, MODES, containers_of, docker, docker_run, opened

pytestmark = pytest.mark.engine

SERVE = (
    "mkdir -p www; echo hello > www/index.html; echo up; exec httpd -f -p 127.0.0.1:18087 -h www"
)
USE = (
    "for _ in 1 2 3 4 5 6 7 8 9 10; do "
    "wget -q -O - http://127.0.0.1:18087/ && exit 0; sleep 0.2; done; exit 1"
)


def serving(run: OpenRun) -> StepRun:
    """Start a server as a step of the run."""
    step = run.start_sh(SERVE)
    step.wait_for_output(b"up")
    return step


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"network": "none"},
        {"network": "host"},
        {
            "extraArgs": [
                "--hostname=here",
                "--add-host=there:127.0.0.1",
                "--dns=127.0.0.1",
                "--sysctl=net.ipv4.ip_default_ttl=63",
            ]
        },
    ],
    ids=["as it comes", "none", "host", "flags of a network"],
)
def test_what_a_step_serves_another_one_reaches(
    tmp_path: Path, mode: str, options: dict[str, Json]
) -> None:
    """A server and its clients mean the same by 127.0.0.1 on the host and in every mode."""
    with opened(tmp_path, {"mode": mode, **options}, run={"services": True}) as run:
        serving(run)
        assert run.sh(USE).text == "hello"


def test_options_of_a_network_hold_in_the_shared_one(tmp_path: Path) -> None:
    """They are the holder's, and the engine would refuse them in a container that joins."""
    flags: list[Json] = ["--hostname=here", "--add-host=there:127.0.0.1"]
    with opened(tmp_path, {"extraArgs": flags}, run={"services": True}) as run:
        seen = run.sh("hostname; grep there /etc/hosts").text
    assert seen.split() == ["here", "127.0.0.1", "there"]


def test_steps_share_no_network_where_nobody_asked(tmp_path: Path) -> None:
    """Loopback of their own is the isolation that a container per step is chosen for."""
    with opened(tmp_path) as run:
        serving(run)
        assert run.sh(USE.replace("10;", "3;")).result.exit_code == 1
        assert not [name for name in containers_of(run) if "-network-" in name]


@pytest.mark.parametrize("modes", [("per-step", "per-step"), ("session", "per-step"), MODES])
def test_steps_with_other_images_reach_it_too(tmp_path: Path, modes: tuple[str, str]) -> None:
    """A database has another image than what is tested with it."""
    first_mode, second_mode = modes
    with ExitStack() as stack:
        first = stack.enter_context(
            opened(tmp_path, {"mode": first_mode}, run={"services": True}, name="run")
        )
        serving(first)
        second = docker_run(
            tmp_path,
            {"mode": second_mode, "image": DEBIAN},
            mode="attach",
            name="run",
            run={"services": True, "run_id": first.run.run_id},
        )
        second.prepare()
        stack.callback(second.teardown)
        client = (
            "exec 3<>/dev/tcp/127.0.0.1/18087; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3"
        )
        seen = second.execute("/bin/bash", "-c", client).text
        holders = [name for name in containers_of(first) if "-network-" in name]
        assert len(holders) == (0 if first_mode == "session" else 1)
    assert seen.endswith("hello")


def test_the_holder_bears_the_labels_of_the_run(tmp_path: Path) -> None:
    """Whatever happens to the host, it is found again."""
    with opened(tmp_path, run={"services": True}) as run:
        (name,) = [name for name in containers_of(run) if "-network-" in name]
        labels = docker("inspect", "--format", "{{json .Config.Labels}}", name)
    assert f'"swamp-driver.run":"{run.run.run_id}"' in labels
    assert '"swamp-driver.owner.pid"' in labels
