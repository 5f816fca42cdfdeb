"""The agent under checks of memory and behaviour: garbage, cut frames, and a normal session."""

from __future__ import annotations

import os
import random
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from swamp_driver.agent import LocalAgent, start_local_agent
from swamp_driver.agent._binary import blob, listed, text, u8, u16, u32, u64
from swamp_driver.agent._frames import Frame, FrameDecoder, encode_request
from swamp_driver.agent._protocol import MAGIC, FrameType
from swamp_driver.agent._run_request import encode_run
from swamp_driver.errors import StepStartError, WorkspaceError
from swamp_driver.spec import StepEnd
from tests.unit.agent.places import PATH
from tests.unit.agent.sanitized import build_sanitized
from tests.unit.agent.steps import DEADLINE_S, Running, run, sh, step

ENVIRONMENT = {
    "PATH": PATH,
    # The leak checker traces the process, which the agent does not let anyone do.
    "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0:exitcode=99:handle_segv=1",
    "UBSAN_OPTIONS": "halt_on_error=1:exitcode=99:print_stacktrace=1",
}


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the agent with sanitizers; parallel test processes share it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with FileLock(shared / "sanitized.lock"):
        built = build_sanitized(shared)
    if built is None:
        pytest.skip("no compiler here can check addresses and undefined behaviour")
    return built


@pytest.fixture
def agent(program: Path) -> Iterator[LocalAgent]:
    """Start the agent with sanitizers."""
    local = start_local_agent(env=ENVIRONMENT, program=program)
    yield local
    local.close()


def frame(kind: FrameType, request: int = 0, payload: bytes = b"") -> bytes:
    """Return a whole request."""
    return b"".join(encode_request(kind, request, payload))


OPEN = frame(FrameType.OPEN, 0, MAGIC + u16(1) + u32(0))
RUN = encode_run(
    step("true", env={"A": "b"}, cwd="/", collect=("x",), directories=("d",)), credit=1000
)
OWNER = u32(2**32 - 1) * 2
REQUESTS = (
    frame(FrameType.RUN, 1, RUN),
    frame(FrameType.CANCEL, 1, u8(1)),
    frame(FrameType.CREDIT, 1, u32(100)),
    frame(FrameType.READ_FILE, 2, text(b"/nowhere/at/all") + u64(10)),
    frame(FrameType.WRITE_FILE, 3, text(b"/nowhere/at/all") + u32(0o644) + OWNER + blob(b"data")),
    frame(FrameType.MAKE_DIRECTORIES, 4, listed([text(b"relative")]) + u32(0o755) + OWNER),
    frame(FrameType.REMOVE_TREE, 5, text(b"/nowhere/at/all")),
    frame(FrameType.CHOWN_TREE, 6, text(b"/nowhere/at/all") + OWNER),
    frame(FrameType.PING, 7),
)


def talk(program: Path, data: bytes) -> tuple[int, list[Frame], bytes]:
    """Send bytes and the end; return exit code, what was answered, and standard error."""
    done = subprocess.run(
        [program],
        input=data,
        capture_output=True,
        env=ENVIRONMENT,
        timeout=DEADLINE_S,
        check=False,
    )
    return done.returncode, list(FrameDecoder().feed(done.stdout)), done.stderr


def assert_ends_cleanly(program: Path, data: bytes) -> None:
    """Make sure that the agent ends by itself, with one of its own exit codes, and no report."""
    code, frames, complaints = talk(program, data)
    assert complaints == b"", data
    assert code in {0, 2}, data
    assert frames[0].type is FrameType.HELLO


def test_garbage_ends_the_agent_in_order(program: Path) -> None:
    """Random bytes, alone and after a good beginning; and what looks nearly right."""
    source = random.Random(7)  # noqa: S311 - the same bytes each time
    for _ in range(60):
        noise = source.randbytes(source.randrange(1, 300))
        assert_ends_cleanly(program, noise)
        assert_ends_cleanly(program, OPEN + noise)
        kind = source.randrange(0, 80)
        header = struct.pack("<IIHH", len(noise), source.randrange(9), 0, kind)
        assert_ends_cleanly(program, OPEN + header + noise)


def test_requests_with_flipped_bytes_end_it_in_order_or_are_served(program: Path) -> None:
    """Lengths and counts that lie are what overruns are made of."""
    source = random.Random(11)  # noqa: S311 - the same bytes each time
    for request in REQUESTS:
        for _ in range(12):
            damaged = bytearray(request)
            damaged[source.randrange(12, len(request)) if len(request) > 12 else 0] = (
                source.randrange(256)
            )
            assert_ends_cleanly(program, OPEN + bytes(damaged))


def test_requests_that_were_cut_end_it_in_order(program: Path) -> None:
    """A stream may end anywhere."""
    whole = OPEN + b"".join(REQUESTS)
    for size in range(0, len(whole), 11):
        assert_ends_cleanly(program, whole[:size])


@pytest.mark.parametrize(
    "data",
    [
        frame(FrameType.PING),
        OPEN + OPEN,
        OPEN + frame(FrameType.HELLO),
        OPEN + struct.pack("<IIHH", 0, 0, 1, FrameType.PING),
        OPEN + struct.pack("<IIHH", (1 << 20) + 1, 1, 0, FrameType.PART),
        OPEN + struct.pack("<IIHH", 2**32 - 1, 1, 0, FrameType.RUN),
        OPEN + frame(FrameType.PART, 1, b"x") + frame(FrameType.PING, 2),
        OPEN + frame(FrameType.CANCEL, 1, u8(3)),
        OPEN + frame(FrameType.RUN, 1, RUN + b"x"),
        OPEN + frame(FrameType.RUN, 1, RUN.replace(text(b"d"), text(b"/"))),
        OPEN + frame(FrameType.RUN, 1, RUN.replace(text(b"A=b"), text(b"A-b"))),
    ],
)
def test_what_breaks_the_protocol_is_named_and_ends_it(program: Path, data: bytes) -> None:
    """A client that is wrong once cannot be trusted with the rest of its bytes."""
    code, frames, complaints = talk(program, data + frame(FrameType.PING, 99))

    assert (code, complaints) == (2, b"")
    assert [f.type for f in frames] == [FrameType.HELLO, FrameType.FATAL]


def test_a_request_of_endless_parts_is_refused(program: Path) -> None:
    """Memory is bounded, whatever the client says."""
    part = frame(FrameType.PART, 1, bytes(1 << 20))

    code, frames, complaints = talk(program, OPEN + part * 65)

    assert (code, complaints) == (2, b"")
    assert b"too large" in frames[-1].payload


def test_many_pings_are_all_answered(program: Path) -> None:
    """Answers must never be dropped for want of room."""
    code, frames, _ = talk(
        program, OPEN + frame(FrameType.PING, 1) * 200_000 + frame(FrameType.SHUTDOWN)
    )

    assert code == 0
    assert sum(f.type is FrameType.PONG for f in frames) == 200_000


def test_a_normal_session_gives_no_complaint(agent: LocalAgent, tmp_path: Path) -> None:
    """A bit of everything."""
    exchange = tmp_path / "exchange"
    request = sh(
        "echo out; echo err >&2; echo data > output; setsid sleep 1000 & exit 3",
        exchange=str(exchange),
        cwd=str(tmp_path),
        files={"script": bytes(3 << 20), "output": b""},
        directories=("tmp",),
        collect=("output", "missing", "tmp"),
    )
    connection = agent.connection
    for _ in range(3):
        ran = run(connection, request)
        assert (ran.result.end, ran.result.exit_code) == (StepEnd.FAILED, 3)
        assert (ran.stdout, ran.stderr) == (b"out\n", b"err\n")
    with pytest.raises(StepStartError):
        run(connection, step("nope"))
    assert len(run(connection, step("head", "-c", str(20 << 20), "/dev/zero")).stdout) == 20 << 20
    timed_out = run(connection, sh("trap '' TERM; while :; do :; done", timeout_s=0.1, grace_s=0.1))
    assert timed_out.result.end is StepEnd.TIMED_OUT
    killed = run(connection, sh("setsid sleep 1000 & kill -9 $PPID; sleep 1000"))
    assert killed.result.end is StepEnd.LOST
    steps = [Running(connection, sh("sleep 0.1; echo $0", str(n))) for n in range(20)]
    assert [running.result().exit_code for running in steps] == [0] * 20
    _use_files(agent, tmp_path)
    agent.close()
    assert agent.exit_code == 0


def _use_files(agent: LocalAgent, tmp_path: Path) -> None:
    connection = agent.connection
    tree = tmp_path / "tree"
    connection.make_directories([str(tree / "a" / "b")])
    connection.write_file(str(tree / "a" / "file"), bytes(2 << 20))
    assert len(connection.read_file(str(tree / "a" / "file"), limit_bytes=4 << 20)) == 2 << 20
    deep = tree
    for _ in range(120):
        deep = deep / "d"
    deep.mkdir(parents=True)
    (deep / "file").touch()
    (tree / "link").symlink_to("/")
    status = tree.stat()
    assert connection.chown_tree(str(tree), uid=status.st_uid, gid=status.st_gid) == ()
    assert connection.remove_tree(str(tree)) == ()
    with pytest.raises(WorkspaceError):
        connection.read_file(str(tree), limit_bytes=1)
