"""The few calls to the engine that the set-up needs, over its unix socket."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
from typing import IO
from urllib.parse import quote, urlencode

DEFAULT_SOCKET = "/var/run/docker.sock"


class EngineRefusedError(Exception):
    """The engine answered with an error."""


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, *, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def socket_path() -> str:
    """Return the socket of the engine that the tests use: that of DOCKER_HOST, or the usual one."""
    host = os.environ.get("DOCKER_HOST", "")
    return host.removeprefix("unix://") if host.startswith("unix://") else DEFAULT_SOCKET


def call(
    method: str,
    path: str,
    *,
    body: bytes | IO[bytes] | None = None,
    content_type: str = "application/json",
    timeout_s: float = 10.0,
) -> bytes:
    """Make one call; return the body of the answer. Raises OSError or EngineRefusedError."""
    connection = _UnixConnection(socket_path(), timeout_s=timeout_s)
    try:
        headers = {} if body is None else {"Content-Type": content_type}
        # A refusal may come before the body was taken: then the answer says why, not the pipe.
        with contextlib.suppress(BrokenPipeError):
            connection.request(
                method,
                path,
                body=body,
                headers=headers,
                encode_chunked=hasattr(body, "read"),
            )
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    if answer.status >= http.client.BAD_REQUEST:
        raise EngineRefusedError(text.decode("utf-8", "replace").strip())
    return text


def version() -> str | None:
    """Return the engine's version, or None where no engine answers."""
    try:
        return str(json.loads(call("GET", "/version"))["Version"])
    except (OSError, http.client.HTTPException, EngineRefusedError, ValueError, KeyError):
        return None


def image_labels(name: str) -> dict[str, str] | None:
    """Return the labels of an image, or None where there is no such image."""
    try:
        image = json.loads(call("GET", f"/images/{quote(name)}/json"))
    except EngineRefusedError:
        return None
    return dict(image["Config"].get("Labels") or {})


def import_image(name: str, tar: bytes | IO[bytes], *, changes: tuple[str, ...]) -> None:
    """Make an image of a root file system, as `docker import --change` does."""
    repo, _, tag = name.partition(":")
    query = urlencode(
        [("fromSrc", "-"), ("repo", repo), ("tag", tag or "latest")]
        + [("changes", change) for change in changes]
    )
    answer = call(
        "POST",
        f"/images/create?{query}",
        body=tar,
        content_type="application/x-tar",
        timeout_s=600.0,
    )
    for line in answer.splitlines():
        if "error" in (report := json.loads(line)):
            raise EngineRefusedError(report["error"])
