"""Who owns a run: an identity that survives pid reuse and reboot."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Self

import attrs

from swamp_driver._value import Value


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Owner(Value):
    """The process that owns a run, told apart from every other process on every machine.

    `boot_id` changes at each boot and `start_time` at each reuse of a pid, so that a label or a
    record written long ago never matches a stranger (SWD-GC). All fields are plain text or
    numbers: an owner goes into container labels and records as it is.
    """

    host: str
    boot_id: str
    pid: int
    start_time: str

    @classmethod
    def current(cls) -> Self:
        """Return the identity of the calling process."""
        pid = os.getpid()
        return cls(
            host=_host_name(),
            boot_id=_boot_id(),
            pid=pid,
            start_time=_start_time(pid) or "",
        )

    @property
    def is_here(self) -> bool:
        """Return whether it belongs to this machine (then `is_alive` can tell)."""
        return self.host == _host_name()

    def is_alive(self) -> bool | None:
        """Return whether the owner still runs, or None where this machine cannot know.

        None is the answer for owners on other machines: whoever cleans up must then leave their
        things alone. Never raises.
        """
        if not self.is_here:
            return None
        return self.boot_id == _boot_id() and _start_time(self.pid) == self.start_time


def _host_name() -> str:
    return os.uname().nodename  # what socket.gethostname() says, without importing sockets


@functools.cache
def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        import psutil  # noqa: PLC0415 - 40 ms, and needed only where there is no /proc

        return f"boot-{int(psutil.boot_time())}"


def _start_time(pid: int) -> str | None:
    """Return when `pid` started, in a form that does not move when the clock is set; None if dead.

    The kernel's ticks since boot, not psutil's `create_time`: that one adds the boot time of the
    wall clock, so a live process would seem another one after the clock was stepped.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return None
    except ProcessLookupError:
        return None
    else:
        state, *fields = stat.rpartition(")")[2].split()
        return None if state in "ZX" else fields[18]
    import psutil  # noqa: PLC0415 - see _boot_id

    try:
        return f"{psutil.Process(pid).create_time():.2f}"
    except psutil.Error:
        return None
