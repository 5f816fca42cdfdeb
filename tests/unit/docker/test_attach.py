"""Taking the two output streams of a container apart."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swamp_driver_docker_ws._attach import AttachStream

Pair = tuple[AttachStream, socket.socket]


def frame(kind: int, data: bytes) -> bytes:
    """Return output as an engine frames it: 1 is stdout, 2 is stderr."""
    return struct.pack(">BxxxL", kind, len(data)) + data


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Provide a stream and the far end of its connection."""
    near, far = socket.socketpair()
    stream = AttachStream(near)
    yield stream, far
    stream.close()
    far.close()


def read_all(stream: AttachStream, size: int = 65536) -> bytes:
    """Read to the end."""
    data = b""
    while chunk := stream.read(size):
        assert len(chunk) <= size
        data += chunk
    return data


def test_output_comes_without_its_frames(pair: Pair) -> None:
    """And stderr is kept apart: it is what a container says when its agent cannot start."""
    stream, far = pair
    far.sendall(frame(1, b"one ") + frame(2, b"exec format error\n") + frame(1, b"two"))
    far.shutdown(socket.SHUT_WR)
    assert read_all(stream) == b"one two"
    assert stream.last_words() == "exec format error"


def test_a_part_of_a_frame_comes_at_once(pair: Pair) -> None:
    """A reader that waits for whole frames holds back what is there."""
    stream, far = pair
    far.sendall(frame(1, b"0123456789")[:12])
    assert stream.read(100) == b"0123"
    far.sendall(b"456789")
    assert stream.read(100) == b"456789"


def test_a_cut_connection_is_an_end(pair: Pair) -> None:
    """In the middle of a header, of a frame, by a reset: the agent's client draws conclusions."""
    stream, far = pair
    far.sendall(frame(1, b"0123456789")[:10])
    far.close()
    assert read_all(stream) == b"01"


def test_a_frame_without_content_is_no_end(pair: Pair) -> None:
    """An empty read would be taken for the end."""
    stream, far = pair
    far.sendall(frame(1, b"") + frame(2, b"") + frame(1, b"x"))
    assert stream.read(10) == b"x"


def test_closing_wakes_a_reader(pair: Pair) -> None:
    """From another thread, and twice is fine."""
    stream, _ = pair
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(stream.read(10)))
    reader.start()
    stream.close()
    stream.close()
    reader.join(30)
    assert got == [b""]
    assert stream.read(10) == b""


def test_writing_to_the_far_side(pair: Pair) -> None:
    """Unframed; an end of the connection is an OSError."""
    stream, far = pair
    stream.write(b"hello")
    assert far.recv(10) == b"hello"
    stream.close()
    with pytest.raises(OSError, match=r"."):
        stream.write(b"x")


def test_only_the_end_of_stderr_is_kept(pair: Pair) -> None:
    """A container that complains for hours must not fill the memory."""
    stream, far = pair

    def complain() -> None:
        for _ in range(100):
            far.sendall(frame(2, b"x" * 60000 + b"\n"))
        far.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=complain)
    sender.start()
    assert read_all(stream) == b""
    sender.join()
    assert len(stream.last_words()) < 5000


@given(
    st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=300)), max_size=20),
    st.integers(1, 64),
)
def test_any_frames_in_any_reads(frames: list[tuple[int, bytes]], size: int) -> None:
    """What comes out is what went in, whatever the sizes."""
    near, far = socket.socketpair()
    stream = AttachStream(near)
    far.sendall(b"".join(frame(kind, data) for kind, data in frames))
    far.close()
    try:
        assert read_all(stream, size) == b"".join(data for kind, data in frames if kind == 1)
    finally:
        stream.close()
