"""The engine's API over a plain connection: one call, one connection, one time limit.

The SDK takes 140 ms to import, as much as a whole session of ten short steps may cost, and waits
for ever in some calls. What containers need of the API is a dozen requests of the simplest kind.
"""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Protocol
from urllib.parse import urlencode

import attrs

from swamp_driver.spec import Json

_CHUNK = 256 * 1024
_LINE_LIMIT = 64 * 1024
_UPGRADED = (101, 200)


class BrokenAnswerError(OSError):
    """What answers does not speak HTTP, or stopped in the middle of it."""


class RefusedError(Exception):
    """The engine answered with an error: its status, and its own words."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@attrs.frozen(kw_only=True)
class Call:
    """One request."""

    method: str
    path: str
    query: Mapping[str, str] = attrs.field(factory=dict)
    body: bytes | None = None
    content_type: str = "application/json"

    @property
    def target(self) -> str:
        """Return the path with its query."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path


class _Reader(Protocol):
    def read(self, size: int, /) -> bytes | None: ...
    def readline(self, size: int, /) -> bytes: ...


@attrs.frozen
class _Head:
    status: int
    headers: Mapping[str, str]


Dial = Callable[[float], socket.socket]
"""Connects within so many seconds; what it returns has that time limit for each wait."""


def fetch(dial: Dial, call: Call, *, timeout_s: float) -> tuple[Mapping[str, str], bytes]:
    """Make a call; return the headers of the answer, in lower case, and its body.

    Raises:
        RefusedError: The engine refuses.
        OSError: It cannot be reached, does not answer in time, or breaks off.
    """
    with contextlib.closing(dial(timeout_s)) as sock, sock.makefile("rb") as answer:
        head = _ask(sock, answer, call, {"Connection": "close"})
        return head.headers, b"".join(_body(answer, head))


def fetch_json(dial: Dial, call: Call, *, timeout_s: float) -> Json:
    """Make a call; return the JSON of the answer. Raises as `fetch` does."""
    _, body = fetch(dial, call, timeout_s=timeout_s)
    try:
        found: Json = json.loads(body) if body else None
    except ValueError as error:
        raise BrokenAnswerError("the answer is no JSON") from error
    return found


def stream(dial: Dial, call: Call, *, timeout_s: float) -> Generator[bytes]:
    """Make a call; yield the body of the answer as it comes. Raises as `fetch` does.

    Close the iterator to break off.
    """
    with contextlib.closing(dial(timeout_s)) as sock, sock.makefile("rb") as answer:
        head = _ask(sock, answer, call, {"Connection": "close"})
        yield from _body(answer, head)


def hijack(dial: Dial, call: Call, *, timeout_s: float) -> socket.socket:
    """Make a call that turns the connection into a stream; return the connection.

    Raises as `fetch` does.
    """
    sock = dial(timeout_s)
    try:
        # Unbuffered: what follows the head is the stream's, and must stay in the socket.
        with sock.makefile("rb", buffering=0) as answer:
            head = _ask(sock, answer, call, {"Connection": "Upgrade", "Upgrade": "tcp"})
        _check_upgraded(head)
    except BaseException:
        sock.close()
        raise
    return sock


def _check_upgraded(head: _Head) -> None:
    if head.status not in _UPGRADED:
        raise BrokenAnswerError(f"the connection was not handed over (status {head.status})")


def _ask(sock: socket.socket, answer: _Reader, call: Call, headers: Mapping[str, str]) -> _Head:
    body = call.body if call.body is not None else b""
    lines = [f"{call.method} {call.target} HTTP/1.1", "Host: engine"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if call.body is not None:
        lines.append(f"Content-Type: {call.content_type}")
    if call.method != "GET":
        lines.append(f"Content-Length: {len(body)}")
    sock.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
    head = _read_head(answer)
    if head.status >= 400:  # noqa: PLR2004 - HTTP
        raise RefusedError(head.status, _message(b"".join(_body(answer, head))))
    return head


def _read_head(answer: _Reader) -> _Head:
    first = answer.readline(_LINE_LIMIT).split()
    if len(first) < 2 or not first[0].startswith(b"HTTP/1.") or not first[1].isdigit():  # noqa: PLR2004
        raise BrokenAnswerError("what answers there is no engine")
    headers = {}
    while line := answer.readline(_LINE_LIMIT).strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    return _Head(int(first[1]), headers)


def _body(answer: _Reader, head: _Head) -> Iterator[bytes]:
    if "chunked" in head.headers.get("transfer-encoding", ""):
        while size := _chunk_size(answer.readline(_LINE_LIMIT)):
            yield from _exactly(answer, size)
            answer.readline(_LINE_LIMIT)
    elif (length := head.headers.get("content-length", "")).isdigit():
        yield from _exactly(answer, int(length))
    else:
        while data := answer.read(_CHUNK):
            yield data


def _chunk_size(line: bytes) -> int:
    try:
        return int(line.partition(b";")[0], 16)
    except ValueError as error:
        raise BrokenAnswerError("the answer broke off") from error


def _exactly(answer: _Reader, size: int) -> Iterator[bytes]:
    while size:
        data = answer.read(min(size, _CHUNK))
        if not data:
            raise BrokenAnswerError("the answer broke off")
        size -= len(data)
        yield data


def _message(body: bytes) -> str:
    text = body.decode("utf-8", "replace").strip()
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return str(found.get("message", text)) if isinstance(found, dict) else text
