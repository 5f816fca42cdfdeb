"""Finding what a step left running: by its session, and by a tag in its environment."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

TAG = "SWAMP_REFERENCE_STEP"
_GIVE_UP_S = 5.0


def kill_group(group: int, number: int) -> None:
    """Send a signal to a process group; nobody there is fine."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def kill_strays(leader: int, tag: str) -> None:
    """Kill all processes of a step but its leader, until there are none."""
    give_up = time.monotonic() + _GIVE_UP_S
    while strays := [pid for pid in _pids() if pid != leader and is_stray(pid, leader, tag)]:
        for pid in strays:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > give_up:
            return
        time.sleep(0.002)


def _pids() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdecimal()]  # noqa: PTH208
    except FileNotFoundError:
        return []


def is_stray(pid: int, leader: int, tag: str) -> bool:
    """Return whether a live process belongs to the step."""
    with contextlib.suppress(OSError):
        status = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        if status[0] in (b"Z", b"X"):
            return False
        if int(status[3]) == leader:
            return True
        return tag.encode() in Path(f"/proc/{pid}/environ").read_bytes()
    return False
