"""A connection whose far side is not what it should be."""

from __future__ import annotations

import platform
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from swamp_driver.agent import (
    AgentConnection,
    AgentHello,
    SocketStream,
    agent_binary,
    start_local_agent,
)
from swamp_driver.agent._binary import text, u16, u32
from swamp_driver.agent._frames import FrameDecoder, encode_request
from swamp_driver.agent._protocol import MAGIC, FrameType
from swamp_driver.agent._run_request import encode_run
from swamp_driver.errors import LostError, ProtocolError, UnavailableError
from swamp_driver.spec import StepEnd
from tests.unit.agent.places import PATH
from tests.unit.agent.steps import DEADLINE_S, Running, alive, eventually, mark, run, sh, step

HELLO = MAGIC + u16(1) + u32(11) + u32(22) + u32(33) + u32(1) + text(b"riscv64")


def frame(kind: FrameType, request: int = 0, payload: bytes = b"") -> bytes:
    """Return one frame as an agent would send it."""
    return b"".join(encode_request(kind, request, payload))


class Far:
    """The far side of a stream, in the hands of the test."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._socket.settimeout(DEADLINE_S)
        self._decoder = FrameDecoder()
        self._frames: list[tuple[FrameType, int, bytes]] = []

    def send(self, *data: bytes) -> None:
        """Send bytes."""
        self._socket.sendall(b"".join(data))

    def close(self) -> None:
        """End the stream."""
        self._socket.close()

    def expect(self, kind: FrameType) -> int:
        """Wait for a frame of that kind and return its request number."""
        while True:
            while self._frames:
                seen, request, _ = self._frames.pop(0)
                if seen is kind:
                    return request
            for got in self._decoder.feed(self._socket.recv(65536)):
                self._frames.append((got.type, got.request, got.payload))


@pytest.fixture
def ends() -> Iterator[tuple[SocketStream, Far]]:
    """Give both ends of a stream."""
    near, far = socket.socketpair()
    stream = SocketStream(near)
    yield stream, Far(far)
    stream.close()
    far.close()


def connected(ends: tuple[SocketStream, Far], **options: float) -> tuple[AgentConnection, Far]:
    """Connect to a far side that has said hello."""
    ends[1].send(frame(FrameType.HELLO, 0, HELLO))
    return AgentConnection(ends[0], peer="far", **options), ends[1]


def test_the_hello_says_who_answers(ends: tuple[SocketStream, Far]) -> None:
    """A driver decides by it."""
    connection, _ = connected(ends)

    assert connection.hello == AgentHello(
        version=1, pid=11, uid=22, gid=33, machine="riscv64", is_init=True, contains_all=False
    )


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"exec format error\n", "exec format error"),
        (frame(FrameType.PONG), "did not begin with the hello"),
        (frame(FrameType.HELLO, 0, b"SOMEBODY" + HELLO[8:]), "did not begin with the hello"),
        (frame(FrameType.HELLO, 0, MAGIC + u16(9) + HELLO[10:]), "version 9"),
        (frame(FrameType.HELLO, 0, HELLO[:20]), "too short"),
    ],
)
def test_what_is_no_agent_is_an_error(
    ends: tuple[SocketStream, Far], said: bytes, why: str
) -> None:
    """A shell, another protocol, another version."""
    ends[1].send(said)

    with pytest.raises(ProtocolError, match=why):
        AgentConnection(ends[0], peer="far")


def test_a_far_side_that_ends_at_once_is_lost(ends: tuple[SocketStream, Far]) -> None:
    """The program could not be run there."""
    ends[1].close()

    with pytest.raises(LostError, match="far: the stream"):
        AgentConnection(ends[0], peer="far")


def test_a_far_side_that_says_nothing_is_given_up(ends: tuple[SocketStream, Far]) -> None:
    """A port that takes connections and does nothing."""
    with pytest.raises(LostError, match=r"far: no agent answered within 0.05 s"):
        AgentConnection(ends[0], peer="far", hello_timeout_s=0.05)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda _: b"\xff" * 40, "not the agent protocol"),
        (lambda request: frame(FrameType.STDOUT, request, b"x")[:9], "ended within a frame"),
        (lambda _: frame(FrameType.FATAL, 0, text(b"no memory")), "far: no memory"),
        (lambda _: b"", "the stream ended"),
    ],
)
def test_a_stream_that_breaks_makes_the_step_lost(
    ends: tuple[SocketStream, Far], answer: Callable[[int], bytes], why: str
) -> None:
    """It may have run: its end is not known."""
    connection, far = connected(ends)
    lost: list[str] = []
    connection.on_lost(lost.append)
    running = Running(connection, step("true"))

    far.send(answer(far.expect(FrameType.RUN)))
    far.close()

    result = running.result()
    assert result.end is StepEnd.LOST
    assert why in result.detail
    assert connection.lost is not None
    assert lost == [connection.lost]
    with pytest.raises(LostError, match="far: "):
        run(connection, step("true"))
    later: list[str] = []
    connection.on_lost(later.append)
    assert later == lost


@pytest.mark.parametrize(
    "answer",
    [
        lambda request: frame(FrameType.ENDED, request, b""),
        lambda request: frame(FrameType.ENDED, request, b"\x09" * 60),
        lambda request: frame(FrameType.COLLECTED, request, u32(5)),
        lambda request: frame(FrameType.START_FAILED, request, b"\x63" + u32(1) + text(b"")),
        lambda request: frame(FrameType.PONG, request),
    ],
)
def test_an_answer_that_makes_no_sense_is_an_error(
    ends: tuple[SocketStream, Far], answer: Callable[[int], bytes]
) -> None:
    """It is told from a step that failed."""
    connection, far = connected(ends)
    running = Running(connection, step("true"))

    far.send(answer(far.expect(FrameType.RUN)))

    with pytest.raises(ProtocolError):
        running.result()


def test_answers_to_what_nobody_asked_are_dropped(ends: tuple[SocketStream, Far]) -> None:
    """The last output of a call that was given up comes late."""
    connection, far = connected(ends)

    far.send(frame(FrameType.STDOUT, 999, b"x"), frame(FrameType.PONG, 0))
    running = Running(connection, step("true"))
    far.send(frame(FrameType.FAILED, far.expect(FrameType.RUN), u32(108) + text(b"")))

    with pytest.raises(LostError, match="told to stop"):
        running.result()
    assert connection.lost is None


def test_a_silent_far_side_is_lost_when_its_lease_is_over(ends: tuple[SocketStream, Far]) -> None:
    """A machine that was switched off sends no goodbye."""
    connection, far = connected(ends, lease_s=1.5)
    running = Running(connection, step("true"))
    far.expect(FrameType.RUN)
    far.expect(FrameType.PING)

    assert running.result().detail == "far: nothing was heard for 1.5 s"


def agent_process() -> tuple[subprocess.Popen[bytes], SocketStream]:
    """Start an agent on a socket."""
    near, far = socket.socketpair()
    process = subprocess.Popen(
        [agent_binary(platform.machine())],
        stdin=far.fileno(),
        stdout=far.fileno(),
        env={"PATH": PATH},
    )
    far.close()
    return process, SocketStream(near)


def test_an_agent_ends_when_its_client_falls_silent() -> None:
    """The steps of a controller that vanished must not go on."""
    marker = mark()
    process, stream = agent_process()
    body = encode_run(sh("sleep 1000", marker), credit=1 << 20)
    stream.write(frame(FrameType.OPEN, 0, MAGIC + u16(1) + u32(500)))
    stream.write(frame(FrameType.RUN, 1, body))
    eventually(lambda: alive(marker) != [], "the step runs")

    assert process.wait(DEADLINE_S) == 0

    assert alive(marker) == []
    frames = list(FrameDecoder().feed(stream.read(65536)))
    assert [f.type for f in frames] == [FrameType.HELLO, FrameType.FATAL]
    stream.close()


def test_a_lease_that_is_kept_ends_nothing() -> None:
    """Long silent steps are normal; and a socket does as well as two pipes."""
    process, stream = agent_process()
    connection = AgentConnection(stream, peer="agent", lease_s=3.0)

    assert run(connection, sh("sleep 3.5; exit 9")).result.exit_code == 9

    connection.close()
    assert process.wait(DEADLINE_S) == 0


def test_closing_twice_and_from_a_callback_is_fine() -> None:
    """Clean-up code does not know what was done before."""
    agent = start_local_agent()
    closed = threading.Event()

    def close(_: str) -> None:
        agent.connection.close()
        closed.set()

    agent.connection.on_lost(close)
    agent.close()
    agent.close()
    assert closed.is_set()
    with pytest.raises(LostError, match="local agent: "):
        run(agent.connection, step("true"))


def test_an_agent_that_cannot_be_run_is_unavailable(tmp_path: Path) -> None:
    """A mount without exec, another machine's program."""
    program = tmp_path / "agent"
    program.write_text("no program")
    with pytest.raises(UnavailableError, match="cannot be run"):
        start_local_agent(program=program)
    program.write_text("#!/bin/sh\necho hello\n")
    program.chmod(0o755)
    with pytest.raises((ProtocolError, LostError)):
        start_local_agent(program=program)


def test_no_thread_is_left_of_a_closed_connection() -> None:
    """A host opens many in its life."""
    before = threading.active_count()
    for _ in range(5):
        start_local_agent().close()
    eventually(lambda: threading.active_count() <= before, "the reader threads are gone")
