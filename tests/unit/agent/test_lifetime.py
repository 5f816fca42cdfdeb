"""When a step has ended, nothing of it is alive; and what makes it end."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from swamp_driver.agent import AgentConnection, LocalAgent
from swamp_driver.spec import CancelStage, StepEnd
from tests.unit.agent.steps import Running, alive, eventually, mark, run, sh, step

LOOP = "sh -c 'while :; do sleep 0.01; done'"
ESCAPES = {
    "background": f"{LOOP} $0 &",
    "subshell": f"( ( {LOOP} $0 & ) & )",
    "setsid": f"setsid {LOOP} $0 &",
    "double setsid": f"setsid setsid --fork {LOOP} $0",
    "nohup": f"nohup {LOOP} $0 > /dev/null 2>&1 &",
    "env -i": f"env -i PATH=$PATH setsid {LOOP} $0 > /dev/null 2>&1 &",
    "ignores signals": "setsid sh -c 'trap \"\" TERM INT HUP; while :; do sleep 0.01; done' $0 &",
    "stopped": f"setsid {LOOP} $0 & kill -STOP $!",
    "deep": "setsid sh -c 'setsid sh -c \"sleep 1000 & wait\" $0 & wait' $0 &",
    "own subreaper": (
        f"{sys.executable} -c 'import ctypes,os,sys,time; ctypes.CDLL(None).prctl(36,1); "
        "os.fork() or os.setsid(); os.fork(); time.sleep(1000)' $0 &"
    ),
}


@pytest.mark.parametrize("escape", ESCAPES.values(), ids=ESCAPES.keys())
def test_what_a_step_leaves_behind_is_dead_when_it_returns(
    connection: AgentConnection, escape: str
) -> None:
    """However it tried to get away."""
    marker = mark()

    ran = run(connection, sh(f"{escape}\n sleep 0.05; echo done", marker))

    assert alive(marker) == []
    assert ran.stdout == b"done\n"
    assert ran.result.end is StepEnd.SUCCEEDED


@pytest.mark.parametrize("escape", ESCAPES.values(), ids=ESCAPES.keys())
@pytest.mark.parametrize("stage", [CancelStage.GRACEFUL, CancelStage.NOW])
def test_a_cancelled_step_is_gone_altogether(
    connection: AgentConnection, escape: str, stage: CancelStage
) -> None:
    """A cancel reaches what a TERM to the group does not."""
    marker = mark()
    running = Running(connection, sh(f"{escape}\n echo up; sleep 1000", marker))
    running.output.wait_for(b"up")
    eventually(lambda: len(alive(marker)) > 1, "it has got away")

    running.cancel.cancel(stage)

    assert running.result().end is StepEnd.CANCELLED
    assert alive(marker) == []


def test_a_background_child_that_holds_the_output_delays_nothing(
    connection: AgentConnection,
) -> None:
    """What it wrote before comes, and its death ends the wait."""
    start = time.monotonic()

    ran = run(connection, sh("(echo early; exec sleep 1000) & sleep 0.1; echo hi"))

    assert sorted(ran.stdout.split()) == [b"early", b"hi"]
    assert time.monotonic() - start < 10


STORMS = {
    "in its group": "import os\nwhile True: os.fork()",
    "in new sessions": (
        "import os\nwhile True:\n  os.fork()\n  try: os.setsid()\n  except OSError: pass"
    ),
    "a chain": ("import os\nwhile True:\n  if os.fork(): os._exit(0)\n  os.setsid()"),
}


@pytest.mark.parametrize("storm", STORMS.values(), ids=STORMS.keys())
def test_a_fork_storm_ends_with_its_step(connection: AgentConnection, storm: str) -> None:
    """Killing must win against forking. The limit keeps the machine usable meanwhile."""
    marker = mark()
    limited = (
        "import os, resource, sys\n"
        "if os.getuid() == 0: os.setgroups([]); os.setgid(64123); os.setuid(64123)\n"
        "resource.setrlimit(resource.RLIMIT_NPROC, (150, 150))\n"
        "def fork():\n"
        "  try: return real()\n"
        "  except OSError: return 0\n"
        "real = os.fork; os.fork = fork\n"
    )
    request = sh(f'{sys.executable} -c "$1" $0 & sleep 0.5; echo done', marker, limited + storm)

    ran = run(connection, request)

    assert alive(marker) == []
    assert ran.stdout == b"done\n"
    assert ran.result.detail == ""


def test_a_time_out_ends_the_step_and_keeps_its_last_words(connection: AgentConnection) -> None:
    """TERM first, so that it can tidy up."""
    script = "trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.01; done"

    ran = run(connection, sh(script, timeout_s=0.3))

    assert ran.result.end is StepEnd.TIMED_OUT
    assert ran.result.exit_code == 3
    assert ran.stdout == b"up\nbye\n"
    assert 0.3 <= ran.result.duration_s < 10


def test_grace_passes_before_the_kill(connection: AgentConnection) -> None:
    """What ignores TERM is killed after it, and not before."""
    script = "trap '' TERM; echo up; while :; do sleep 0.01; done"

    ran = run(connection, sh(script, timeout_s=0.2, grace_s=0.3))

    assert ran.result.end is StepEnd.TIMED_OUT
    assert ran.result.signal == signal.SIGKILL
    assert 0.5 <= ran.result.duration_s < 10


def test_a_grace_of_nothing_kills_at_once(connection: AgentConnection) -> None:
    """There is nobody to ask then."""
    ran = run(connection, sh("trap 'echo bye' TERM; sleep 1000", timeout_s=0.1, grace_s=0))

    assert ran.result.end is StepEnd.TIMED_OUT
    assert ran.stdout == b""


def test_a_stopped_step_still_sees_the_term(connection: AgentConnection) -> None:
    """It is continued, or its trap would never run."""
    running = Running(connection, sh("trap 'echo bye; exit 0' TERM; echo up; kill -STOP $$; :"))
    running.output.wait_for(b"up")

    running.cancel.cancel()

    assert running.result().end is StepEnd.CANCELLED
    assert running.output.stdout == b"up\nbye\n"


def test_a_cancel_ends_one_of_eight(connection: AgentConnection, tmp_path: Path) -> None:
    """The others have nothing to do with it."""
    script = "echo up; while [ ! -e $0 ]; do sleep 0.01; done; exit 7"
    go = tmp_path / "go"
    steps = [Running(connection, sh(script, str(go))) for _ in range(8)]
    for running in steps:
        running.output.wait_for(b"up")

    steps[3].cancel.cancel()

    assert steps[3].result().end is StepEnd.CANCELLED
    assert [running.ended for running in steps] == [n == 3 for n in range(8)]
    go.touch()
    others = steps[:3] + steps[4:]
    assert [running.result().exit_code for running in others] == [7] * 7


def test_a_cancel_that_comes_after_the_end_changes_nothing(
    agent: LocalAgent, tmp_path: Path
) -> None:
    """The supervisor, busy with its exchange directory then, exits with the command unread.

    The agent is held while it does: the line has an error for it then, before the last message.
    """
    exchange = tmp_path / "exchange"
    script = "cd $0; seq 2000 | xargs touch; echo $PPID $$ up; exit 3"
    running = Running(agent.connection, sh(script, str(exchange), exchange=str(exchange)))
    running.output.wait_for(b"up")
    supervisor, leader = running.output.stdout.decode().split()[:2]
    eventually(lambda: not Path("/proc", leader).exists(), "the leader has ended")

    running.cancel.cancel()
    agent.connection.make_directories([str(tmp_path)])  # so the agent has passed the cancel on
    os.kill(agent.pid, signal.SIGSTOP)
    try:
        eventually(lambda: state_of(supervisor) in {"Z", ""}, "the supervisor has ended")
    finally:
        os.kill(agent.pid, signal.SIGCONT)

    result = running.result()
    assert (result.end, result.exit_code) == (StepEnd.FAILED, 3)


def state_of(pid: str) -> str:
    """Return the letter of a process's state, or nothing where there is none."""
    try:
        stat = Path("/proc", pid, "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[0]


def test_a_second_cancel_does_not_wait_for_the_grace(connection: AgentConnection) -> None:
    """Ctrl-C twice."""
    running = Running(connection, sh("trap '' TERM; echo up; while :; do sleep 0.01; done"))
    running.output.wait_for(b"up")

    running.cancel.cancel()
    running.cancel.cancel(CancelStage.NOW)

    result = running.result()
    assert (result.end, result.signal) == (StepEnd.CANCELLED, signal.SIGKILL)


def test_the_end_of_the_connection_kills_everything(agent: LocalAgent) -> None:
    """The controller has died, or closed: nobody will ask for the result."""
    marker = mark()
    running = Running(agent.connection, sh(f"{ESCAPES['setsid']} echo up; sleep 1000", marker))
    running.output.wait_for(b"up")

    agent.close()

    assert alive(marker) == []
    assert running.result().end is StepEnd.LOST
    assert not Path(f"/proc/{agent.pid}").exists()


def test_the_death_of_the_agent_kills_its_steps(agent: LocalAgent) -> None:
    """Whatever killed it; the result says that the end is not known."""
    marker = mark()
    running = Running(agent.connection, sh(f"{ESCAPES['setsid']} echo up; sleep 1000", marker))
    running.output.wait_for(b"up")

    os.kill(agent.pid, signal.SIGKILL)

    result = running.result()
    assert (result.end, result.exit_code) == (StepEnd.LOST, None)
    assert result.detail == "local agent: the stream ended"
    eventually(lambda: alive(marker) == [], "the steps are gone")
    assert agent.connection.lost == "the stream ended"


@pytest.mark.parametrize("number", ["KILL", "STOP"])
def test_a_step_that_kills_its_supervisor_dies_as_well(agent: LocalAgent, number: str) -> None:
    """It runs as the same user, so it can; its family then falls to the agent."""
    marker = mark()
    other = Running(agent.connection, sh("echo up; sleep 1000"))
    other.output.wait_for(b"up")
    script = (
        f"{ESCAPES['setsid']} {ESCAPES['background']} echo up; kill -{number} $PPID; sleep 1000"
    )

    result = run(agent.connection, sh(script, marker)).result

    assert result.end is StepEnd.LOST
    assert result.detail == "the step's supervisor was killed"
    assert alive(marker) == []
    assert not other.ended
    other.cancel.cancel()
    assert other.result().end is StepEnd.CANCELLED


@pytest.mark.parametrize("number", ["TERM", "INT", "HUP", "USR1", "PIPE", "ABRT"])
def test_a_step_cannot_disturb_its_supervisor(connection: AgentConnection, number: str) -> None:
    """Nothing but KILL and STOP gets through to it."""
    ran = run(connection, sh(f"kill -{number} $PPID; echo done; exit 4"))

    assert (ran.stdout, ran.result.exit_code) == (b"done\n", 4)


def test_a_term_from_outside_ends_the_steps_gracefully(agent: LocalAgent) -> None:
    """`docker stop` asks nicely: what runs may tidy up, and is reported as lost."""
    script = "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.01; done"
    running = Running(agent.connection, sh(script))
    running.output.wait_for(b"up")

    os.kill(agent.pid, signal.SIGTERM)

    result = running.result()
    assert result.end is StepEnd.LOST
    assert result.detail == "the agent was told to stop from outside"
    assert running.output.stdout == b"up\nbye\n"
    eventually(lambda: agent.connection.lost is not None, "the agent has ended")
    assert agent.connection.lost == "the agent was told to stop"


def test_an_idle_agent_stops_at_once(agent: LocalAgent) -> None:
    """Ten seconds per container add up."""
    start = time.monotonic()
    os.kill(agent.pid, signal.SIGTERM)
    eventually(lambda: agent.connection.lost is not None, "the agent has ended")
    assert time.monotonic() - start < 5


def test_zombies_do_not_pile_up_while_a_step_runs(connection: AgentConnection) -> None:
    """Orphans of a long step come to its supervisor, which reaps them."""
    orphans = "i=0; while [ $i -lt 300 ]; do (true & ) ; i=$((i+1)); done"
    running = Running(connection, sh(f"{orphans}; echo $PPID up; sleep 1000"))
    running.output.wait_for(b"up")
    supervisor = int(running.output.stdout.split()[0])
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children")

    eventually(
        lambda: len(children.read_text(encoding="ascii").split()) == 1, "only the leader is left"
    )

    running.cancel.cancel()
    assert running.result().end is StepEnd.CANCELLED


def test_a_hundred_steps_leave_no_child_of_the_agent(agent: LocalAgent) -> None:
    """Nor a descriptor."""
    before = len(list(Path(f"/proc/{agent.pid}/fd").iterdir()))
    for _ in range(100):
        run(agent.connection, step("true"))
    children = Path(f"/proc/{agent.pid}/task/{agent.pid}/children")

    eventually(lambda: children.read_text(encoding="ascii") == "", "the supervisors are reaped")
    assert len(list(Path(f"/proc/{agent.pid}/fd").iterdir())) == before
