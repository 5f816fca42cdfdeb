"""Passing on what a step writes, while it runs and until the last byte."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import threading
import time
from typing import Self

from swamp_driver.spec import StepIO, Stream

_READ_BYTES = 256 * 1024
_PIPE_BYTES = 1024 * 1024
_STREAMS: tuple[Stream, ...] = ("stdout", "stderr")


class OutputPump:
    """The output pipes of one step, each read by a thread of its own that writes to the `StepIO`.

    A sink that is slow makes a pipe full and so the step slow; nothing is kept here. To be used in
    this order: `open`, `close_write_ends` once the step has them, `finish`; always both.
    """

    def __init__(self, io: StepIO) -> None:
        self._io = io
        self._closing = contextlib.ExitStack()
        self._stop_read, self._stop_write = -1, -1
        self._threads: list[threading.Thread] = []
        self._at_end: set[Stream] = set()
        self.write_ends: dict[Stream, int] = {}
        """What the step writes to."""

    @classmethod
    def open(cls, io: StepIO) -> Self:
        """Open the pipes and start to read. Raises `OSError` or `RuntimeError` at a shortage."""
        pump = cls(io)
        try:
            pump._open()
        except BaseException:
            pump.close_write_ends()
            pump.finish(drain_s=0)
            raise
        return pump

    def close_write_ends(self) -> None:
        """Close the step's ends on this side, or the reader would never see the end."""
        while self.write_ends:
            os.close(self.write_ends.popitem()[1])

    def finish(self, *, drain_s: float) -> bool:
        """Deliver the rest and close the pipes; False where a process still held one open.

        Called once all processes of the step that could be found are dead. A pipe that nobody
        holds is at its end; for one that an undiscovered process holds, the wait is `drain_s`
        seconds. What is in the pipe then is delivered in any case.
        """
        give_up = time.monotonic() + drain_s
        for thread in self._threads:
            thread.join(max(0.0, give_up - time.monotonic()))
        if self._stop_write >= 0:
            os.close(self._stop_write)
        for thread in self._threads:
            thread.join()
        self._closing.close()
        return self._at_end == set(_STREAMS)

    def _open(self) -> None:
        self._stop_read, self._stop_write = os.pipe()
        self._closing.callback(os.close, self._stop_read)
        for stream in _STREAMS:
            read_fd, self.write_ends[stream] = os.pipe()
            self._closing.callback(os.close, read_fd)
            _enlarge(read_fd)
            thread = threading.Thread(
                target=self._pump, args=(stream, read_fd), name=f"step {stream}", daemon=True
            )
            thread.start()
            self._threads.append(thread)

    def _pump(self, stream: Stream, fd: int) -> None:
        poller = select.poll()
        poller.register(fd, select.POLLIN)
        poller.register(self._stop_read, select.POLLIN)
        # Once told to stop, no more than a full pipe: an unknown writer may never stop.
        allowance = _PIPE_BYTES + 1
        while allowance > 0:
            ready = {ready_fd for ready_fd, _ in poller.poll()}
            if fd not in ready:
                return
            data = os.read(fd, _READ_BYTES)
            if not data:
                self._at_end.add(stream)
                return
            self._io.write(stream, data)
            if self._stop_read in ready:
                allowance -= len(data)


def _enlarge(pipe_fd: int) -> None:
    """Make a pipe as large as the system allows: fewer switches between writer and reader."""
    if sys.platform == "linux":
        import fcntl  # noqa: PLC0415 - F_SETPIPE_SZ is only there on Linux

        # Beyond the user's quota the default of 64 KiB stays, which is only slower.
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe_fd, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
