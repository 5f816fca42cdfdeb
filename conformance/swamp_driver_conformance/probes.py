"""Looking past the driver: at processes, descriptors and files of this host."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from swamp_driver_conformance.expect import not_run

_READ_BYTES = 256 * 1024
_LINE = 100

CAN_SEE_PROCESSES = sys.platform == "linux"
"""Whether `/proc` tells of all processes of this host."""


def token() -> str:
    """Return a word that occurs nowhere else on this host."""
    return f"swamp{secrets.token_hex(12)}"


def need(word: str, reason: str, *, has: bool) -> None:
    """Leave the test out, by name, where this host lacks something."""
    if not has:
        not_run(word, reason)


def need_processes() -> None:
    """Leave the test out where processes of this host cannot be seen."""
    need("linux", "it reads /proc", has=CAN_SEE_PROCESSES)


def need_root() -> None:
    """Leave the test out where it is not run by root."""
    need("root", "it makes files of other users or mounts", has=os.geteuid() == 0)


def processes_with(
    word: str,
    *,
    parts: tuple[str, ...] = ("cmdline", "environ"),
    but: frozenset[int] = frozenset(),
) -> list[int]:
    """Return the live processes of this host with `word` in their arguments or environment.

    The process that asks and those of `but` are not among them. Empty where there is no `/proc`.
    """
    asked = but | {os.getpid()}
    return [pid for pid in pids() if pid not in asked and _mentions(pid, word.encode(), parts)]


def pids() -> list[int]:
    """Return all processes of this host; none where there is no `/proc`."""
    with contextlib.suppress(OSError):
        return [int(name) for name in os.listdir("/proc") if name.isdecimal()]  # noqa: PTH208
    return []


def _mentions(pid: int, word: bytes, parts: tuple[str, ...]) -> bool:
    with contextlib.suppress(OSError):
        return any(word in _read(f"/proc/{pid}/{part}") for part in parts)
    return False


def _read(path: str) -> bytes:
    # Not through a file object: this is done for every process of the machine, after every test.
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        data = os.read(fd, _READ_BYTES)
        while len(data) % _READ_BYTES == 0 and (more := os.read(fd, _READ_BYTES)):
            data += more
        return data
    finally:
        os.close(fd)


def command_lines(found: Iterable[int]) -> str:
    """Return processes as a text for a person: how many, and the command line of each."""
    lines = []
    for pid in found:
        with contextlib.suppress(OSError):
            words = _read(f"/proc/{pid}/cmdline").rstrip(b"\0").replace(b"\0", b" ")
            lines.append(f"{pid} `{words.decode(errors='backslashreplace')[:_LINE]}`")
    return f"{len(lines)}: {', '.join(lines)}" if lines else "none"


def is_zombie(pid: int) -> bool:
    """Return whether a process has ended and is not reaped."""
    with contextlib.suppress(OSError):
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
        return state == b"Z"
    return False


def children() -> list[int]:
    """Return the children of this process, zombies included."""
    found: list[int] = []
    for path in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(pid) for pid in path.read_text(encoding="ascii").split()]
    return found


def open_descriptors() -> int:
    """Return how many file descriptors this process has open."""
    folder = "/proc/self/fd" if CAN_SEE_PROCESSES else "/dev/fd"
    return len(os.listdir(folder))  # noqa: PTH208


def settles(condition: Callable[[], bool], *, deadline_s: float) -> bool:
    """Return whether the condition holds within the deadline; asks again and again."""
    give_up = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.01)
    return True


def stays_the_same(read: Callable[[], object], *, seconds: float) -> bool:
    """Return whether what `read` returns does not change for a while."""
    before = read()
    return not settles(lambda: read() != before, deadline_s=seconds)


def snapshot(root: Path) -> dict[str, str]:
    """Return what is below a directory: path -> kind, mode and content; links not followed."""
    found: dict[str, str] = {}
    for folder, names, files in os.walk(root):
        for name in (*names, *files):
            path = Path(folder) / name
            found[str(path.relative_to(root))] = _describe(path)
    return found


def _describe(path: Path) -> str:
    status = path.lstat()
    text = stat.filemode(status.st_mode)
    if stat.S_ISLNK(status.st_mode):
        return f"{text} -> {path.readlink()}"
    if stat.S_ISREG(status.st_mode):
        return f"{text} {path.read_bytes()!r}"
    return text


def files_with(word: str, *, below: Path) -> list[str]:
    """Return the files below a directory that have `word` in them."""
    hits = []
    for path in below.rglob("*"):
        with contextlib.suppress(OSError):
            if path.is_file() and not path.is_symlink() and word.encode() in path.read_bytes():
                hits.append(str(path))
    return hits


class ProcessWatch:
    """Watches what belongs to the whole process, all the time; a context manager."""

    def __init__(self) -> None:
        self.changes: set[str] = set()
        self._stop = threading.Event()
        self._before = _process_state()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> ProcessWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self.look()

    def _watch(self) -> None:
        while not self._stop.wait(0.002):
            self.look()

    def look(self) -> None:
        """Compare the state of the process with that at the beginning."""
        now = _process_state()
        self.changes |= {key for key, value in now.items() if value != self._before[key]}


def _process_state() -> dict[str, object]:
    return {
        "working directory": os.getcwd(),  # noqa: PTH109
        "os.environ": dict(os.environ),
        "umask": _umask(),
        "signal handlers": _handlers(),
    }


def _umask() -> str:
    """Return the umask without setting it: that would change it for a moment."""
    if CAN_SEE_PROCESSES:
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("Umask:"):
                return line
    return ""


def _handlers() -> str:
    import signal  # noqa: PLC0415 - read with its only use

    return repr([(number, signal.getsignal(number)) for number in sorted(signal.valid_signals())])
