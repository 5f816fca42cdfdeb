"""Learning that a child has exited without taking its exit status.

A child that is not reaped keeps its process id, and its group keeps the number of the group: as
long as that is so, a signal cannot hit a stranger who got the number next (SWD-LIFE).
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def exit_watched(pid: int) -> Iterator[int]:
    """Yield a descriptor that turns readable when the child `pid` has exited.

    The child is not reaped by it.
    """
    fd = open_exit_watch(pid)
    try:
        yield fd
    finally:
        os.close(fd)


def open_exit_watch(pid: int) -> int:
    """Return a descriptor that turns readable when the child `pid` has exited."""
    if sys.platform == "linux":
        # Absent before Linux 5.3 and in some sandboxes.
        with contextlib.suppress(OSError):
            return os.pidfd_open(pid)
    return open_threaded_watch(pid)


def open_threaded_watch(pid: int) -> int:
    """Do what `open_exit_watch` does, with a thread that waits: for systems without pidfd."""
    read_fd, write_fd = os.pipe()

    def wait() -> None:
        try:
            _block_until_exit(pid)
        finally:
            os.close(write_fd)

    threading.Thread(target=wait, name=f"exit of {pid}", daemon=True).start()
    return read_fd


def _block_until_exit(pid: int) -> None:
    if sys.platform == "darwin":
        # It has no waitid before Python 3.13.
        import select  # noqa: PLC0415 - only there

        with contextlib.closing(select.kqueue()) as queue:
            event = select.kevent(pid, select.KQ_FILTER_PROC, select.KQ_EV_ADD, select.KQ_NOTE_EXIT)
            with contextlib.suppress(ProcessLookupError):
                queue.control([event], 1)
    else:
        with contextlib.suppress(ChildProcessError):
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
