"""What a step gets, and what comes back of it."""

from __future__ import annotations

import hashlib
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from swamp_driver.agent import AgentConnection, start_local_agent
from swamp_driver.spec import CancelToken, StepEnd, StepIO
from tests.unit.agent.steps import Output, Running, eventually, run, sh, step


def test_every_exit_code_passes_through(connection: AgentConnection) -> None:
    """124, 126, 137 and the like mean nothing but themselves."""

    def code(number: int) -> tuple[int | None, StepEnd]:
        result = run(connection, sh(f"exit {number}")).result
        return result.exit_code, result.end

    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(code, range(256)))

    assert seen == [(0, StepEnd.SUCCEEDED), *((n, StepEnd.FAILED) for n in range(1, 256))]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV, signal.SIGINT])
def test_a_signal_that_kills_the_leader_is_named(
    connection: AgentConnection, number: signal.Signals
) -> None:
    """A caller tells a crash from a failure by it."""
    result = run(connection, sh(f"kill -{number} $$")).result

    assert (result.end, result.signal, result.exit_code) == (
        StepEnd.SIGNALLED,
        number,
        128 + number,
    )


def test_arguments_pass_unmangled(connection: AgentConnection) -> None:
    """No shell stands between the workflow and the program."""
    arguments = ["", " ", "a\nb", "'\"$HOME`id`", "*", "--", "-n", "é\udcff", "x" * 100_000]

    ran = run(connection, sh('printf "%s\\0" "$@"', "sh", *arguments))

    expected = "".join(argument + "\0" for argument in arguments)
    assert ran.stdout == expected.encode("utf-8", "surrogateescape")


def test_the_environment_is_what_was_declared_over_that_of_the_agent() -> None:
    """Nothing of the caller's environment passes, and an image's PATH stays."""
    agent = start_local_agent(env={"PATH": "/usr/bin:/bin", "KEPT": "1", "OVER": "old"})
    env = {"OVER": "new", "EMPTY": "", "LINES": "a\nb=c", "BIG": "x" * 100_000}
    try:
        ran = run(agent.connection, step("/usr/bin/env", "-0", env=env))
    finally:
        agent.close()

    seen = dict(entry.split("=", 1) for entry in ran.stdout.decode().split("\0") if entry)
    assert seen == {"PATH": "/usr/bin:/bin", "KEPT": "1", **env}


def test_the_program_is_looked_up_in_the_path_of_the_step(
    connection: AgentConnection, tmp_path: Path
) -> None:
    """A step that brings its own PATH finds its own programs."""
    program = tmp_path / "true"
    program.write_text("#!/bin/sh\necho mine\n")
    program.chmod(0o755)
    (tmp_path / "ls").mkdir()

    env = {"PATH": f"/nowhere:{tmp_path}:/usr/bin:/bin"}
    assert run(connection, step("true", env=env)).stdout == b"mine\n"
    assert run(connection, step("ls", "-d", "/", env=env)).stdout == b"/\n"


def test_a_relative_entry_of_path_counts_from_the_working_directory(
    connection: AgentConnection, tmp_path: Path
) -> None:
    """As it does in a shell that was started there."""
    program = tmp_path / "own"
    program.write_text("#!/bin/sh\npwd\n")
    program.chmod(0o755)

    ran = run(connection, step("own", cwd=str(tmp_path), env={"PATH": ":/bin"}))

    assert ran.stdout.decode().strip() == str(tmp_path.resolve())


def test_standard_input_is_empty_and_there_is_no_terminal(connection: AgentConnection) -> None:
    """A step that reads or asks must not hang."""
    script = "cat; for n in 0 1 2; do test -t $n && echo tty; done; (: < /dev/tty) 2>/dev/null"

    ran = run(connection, sh(f"{script} && echo tty"))

    assert ran.stdout == b""


def test_a_step_has_three_descriptors_and_nothing_of_the_agent(
    connection: AgentConnection,
) -> None:
    """It must not reach the agent's stream, its pipes or those of other steps."""
    other = Running(connection, sh("echo up; exec sleep 1000"))
    other.output.wait_for(b"up")

    seen = run(connection, sh("ls /proc/self/fd; umask; cat /proc/self/status"))
    other.cancel.cancel()

    lines = seen.stdout.decode().splitlines()
    assert lines[:4] == ["0", "1", "2", "3"]  # 3: ls reads the directory
    assert lines[4] == "0022"
    status = dict(line.split(":\t", 1) for line in lines[5:])
    assert int(status["SigBlk"], 16) == 0
    assert int(status["SigIgn"], 16) == 0


def test_streams_stay_apart_and_whole(connection: AgentConnection) -> None:
    """100,000 numbered lines on each, in order, and a last one without an end."""
    script = (
        "i=0; while [ $i -lt 100000 ]; do echo $i; echo e$i >&2; i=$((i+1)); done; "
        "printf last; printf elast >&2"
    )

    ran = run(connection, sh(script))

    lines = [str(n) for n in range(100_000)]
    assert ran.stdout.decode() == "\n".join([*lines, "last"])
    assert ran.stderr.decode() == "\n".join([*(f"e{n}" for n in lines), "elast"])


def test_output_of_any_bytes_is_unchanged(connection: AgentConnection, tmp_path: Path) -> None:
    """Logs are bytes until somebody looks at them."""
    content = bytes(range(256)) * 4096
    (tmp_path / "all").write_bytes(content)

    assert run(connection, step("cat", str(tmp_path / "all"))).stdout == content


def test_a_large_output_is_complete_and_takes_little_memory(connection: AgentConnection) -> None:
    """256 MB must pass through windows, not through lists."""
    size = 256 << 20
    seen = hashlib.sha256()
    before = _memory()
    peak = 0

    def take(_: str, data: bytes) -> None:
        nonlocal peak
        seen.update(data)
        peak = max(peak, _memory())

    result = connection.run_step(step("head", "-c", str(size), "/dev/zero"), StepIO(take))

    expected = hashlib.sha256()
    for _ in range(256):
        expected.update(bytes(1 << 20))
    assert result.end is StepEnd.SUCCEEDED
    assert seen.digest() == expected.digest()
    assert peak - before < 64 << 20


def _memory() -> int:
    resident = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(resident) * 4096


def test_output_arrives_while_the_step_runs(connection: AgentConnection) -> None:
    """A person watches it."""
    running = Running(connection, sh("echo first; read x < /dev/zero; sleep 1000"))
    running.output.wait_for(b"first")
    assert not running.ended

    running.cancel.cancel()
    assert running.result().end is StepEnd.CANCELLED


def test_a_short_step_never_loses_its_output(connection: AgentConnection) -> None:
    """The end must not overtake the output: 500 times."""

    def one(number: int) -> bytes:
        return run(connection, step("echo", str(number))).stdout

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(one, range(500))) == [f"{n}\n".encode() for n in range(500)]


def test_a_step_that_closes_its_output_is_still_waited_for(connection: AgentConnection) -> None:
    """The end of the output is not the end of the program."""
    ran = run(connection, sh("exec >&- 2>&-; sleep 0.2; exit 5"))

    assert ran.result.exit_code == 5
    assert ran.result.duration_s >= 0.2


def test_what_a_step_used_is_measured(connection: AgentConnection) -> None:
    """Its children count as well."""
    hog = "python3 -c 'x = b\"1\" * (64 << 20); sum(range(3000000))'"

    result = run(connection, sh(f"{hog}; true")).result

    assert result.usage.max_rss_bytes is not None
    assert result.usage.max_rss_bytes > 64 << 20
    assert result.usage.cpu_s is not None
    assert 0 < result.usage.cpu_s <= result.duration_s * 2


def test_a_slow_reader_holds_up_its_own_step_only(connection: AgentConnection) -> None:
    """One step's log on a slow disk must not stop the others."""
    slow_sink = Output()
    gate = CancelToken()
    taken = []

    def block(_: str, data: bytes) -> None:
        taken.append(len(data))
        gate.wait()

    slow = Running(connection, step("true"))
    slow.result()
    request = step("head", "-c", str(32 << 20), "/dev/zero")
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(connection.run_step, request, StepIO(block))
        eventually(lambda: bool(taken), "the slow reader has its first output")
        for _ in range(20):
            fast = run(connection, step("head", "-c", str(1 << 20), "/dev/zero"))
            assert len(fast.stdout) == 1 << 20
        assert not future.done()
        gate.cancel()
        assert future.result(30).end is StepEnd.SUCCEEDED
    assert sum(taken) == 32 << 20
    assert slow_sink.stdout == b""


def test_a_broken_sink_does_not_fail_the_step(connection: AgentConnection) -> None:
    """A log can never fail a step."""

    def broken(_: str, __: bytes) -> None:
        raise OSError("disk full")

    io = StepIO(broken)
    result = connection.run_step(step("head", "-c", str(8 << 20), "/dev/zero"), io)

    assert result.end is StepEnd.SUCCEEDED
    assert isinstance(io.sink_error, OSError)


def test_many_steps_at_once_do_not_mix(connection: AgentConnection) -> None:
    """One stream carries them all."""

    def one(number: int) -> set[bytes]:
        ran = run(connection, sh(f"for i in $(seq 200); do echo {number}; done"))
        assert len(ran.stdout.splitlines()) == 200
        return set(ran.stdout.splitlines())

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(one, range(64))) == [{str(n).encode()} for n in range(64)]


def test_a_step_that_was_cancelled_before_is_not_started(
    connection: AgentConnection, tmp_path: Path
) -> None:
    """The token may have been set while the step waited for its turn."""
    cancel = CancelToken()
    cancel.cancel()

    result = connection.run_step(step("touch", str(tmp_path / "ran")), Output(cancel).io)

    assert result.end is StepEnd.CANCELLED
    assert list(tmp_path.iterdir()) == []
