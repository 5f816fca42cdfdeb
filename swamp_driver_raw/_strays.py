"""Finding and ending processes that a step left behind, without the help of the kernel.

A process is taken for the step's if it is in the step's session, or if its environment carries the
tag that the step was started with. One that did away with both (`env -i setsid`) is found only if
it was seen as a descendant while the leader lived. That is why the capability `containment` is not
declared for this way of running steps.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

TAG_VARIABLE = "SWAMP_STEP_TAG"
"""Every step has it in its environment, with a value of its own."""

_GIVE_UP_S = 5.0
_PAUSE_S = 0.002
_SHORT_S = 1.0


class StrayHunt:
    """The hunt for the processes of one step; made before the step is started."""

    def __init__(self) -> None:
        self.tag = os.urandom(16).hex()
        """What the step must have in its environment, under `TAG_VARIABLE`."""
        self._began = time.monotonic()
        self._older = frozenset(_all_pids())
        self._known: list[psutil.Process] = []

    def note_descendants(self, leader: int) -> None:
        """Remember all processes below `leader`, while it lives and they can be told."""
        import psutil  # noqa: PLC0415 - 40 ms, and only where a step is ended by force

        with contextlib.suppress(psutil.Error):
            self._known += psutil.Process(leader).children(recursive=True)

    def kill_all(self, leader: int) -> int:
        """Kill all that is left of the step but its leader; return how many remain in the end.

        The leader is not reaped yet, so its number still names its session and nothing else.
        """
        for process in self._known:
            # psutil compares start times before it sends, so a reused number is never hit.
            with contextlib.suppress(Exception):
                process.kill()
        give_up = time.monotonic() + _GIVE_UP_S
        while strays := list(self._find(leader)):
            for pid in strays:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            if time.monotonic() > give_up:
                break
            time.sleep(_PAUSE_S)
        return len(strays)

    def _find(self, leader: int) -> Iterator[int]:
        # Whatever was there before a short step is not of it: in a second no system gives out so
        # many numbers that one comes round again. This spares most steps the whole search.
        is_short = time.monotonic() - self._began < _SHORT_S
        older = self._older if is_short else frozenset({os.getpid()})
        for pid in _all_pids():
            if pid != leader and pid not in older:
                with contextlib.suppress(OSError):
                    if _has_tag(pid, self.tag) or _is_in_session(pid, leader):
                        yield pid


def _is_in_session(pid: int, leader: int) -> bool:
    return os.getsid(pid) == leader and not _is_zombie(pid)


if sys.platform == "linux":

    def _all_pids() -> list[int]:
        return [int(name) for name in os.listdir("/proc") if name.isdecimal()]  # noqa: PTH208

    def _has_tag(pid: int, tag: str) -> bool:
        fd = os.open(f"/proc/{pid}/environ", os.O_RDONLY | os.O_CLOEXEC)
        with open(fd, "rb", buffering=0) as file:  # noqa: PTH123 - a descriptor, not a path
            return tag.encode() in file.read()

    def _is_zombie(pid: int) -> bool:
        status = Path(f"/proc/{pid}/stat").read_bytes()
        return status.rpartition(b")")[2].split()[0] in (b"Z", b"X")

else:

    def _all_pids() -> list[int]:
        import psutil  # noqa: PLC0415 - see note_descendants

        return psutil.pids()

    def _has_tag(pid: int, tag: str) -> bool:
        import psutil  # noqa: PLC0415 - see note_descendants

        with contextlib.suppress(psutil.Error):
            return bool(psutil.Process(pid).environ().get(TAG_VARIABLE) == tag)
        return False

    def _is_zombie(pid: int) -> bool:
        import psutil  # noqa: PLC0415 - see note_descendants

        with contextlib.suppress(psutil.Error):
            return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
        return True
