"""Events as JSON lines, for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from swamp_driver.cli._streams import Writer
from swamp_driver.spec import Json, RunEvent


class JsonSink:
    """Write one JSON object per event and line; nothing else goes to stdout."""

    def __init__(
        self, out: Writer, err: Writer, *, encode: Callable[[RunEvent], Mapping[str, Json]]
    ) -> None:
        self._out = out
        self._err = err
        self._encode = encode

    def on_event(self, event: RunEvent) -> None:
        """Take an event."""
        if not self._out.broken:
            self._out.line(json.dumps(self._encode(event), separators=(",", ":")))

    def say(self, text: str) -> None:
        """Write to stderr."""
        self._err.line(text)

    def close(self) -> None:
        """Do nothing: every line is out."""
