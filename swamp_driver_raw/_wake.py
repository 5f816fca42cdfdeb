"""Waiting for an exit, a cancel and a point in time at once."""

from __future__ import annotations

import math
import os
import select
import threading
import time

from swamp_driver.spec import CancelStage


class Waiter:
    """Waits on one descriptor; `wake` from any thread interrupts it. One thread waits.

    `wake` may still be called after `close`, and then does nothing: a cancel that is on its way
    when a step ends must not write into a descriptor that got the same number.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._lock = threading.Lock()
        self._read_fd, self._write_fd = os.pipe()
        self._is_open = True
        self._poller = select.poll()
        self._poller.register(fd, select.POLLIN)
        self._poller.register(self._read_fd, select.POLLIN)

    def wake(self, _stage: CancelStage = CancelStage.NONE) -> None:
        """Make the wait that goes on, or the next one, end."""
        with self._lock:
            if self._is_open:
                os.write(self._write_fd, b"w")

    def wait(self, *, until: float) -> bool:
        """Wait for the descriptor until a time of the monotonic clock; True where it is ready."""
        timeout_ms = None
        if until != math.inf:
            timeout_ms = max(0, math.ceil((until - time.monotonic()) * 1000))
        ready = {fd for fd, _ in self._poller.poll(timeout_ms)}
        if self._read_fd in ready:
            os.read(self._read_fd, 64)
        return self._fd in ready

    def close(self) -> None:
        """Give back the descriptors; the one waited on is the caller's."""
        with self._lock:
            self._is_open = False
            os.close(self._read_fd)
            os.close(self._write_fd)
