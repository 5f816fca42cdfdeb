"""The engine behind TLS, as a remote one is."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import attrs

from tests.engine.proxy import ENGINE

_PAUSE_S = 0.002
_CHUNK = 65536


@attrs.define(eq=False)
class TlsEngine:
    """Takes connections over TLS and passes their bytes on to the engine's socket."""

    _context: ssl.SSLContext
    _listener: socket.socket
    _open: list[socket.socket] = attrs.field(factory=list)
    _threads: list[threading.Thread] = attrs.field(factory=list)

    @property
    def url(self) -> str:
        """Its address."""
        return f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"

    def serve(self) -> None:
        """Take connections until `close`."""
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            plain.settimeout(10)
            try:
                self._connect(self._context.wrap_socket(plain, server_side=True))
            except OSError:
                plain.close()

    def close(self) -> None:
        """End all connections."""
        for one in (self._listener, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for one in (self._listener, *self._open):
            one.close()

    def _connect(self, client: ssl.SSLSocket) -> None:
        engine = socket.socket(socket.AF_UNIX)
        engine.connect(ENGINE)
        for one in (client, engine):
            one.settimeout(0)
            self._open.append(one)
        # One state for both directions: TLS may not be read and written at once.
        lock = threading.Lock()
        for pair in ((client, engine), (engine, client)):
            thread = threading.Thread(target=_pump, args=(*pair, lock), daemon=True)
            self._threads.append(thread)
            thread.start()


def _pump(source: socket.socket, target: socket.socket, lock: threading.Lock) -> None:
    with suppress(OSError, ValueError):
        while (data := _receive(source, lock)) != b"":
            if data is None:
                time.sleep(_PAUSE_S)
            else:
                _send(target, data, lock)
        target.shutdown(socket.SHUT_WR)


def _receive(source: socket.socket, lock: threading.Lock) -> bytes | None:
    try:
        with lock:
            return source.recv(_CHUNK)
    except (ssl.SSLWantReadError, BlockingIOError):
        return None


def _send(target: socket.socket, data: bytes, lock: threading.Lock) -> None:
    rest = memoryview(data)
    while rest:
        try:
            with lock:
                rest = rest[target.send(rest) :]
        except (ssl.SSLWantWriteError, BlockingIOError):
            time.sleep(_PAUSE_S)


@contextmanager
def tls_engine(certs: Path) -> Iterator[str]:
    """Provide the engine behind TLS that wants a client's certificate; give its address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certs / "server.pem", certs / "server-key.pem")
    context.load_verify_locations(certs / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    engine = TlsEngine(context, socket.create_server(("127.0.0.1", 0)))
    server = threading.Thread(target=engine.serve, daemon=True)
    server.start()
    try:
        yield engine.url
    finally:
        engine.close()
        server.join()
