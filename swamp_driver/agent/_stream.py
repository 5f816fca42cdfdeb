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
        self._reader = _Descriptor(read_fd)
        self._writer = _Descriptor(write_fd)

    def read(self, max_bytes: int, /) -> bytes:
        """See `ByteStream.read`."""
        with self._reader as fd:
            return b"" if fd < 0 else os.read(fd, max_bytes)

    def write(self, data: bytes, /) -> None:
        """See `ByteStream.write`."""
        with self._writer as fd:
            if fd < 0:
                raise BrokenPipeError("the stream is closed")
            view = memoryview(data)
            while view:
                view = view[os.write(fd, view) :]

    def close(self) -> None:
        """See `ByteStream.close`.

        A read or write that is under way ends first: when the agent has gone, at the latest.
        """
        self._writer.close()
        self._reader.close()


class _Descriptor:
    """Closed by whoever uses it last: closed during a call, its number could be another file's."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._in_use = threading.Lock()
        self._closing = False

    def __enter__(self) -> int:
        self._in_use.acquire()
        return self._fd

    def __exit__(self, *_: object) -> None:
        self._in_use.release()
        if self._closing:
            self.close()

    def close(self) -> None:
        """Close it now, or as soon as it is not in use any more."""
        self._closing = True
        if self._in_use.acquire(blocking=False):
            if self._fd >= 0:
                os.close(self._fd)
            self._fd = -1
            self._in_use.release()


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
