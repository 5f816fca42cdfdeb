"""A socket before the engine's, that can fall silent or break as engines do."""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ENGINE = "/var/run/docker.sock"
_LOOK_S = 0.05
_CHUNK = 65536


class EngineProxy:
    """Passes bytes on between clients and the engine until it is told otherwise.

    One thread for all connections: `silent` holds every byte back and keeps the connections open,
    `cut` ends them and takes no new ones.
    """

    def __init__(self, path: Path) -> None:
        self.url = f"unix://{path}"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(64)
        self._listener.setblocking(False)  # noqa: FBT003 - its only argument
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._peers: dict[socket.socket, socket.socket] = {}
        self.is_silent = threading.Event()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def fall_silent(self) -> None:
        """Answer nothing any more, as a process that is stopped."""
        self.is_silent.set()

    def cut(self) -> None:
        """End all connections and refuse new ones, as an engine that has died."""
        self.close()

    def close(self) -> None:
        """End everything. Twice is fine."""
        self._ending.set()
        self._thread.join()

    def _serve(self) -> None:
        while not self._ending.is_set():
            for key, _ in self._selector.select(_LOOK_S):
                if self.is_silent.is_set():
                    self._ending.wait(_LOOK_S)
                elif key.fileobj is self._listener:
                    self._accept()
                else:
                    assert isinstance(key.fileobj, socket.socket)
                    self._pass_on(key.fileobj)
        self._selector.close()
        self._end_all()

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        engine = socket.socket(socket.AF_UNIX)
        engine.connect(ENGINE)
        for one, other in ((client, engine), (engine, client)):
            self._peers[one] = other
            self._selector.register(one, selectors.EVENT_READ)

    def _pass_on(self, source: socket.socket) -> None:
        peer = self._peers[source]
        try:
            data = source.recv(_CHUNK)
            if data:
                peer.sendall(data)
            else:
                # The other half may still have something to say.
                self._selector.unregister(source)
                peer.shutdown(socket.SHUT_WR)
        except OSError:
            self._selector.unregister(source)

    def _end_all(self) -> None:
        for one in (self._listener, *self._peers):
            one.close()


@contextmanager
def engine_proxy(directory: Path) -> Iterator[EngineProxy]:
    """Provide a proxy in a directory."""
    proxy = EngineProxy(directory / "engine.sock")
    try:
        yield proxy
    finally:
        proxy.close()
