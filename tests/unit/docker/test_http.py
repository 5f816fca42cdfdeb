"""The engine's API over a plain connection, against answers of every kind."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable

import pytest

from swamp_driver_docker_ws._http import Call, RefusedError, fetch, fetch_json, hijack, stream

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
PING = Call(method="GET", path="/_ping")


class Server:
    """Answers one connection with fixed bytes, and keeps what was asked."""

    def __init__(self, answer: bytes, *, pieces: int = 10**6) -> None:
        self.near, self._far = socket.socketpair()
        self.asked = b""
        self._answer = answer
        self._pieces = pieces
        self._thread = threading.Thread(target=self._serve)

    def dial(self, timeout_s: float) -> socket.socket:
        """Connect."""
        self.near.settimeout(timeout_s)
        self._thread.start()
        return self.near

    def _serve(self) -> None:
        with self._far:
            self._far.settimeout(30)
            while b"\r\n\r\n" not in self.asked:
                self.asked += self._far.recv(65536)
            for at in range(0, len(self._answer), self._pieces):
                with contextlib.suppress(BrokenPipeError):
                    self._far.sendall(self._answer[at : at + self._pieces])

    def end(self) -> None:
        """Wait for its end."""
        self._thread.join(30)
        self.near.close()


@pytest.fixture
def serve(request: pytest.FixtureRequest) -> Callable[..., Server]:
    """Give a function that makes servers."""

    def make(answer: bytes, **options: int) -> Server:
        server = Server(answer, **options)
        request.addfinalizer(server.end)
        return server

    return make


MakeServer = Callable[..., Server]


@pytest.mark.parametrize("pieces", [1, 7, 10**6])
@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        CHUNKED + b"2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\nhello",
    ],
)
def test_a_body_is_read_however_it_is_framed(serve: MakeServer, answer: bytes, pieces: int) -> None:
    """Engines use all three; proxies before them cut them anywhere."""
    assert fetch(serve(answer, pieces=pieces).dial, PING, timeout_s=30)[1] == b"hello"


def test_a_request_is_sent_whole(serve: MakeServer) -> None:
    """With its query quoted and its body counted."""
    server = serve(b'HTTP/1.1 201 Created\r\nContent-Length: 11\r\n\r\n{"Id": "a"}')
    call = Call(method="POST", path="/make", query={"name": "a b&c"}, body=b"{}")
    assert fetch_json(server.dial, call, timeout_s=30) == {"Id": "a"}
    assert server.asked == (
        b"POST /make?name=a+b%26c HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n"
        b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    )


def test_an_answer_without_content_is_none(serve: MakeServer) -> None:
    """As after a start or a removal."""
    server = serve(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert fetch_json(server.dial, Call(method="DELETE", path="/x"), timeout_s=30) is None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (json.dumps({"message": "no such thing"}).encode(), "no such thing"),
        (b"page not found\n", "page not found"),
        (b"[1]", "[1]"),
    ],
)
def test_a_refusal_keeps_the_engines_words(serve: MakeServer, body: bytes, words: str) -> None:
    """They say more than the number."""
    head = f"HTTP/1.1 404 Not Found\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with pytest.raises(RefusedError) as caught:
        fetch(serve(head + body).dial, PING, timeout_s=30)
    assert (caught.value.status, caught.value.message) == (404, words)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"220 mail ready\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
        CHUNKED + b"5\r\nhel",
        CHUNKED + b"5\r\nhello\r\n",
        CHUNKED + b"xyz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{x}",
        b"\x16\x03\x01" * 100,
    ],
)
def test_a_broken_answer_is_an_error_of_the_connection(serve: MakeServer, answer: bytes) -> None:
    """Never a wrong result, and never an error of another kind."""
    with pytest.raises(OSError, match=r"."):
        fetch_json(serve(answer).dial, PING, timeout_s=30)


def test_silence_ends_at_the_time_limit() -> None:
    """An engine that hangs accepts connections."""
    near, far = socket.socketpair()

    def dial(timeout_s: float) -> socket.socket:
        near.settimeout(timeout_s)
        return near

    with far, pytest.raises(TimeoutError):
        fetch(dial, PING, timeout_s=0.05)


def test_a_stream_comes_as_it_is_written_and_can_be_left(serve: MakeServer) -> None:
    """Events are waited for; the first that matters is enough."""
    server = serve(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n2\r\n[]\r\n0\r\n\r\n"
    )
    chunks = stream(server.dial, PING, timeout_s=30)
    assert next(chunks) == b"{}"
    chunks.close()
    assert server.near.fileno() == -1


def test_what_follows_a_handed_over_connection_stays_in_it(serve: MakeServer) -> None:
    """The first bytes of a container may be behind the head already."""
    server = serve(b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nfirst")
    attach = Call(method="POST", path="/attach", body=b"")
    assert hijack(server.dial, attach, timeout_s=30).recv(100) == b"first"
    assert b"Upgrade: tcp\r\n" in server.asked


def test_a_refused_connection_is_closed(serve: MakeServer) -> None:
    """A descriptor for each refusal would be a leak."""
    server = serve(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(RefusedError):
        hijack(server.dial, Call(method="POST", path="/attach", body=b""), timeout_s=30)
    assert server.near.fileno() == -1
