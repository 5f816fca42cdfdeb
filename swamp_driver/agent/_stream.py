"""What an agent is reached over: any stream of bytes."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import socket


class ByteStream(Protocol):
    """A two-way stream with an agent at its other end.

    One thread reads; another one writes, at the same time; any thread closes, at any time. Errors
    are OSError.
    """

    def read(self, max_bytes: int, /) -> bytes:
        """Block until there is something; return it, `max_bytes` at most, or b"" at the end."""
        ...

    def write(self, data: bytes, /) -> None:
        """Write all of `data`; block until that is done."""
        ...

    def close(self) -> None:
        """Close both directions, so that the agent sees the end of its input. Twice is fine."""
        ...


class PipeStream:
    """A stream made of two descriptors, which it owns from now on: pipes of a subprocess."""

    def __init__(self, *, read_fd: int, write_fd: int) -> None:
        self._read_fd = read_fd
        self._write_fd = write_fd
        self._reading = threading.Lock()
        self._writing = threading.Lock()
        self._closed = False

    def read(self, max_bytes: int, /) -> bytes:
        """See `ByteStream.read`."""
        with self._reading:
            data = b"" if self._read_fd < 0 else os.read(self._read_fd, max_bytes)
            if self._closed:
                self._close_read_fd()
        return data

    def write(self, data: bytes, /) -> None:
        """See `ByteStream.write`."""
        with self._writing:
            if self._write_fd < 0:
                raise BrokenPipeError("the stream is closed")
            view = memoryview(data)
            while view:
                view = view[os.write(self._write_fd, view) :]

    def close(self) -> None:
        """See `ByteStream.close`.

        A read that is under way keeps its descriptor, and closes it when the agent has gone: closed
        under it, the number could be another file's by then.
        """
        self._closed = True
        with self._writing:
            if self._write_fd >= 0:
                os.close(self._write_fd)
                self._write_fd = -1
        if self._reading.acquire(blocking=False):
            try:
                self._close_read_fd()
            finally:
                self._reading.release()

    def _close_read_fd(self) -> None:
        if self._read_fd >= 0:
            os.close(self._read_fd)
            self._read_fd = -1


class SocketStream:
    """A stream over a connected socket, which it owns from now on."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected

    def read(self, max_bytes: int, /) -> bytes:
        """See `ByteStream.read`."""
        return self._socket.recv(max_bytes)

    def write(self, data: bytes, /) -> None:
        """See `ByteStream.write`."""
        self._socket.sendall(data)

    def close(self) -> None:
        """See `ByteStream.close`."""
        import contextlib  # noqa: PLC0415
        import socket  # noqa: PLC0415 - most connections are pipes

        with contextlib.suppress(OSError):  # it was not connected any more
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
