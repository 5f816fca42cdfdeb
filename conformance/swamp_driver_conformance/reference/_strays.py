"""Finding what a step left running: by its session, and by a tag in its environment."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Set

TAG = "SWAMP_REFERENCE_STEP"
_GIVE_UP_S = 5.0
_READ_BYTES = 4 * 1024 * 1024


def kill_group(group: int, number: int) -> None:
    """Send a signal to a process group; nobody there is fine."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def kill_strays(leader: int, tag: str, *, older: Set[int]) -> None:
    """Kill all processes of a step but its leader, until there are none.

    `older` are those that were there before the step: they need not be looked at.
    """
    give_up = time.monotonic() + _GIVE_UP_S
    asked = older | {leader}
    while strays := [pid for pid in pids() if pid not in asked and is_stray(pid, leader, tag)]:
        for pid in strays:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > give_up:
            return
        time.sleep(0.002)


def pids() -> list[int]:
    """Return all processes of this host; none where there is no `/proc`."""
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdecimal()]  # noqa: PTH208
    except FileNotFoundError:
        return []


def is_stray(pid: int, leader: int, tag: str) -> bool:
    """Return whether a live process belongs to the step."""
    with contextlib.suppress(OSError):
        # A zombie has no environment any more, but is still in its session.
        return tag.encode() in _read(pid, "environ") or (
            os.getsid(pid) == leader and not _is_zombie(pid)
        )
    return False


def _is_zombie(pid: int) -> bool:
    return _read(pid, "stat").rpartition(b")")[2].split()[0] in (b"Z", b"X")


def _read(pid: int, name: str) -> bytes:
    # Not through a file object: this is done for every process of the machine, after every step.
    fd = os.open(f"/proc/{pid}/{name}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(fd, _READ_BYTES)
    finally:
        os.close(fd)
