"""Connecting to an engine: its socket, its port, with or without TLS, or through ssh."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from swamp_driver_docker_ws._engine_ref import EngineRef

if TYPE_CHECKING:
    import ssl

    from swamp_driver_docker_ws._tunnel import Tunnel

_PLAIN_PORT = 2375
_TLS_PORT = 2376
_UNIX = "unix://"


class Dialer:
    """Opens connections to one engine; keeps the tunnel to it where there is one.

    From any threads, at once.
    """

    def __init__(self, ref: EngineRef) -> None:
        """Note the address; nothing is opened yet."""
        self._ref = ref
        self._lock = threading.Lock()
        self._tunnel: Tunnel | None = None
        self._context: ssl.SSLContext | None = None
        self._is_closed = False

    @property
    def url(self) -> str:
        """Return the address to connect to: that of the tunnel's end here, where one is needed.

        Raises:
            UnavailableError: The tunnel cannot be opened.
        """
        if not self._ref.url.startswith("ssh://"):
            return self._ref.url
        from swamp_driver_docker_ws._tunnel import Tunnel  # noqa: PLC0415 - most are local

        with self._lock:
            if self._is_closed:
                raise OSError("the connection to the engine was closed")
            if self._tunnel is None:
                self._tunnel = Tunnel(self._ref.url)
            return self._tunnel.url

    def __call__(self, timeout_s: float) -> socket.socket:
        """Return a new connection; connecting, and each wait on it later, takes so long at most."""
        url = self.url
        if url.startswith(_UNIX):
            return _connect_unix(url.removeprefix(_UNIX), timeout_s)
        parts = urlsplit(url)
        certs = self._ref.cert_path
        port = parts.port or (_PLAIN_PORT if certs is None else _TLS_PORT)
        host = str(parts.hostname)
        plain = socket.create_connection((host, port), timeout=timeout_s)
        if certs is None:
            return plain
        try:
            return self._tls(Path(certs)).wrap_socket(plain, server_hostname=host)
        except BaseException:
            plain.close()
            raise

    def close(self) -> None:
        """Close the tunnel. Twice is fine."""
        with self._lock:
            self._is_closed = True
            tunnel, self._tunnel = self._tunnel, None
        if tunnel is not None:
            tunnel.close()

    def _tls(self, certs: Path) -> ssl.SSLContext:
        import ssl  # noqa: PLC0415 - 20 ms, and engines are mostly local

        with self._lock:
            if self._context is None:
                # Our authority only, and our name: nothing of it comes from the environment.
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.load_verify_locations(certs / "ca.pem")
                context.load_cert_chain(certs / "cert.pem", certs / "key.pem")
                self._context = context
            return self._context


def _connect_unix(path: str, timeout_s: float) -> socket.socket:
    with contextlib.ExitStack() as undo:
        sock = socket.socket(socket.AF_UNIX)
        undo.callback(sock.close)
        sock.settimeout(timeout_s)
        sock.connect(path)
        undo.pop_all()
    return sock
