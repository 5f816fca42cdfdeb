"""Passing on what a step writes."""

from __future__ import annotations

import os
import select
import threading
from typing import IO

from swamp_driver.spec import StepIO, Stream

_CHUNK = 64 * 1024
_LOOK_S = 0.02


class OutputPump:
    """A thread that reads one stream of a step and passes it on at once."""

    def __init__(self, io: StepIO, stream: Stream, pipe: IO[bytes]) -> None:
        self._io = io
        self.stream: Stream = stream
        self._pipe = pipe
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    @property
    def is_reading(self) -> bool:
        """Return whether the stream has not come to its end."""
        return self._thread.is_alive()

    def _read(self) -> None:
        fd = self._pipe.fileno()
        while True:
            ready, _, _ = select.select([fd], [], [], _LOOK_S)
            if not ready and self._stop.is_set():
                return
            if ready:
                data = os.read(fd, _CHUNK)
                if not data:
                    return
                self.take(data)

    def take(self, data: bytes) -> None:
        """Pass on a piece."""
        self._io.write(self.stream, data)

    def finish(self, *, drain_s: float) -> None:
        """Wait for the end of the stream; after `drain_s` for no longer than there is data."""
        self._thread.join(drain_s)
        self._stop.set()
        self._thread.join()
        self._pipe.close()
