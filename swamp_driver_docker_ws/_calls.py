"""Calls to one engine, in the version of the API that both sides know."""

from __future__ import annotations

import socket
import threading
from collections.abc import Generator, Mapping
from typing import Any

from swamp_driver_docker_ws import _http
from swamp_driver_docker_ws._http import Call, Dial

_NEWEST_API = (1, 47)
"""What these calls were written for; an engine that is older says so."""


class Calls:
    """Makes calls over new connections of `dial`; from any threads, at once.

    All raise as `_http.fetch` does.
    """

    def __init__(self, dial: Dial, *, quick_s: float) -> None:
        """Take `quick_s` for the time limit of calls that name none."""
        self._dial = dial
        self._quick_s = quick_s
        self._lock = threading.Lock()
        self._version: str | None = None
        self.is_podman = False
        """Whether it is Podman that answers; known after any call."""

    def ping(self, *, timeout_s: float) -> Mapping[str, str]:
        """Return the headers with which the engine says that it is there."""
        ping = Call(method="GET", path="/_ping")
        return _http.fetch(self._dial, ping, timeout_s=timeout_s)[0]

    def json(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        content_type: str = "application/json",
        timeout_s: float | None = None,
    ) -> Any:
        """Make a call; return the JSON of the answer."""
        call = Call(
            method=method,
            path=f"{self._prefix()}{path}",
            query=query or {},
            body=body,
            content_type=content_type,
        )
        return _http.fetch_json(self._dial, call, timeout_s=timeout_s or self._quick_s)

    def stream(
        self, path: str, query: Mapping[str, str], *, timeout_s: float | None = None
    ) -> Generator[bytes]:
        """Make a call; yield the body of the answer as it comes."""
        call = Call(method="GET", path=f"{self._prefix()}{path}", query=query)
        return _http.stream(self._dial, call, timeout_s=timeout_s or self._quick_s)

    def hijack(self, path: str, query: Mapping[str, str], *, timeout_s: float) -> socket.socket:
        """Make a call that hands its connection over; return it."""
        call = Call(method="POST", path=f"{self._prefix()}{path}", query=query, body=b"")
        return _http.hijack(self._dial, call, timeout_s=timeout_s)

    def _prefix(self) -> str:
        """Return what paths begin with."""
        with self._lock:
            if self._version is None:
                headers = self.ping(timeout_s=self._quick_s)
                self.is_podman = "libpod-api-version" in headers
                self._version = _agreed_version(headers.get("api-version", ""))
            return self._version


def _agreed_version(text: str) -> str:
    numbers = [int(part) for part in text.split(".") if part.isdigit()]
    theirs = (numbers[0], numbers[1]) if len(numbers) == 2 else _NEWEST_API  # noqa: PLR2004
    major, minor = min(theirs, _NEWEST_API)
    return f"/v{major}.{minor}"
