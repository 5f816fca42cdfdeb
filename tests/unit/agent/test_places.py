"""The agent where containers put it: without rights, as process 1, on another machine."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest

from swamp_driver.agent import LocalAgent, agent_binary
from swamp_driver.spec import StepEnd
from tests.unit.agent.places import (
    ANYBODY,
    AS_ANYBODY,
    AS_INIT,
    AS_INIT_WITHOUT_PROC,
    WITHOUT_CAPABILITIES,
    agent_as,
    needs_root,
)
from tests.unit.agent.steps import Running, alive, eventually, mark, run, sh, step

GET_AWAY = "setsid sh -c 'trap \"\" TERM; while :; do sleep 0.01; done' $0 &"


def assert_contains(agent: LocalAgent) -> None:
    """Make sure that nothing of a step survives it."""
    marker = mark()
    ran = run(agent.connection, sh(f"{GET_AWAY} {GET_AWAY} sleep 0.05; exit 7", marker))
    assert ran.result.exit_code == 7
    assert ran.result.detail == ""
    assert alive(marker) == []


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(WITHOUT_CAPABILITIES, id="without capabilities"),
        pytest.param(AS_ANYBODY, id="unknown user", marks=needs_root),
        pytest.param(AS_INIT, id="process 1", marks=needs_root),
        pytest.param((*AS_INIT, *AS_ANYBODY), id="process 1, unknown user", marks=needs_root),
    ],
)
def test_steps_are_contained_without_privilege(tmp_path: Path, command: tuple[str, ...]) -> None:
    """All that it needs is to be the parent."""
    with agent_as(tmp_path, command) as agent:
        assert agent.connection.hello.contains_all
        assert agent.connection.hello.uid == (ANYBODY if str(ANYBODY) in command else os.getuid())
        assert_contains(agent)


@needs_root
def test_a_step_of_the_same_user_cannot_look_into_the_agent(tmp_path: Path) -> None:
    """What other steps were given, secrets included, went through its memory."""
    script = (
        "p=$PPID; while [ $p -gt 1 ]; do "
        "cat /proc/$p/environ /proc/$p/maps > /dev/null && echo read $p; ls /proc/$p/fd; "
        "grep -q swamp-agent /proc/$p/comm || break; "
        "p=$(awk '/^PPid/ {print $2}' /proc/$p/status); done 2>/dev/null"
    )
    with agent_as(tmp_path, AS_ANYBODY) as agent:
        ran = run(agent.connection, sh(script))

    assert ran.stdout == b""


@needs_root
def test_process_1_reaps_what_it_is_left(tmp_path: Path) -> None:
    """Also what a supervisor left that was killed."""
    with agent_as(tmp_path, AS_INIT) as agent:
        assert agent.connection.hello.is_init
        assert agent.connection.hello.pid == 1
        killed = run(agent.connection, sh(f"{GET_AWAY} kill -9 $PPID; sleep 1000", "x"))
        assert killed.result.end is StepEnd.LOST
        listed = run(agent.connection, sh("cat /proc/[0-9]*/stat")).stdout.decode()

    states = [line.rpartition(")")[2].split()[0] for line in listed.splitlines()]
    assert "Z" not in states
    assert len(states) <= 4  # agent, supervisor, sh, cat


@needs_root
def test_a_step_cannot_stop_process_1(tmp_path: Path) -> None:
    """A TERM from inside is no `docker stop`; a KILL does not reach it at all."""
    with agent_as(tmp_path, AS_INIT) as agent:
        other = Running(agent.connection, sh("echo up; sleep 1000"))
        other.output.wait_for(b"up")
        ran = run(agent.connection, sh("kill -TERM 1; kill -KILL 1; kill -INT 1; exit 3"))
        assert ran.result.exit_code == 3
        assert not other.ended
        assert agent.connection.lost is None


@needs_root
def test_a_term_from_outside_stops_process_1(tmp_path: Path) -> None:
    """`docker stop` must not wait for its time-out."""
    with agent_as(tmp_path, AS_INIT) as agent:
        children = Path(f"/proc/{agent.pid}/task/{agent.pid}/children")
        init = int(children.read_text(encoding="ascii"))
        os.kill(init, signal.SIGTERM)
        eventually(lambda: agent.connection.lost is not None, "it has stopped")
        assert agent.connection.lost == "the agent was told to stop"


@needs_root
def test_without_proc_it_says_so_and_the_group_still_dies(tmp_path: Path) -> None:
    """What left the group is killed with the namespace, at the latest."""
    hide = ("sh", "-c", 'mount -t tmpfs none /proc && exec "$0"')
    marker = mark()
    with agent_as(tmp_path, (*AS_INIT_WITHOUT_PROC, *hide)) as agent:
        assert not agent.connection.hello.contains_all
        plain = run(agent.connection, sh("sleep 1000 & exit 3", marker)).result
        assert (plain.exit_code, plain.detail) == (3, "")
        away = run(agent.connection, sh(f"{GET_AWAY} sleep 0.1; exit 4", marker)).result
        assert away.exit_code == 4
        assert away.detail.startswith("there is no /proc")
    eventually(lambda: alive(marker) == [], "the namespace is gone")


def test_the_other_architecture_runs_as_well(tmp_path: Path) -> None:
    """Under emulation, with steps of this machine; what escapes is for the real kernel to adopt."""
    emulator = shutil.which("qemu-aarch64-static")
    if emulator is None:
        pytest.skip("qemu-aarch64-static is not installed")
    with agent_as(tmp_path, (emulator,), program=agent_binary("arm64")) as agent:
        assert agent.connection.hello.machine == "aarch64"
        exchange = tmp_path / "exchange"
        ran = run(
            agent.connection,
            sh(
                "echo out; echo err >&2; echo data > $SWAMP_EXCHANGE/output; exit 5",
                mark(),
                exchange=str(exchange),
                env={"SWAMP_EXCHANGE": str(exchange)},
                collect=("output",),
            ),
        )
        assert ran.result.exit_code == 5
        assert (ran.stdout, ran.stderr) == (b"out\n", b"err\n")
        assert ran.result.collected == {"output": b"data\n"}
        assert not exchange.exists()
        assert run(agent.connection, step("true", timeout_s=30)).result.exit_code == 0
