"""An engine behind ssh: its socket, forwarded to one here by the ssh program.

The SDK's own `ssh://` opens a session for each call and fails when several run at once; a forwarded
socket is as good as a local one.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from swamp_driver.errors import UnavailableError

_REMOTE_SOCKET = "/var/run/docker.sock"
_READY_S = 20.0
_LOOK_S = 0.02


class Tunnel:
    """A running `ssh -L`; ends with `close`, or with this process (its stdin is ours)."""

    def __init__(self, url: str) -> None:
        """Start the tunnel and wait until it stands. Raises `UnavailableError`."""
        self._directory = tempfile.TemporaryDirectory(prefix="swamp-ssh-")
        self._socket = Path(self._directory.name) / "engine.sock"
        parts = urlsplit(url)
        target = f"{parts.username}@{parts.hostname}" if parts.username else str(parts.hostname)
        port = ("-p", str(parts.port)) if parts.port else ()
        remote = parts.path if parts.path not in ("", "/") else _REMOTE_SOCKET
        try:
            self._process = subprocess.Popen(
                [
                    "ssh",
                    *("-o", "BatchMode=yes", "-o", "ExitOnForwardFailure=yes"),
                    *("-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3"),
                    *port,
                    *("-L", f"{self._socket}:{remote}"),
                    *("--", target, "cat"),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            self._directory.cleanup()
            raise UnavailableError("the program 'ssh' cannot be started", fix=str(error)) from error
        self._wait(url)

    @property
    def url(self) -> str:
        """Return the address of the forwarded socket."""
        return f"unix://{self._socket}"

    def close(self) -> None:
        """End the tunnel. Twice is fine."""
        self._process.terminate()
        self._process.communicate()
        self._directory.cleanup()

    def _wait(self, url: str) -> None:
        deadline = time.monotonic() + _READY_S
        while not self._socket.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._process.terminate()
                said = self._process.communicate()[1].decode("utf-8", "replace").strip()
                self._directory.cleanup()
                raise UnavailableError(
                    f"the engine at '{url}' cannot be reached by ssh: {said or 'no answer'}",
                    fix="'ssh' to it must work without a question",
                    retryable=True,
                )
            time.sleep(_LOOK_S)
