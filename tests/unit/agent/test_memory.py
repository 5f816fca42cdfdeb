"""Steps that are killed for want of memory, told from those that are killed otherwise."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from swamp_driver.agent import AgentConnection
from swamp_driver.spec import StepEnd
from tests.unit.agent.places import agent_as
from tests.unit.agent.steps import Running, mark, run, sh

_LIMIT = 64 << 20
_V1 = Path("/sys/fs/cgroup/memory")
_V2 = Path("/sys/fs/cgroup")


def _make_group() -> Path:
    """Make a control group with a memory limit."""
    parent, limits = (
        (_V1, {"memory.limit_in_bytes": _LIMIT})
        if (_V1 / "memory.limit_in_bytes").exists()
        else (_V2, {"memory.max": _LIMIT, "memory.swap.max": 0})
    )
    group = parent / mark()
    group.mkdir()
    for name, value in limits.items():
        (group / name).write_text(str(value), encoding="ascii")
    return group


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[AgentConnection]:
    """Start an agent whose steps have little memory."""
    if os.geteuid() != 0:
        pytest.skip("only root can limit memory")
    try:
        group = _make_group()
    except OSError as error:
        pytest.skip(f"this machine does not let us limit memory: {error}")
    try:
        enter = ("sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$0"')
        with agent_as(tmp_path, enter) as agent:
            yield agent.connection
    finally:
        group.rmdir()


HOG = f"{sys.executable} -c 'x = bytearray(1 << 30)'"


def test_a_leader_without_memory_is_out_of_memory(connection: AgentConnection) -> None:
    """The kernel killed it, and says so in its counter."""
    result = run(connection, sh(f"exec {HOG}")).result

    assert (result.end, result.signal, result.exit_code) == (StepEnd.OUT_OF_MEMORY, 9, 137)


def test_a_child_without_memory_that_the_shell_passes_on_is_out_of_memory(
    connection: AgentConnection,
) -> None:
    """A script mostly ends with the status of what it ran."""
    result = run(connection, sh(f"{HOG}; exit $?")).result

    assert (result.end, result.exit_code) == (StepEnd.OUT_OF_MEMORY, 137)


def test_a_child_without_memory_that_the_step_copes_with_is_its_own_affair(
    connection: AgentConnection,
) -> None:
    """The code of the leader is what counts."""
    assert run(connection, sh(f"{HOG} || exit 3")).result.end is StepEnd.FAILED
    assert run(connection, sh(f"{HOG} || exit 0")).result.end is StepEnd.SUCCEEDED


def test_an_innocent_step_is_not_blamed_later(connection: AgentConnection) -> None:
    """The counter stays where it is; what counts is that it rose."""
    run(connection, sh(f"exec {HOG}"))

    assert run(connection, sh("exit 137")).result.end is StepEnd.FAILED
    assert run(connection, sh("kill -9 $$")).result.end is StepEnd.SIGNALLED


def test_of_parallel_steps_only_the_one_that_was_killed_is_blamed(
    connection: AgentConnection,
) -> None:
    """The counter rose while all of them ran."""
    others = [Running(connection, sh("echo up; sleep 1000")) for _ in range(2)]
    for other in others:
        other.output.wait_for(b"up")

    assert run(connection, sh(f"exec {HOG}")).result.end is StepEnd.OUT_OF_MEMORY

    for other in others:
        other.cancel.cancel()
        assert other.result().end is StepEnd.CANCELLED


def test_an_exit_with_137_beside_a_kill_that_was_put_down_to_another_is_a_failure(
    connection: AgentConnection, tmp_path: Path
) -> None:
    """One kill explains one such exit, not two."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    other = Running(connection, sh("echo up; read x < $0; exit 137", str(fifo)))
    other.output.wait_for(b"up")

    assert run(connection, sh(f"exec {HOG}")).result.end is StepEnd.OUT_OF_MEMORY
    fifo.write_text("go\n", encoding="ascii")

    assert other.result().end is StepEnd.FAILED
