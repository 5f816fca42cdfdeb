"""The streams of a container over one connection, taken apart as they come.

The SDK's own reader holds each line back until the next one comes when the connection is encrypted,
and keeps what it read; this one passes on what is there.
"""

from __future__ import annotations

import contextlib
import io
import select
import socket
import struct
import threading

_HEADER = struct.Struct(">BxxxL")
_STDERR = 2
_BUFFER_BYTES = 256 * 1024
_LAST_WORDS_BYTES = 4096


class AttachStream:
    """A `ContainerStream` over the connection of an attach call.

    One thread reads, one at a time writes; `close` may be called from any.
    """

    def __init__(self, sock: socket.socket) -> None:
        """Take over the connection."""
        sock.settimeout(None)
        self._sock = sock
        self._raw = _PlainIO(sock) if type(sock) is socket.socket else _TlsIO(sock)
        self._reader = io.BufferedReader(self._raw, _BUFFER_BYTES)
        self._kind = 0
        self._left = 0
        self._last_words = b""

    def read(self, max_bytes: int) -> bytes:
        """Return what the container wrote to its stdout next, `b""` at the end or when cut off."""
        try:
            while True:
                if not self._left and not self._next_frame():
                    return b""
                data = self._reader.read1(min(self._left, max_bytes)) if self._left else b""
                self._left = self._left - len(data) if data else 0
                if data and self._kind != _STDERR:
                    return data
                self._last_words = (self._last_words + data)[-_LAST_WORDS_BYTES:]
        except (OSError, ValueError):
            # Reset, or closed by us: for the reader both are the end.
            return b""

    def write(self, data: bytes) -> None:
        """Send to the container's stdin, all of it. Raises OSError where the connection ended."""
        self._raw.send_all(data)

    def close(self) -> None:
        """End the connection: the container's stdin ends, a reader wakes up. Twice is fine."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError, ValueError):
            self._reader.close()
        self._sock.close()

    def last_words(self) -> str:
        """Return the end of what the container wrote to its stderr."""
        return self._last_words.decode("utf-8", "replace").strip()

    def _next_frame(self) -> bool:
        header = self._reader.read(_HEADER.size)
        if len(header) < _HEADER.size:
            return False
        self._kind, self._left = _HEADER.unpack(header)
        return True


class _PlainIO(io.RawIOBase):
    """A socket as a raw reader; unlike `socket.makefile` it does not own the socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        return self._sock.recv_into(buffer)

    def send_all(self, data: bytes) -> None:
        self._sock.sendall(data)


class _TlsIO(_PlainIO):
    """The same over TLS, where one thread must not read while another writes.

    OpenSSL's connection state is one for both directions, so the waiting happens outside the lock.
    """

    def __init__(self, sock: socket.socket) -> None:
        import ssl  # noqa: PLC0415 - 20 ms, and engines are mostly local

        super().__init__(sock)
        sock.settimeout(0)
        self._must_wait = (ssl.SSLWantReadError, ssl.SSLWantWriteError)
        self._is_end = ssl.SSLEOFError
        self._lock = threading.Lock()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while True:
            try:
                with self._lock:
                    return self._sock.recv_into(buffer)
            except self._must_wait:
                select.select([self._sock], [], [])
            except self._is_end:
                return 0

    def send_all(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            try:
                with self._lock:
                    rest = rest[self._sock.send(rest) :]
            except self._must_wait:
                select.select([], [self._sock], [])
