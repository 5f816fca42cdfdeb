"""Opening directories that someone else may change while we look.

Everything goes from an open directory to a name in it (`openat` with `O_NOFOLLOW`): a name that was
swapped for a symlink then fails to open and never leads out of the tree.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs

from swamp_driver._value import Value

_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_USER_RWX = 0o700


@attrs.frozen(eq=False, repr=False)
class Mount(Value):
    """On which mounted file system something is."""

    device: int
    mount_id: int | None
    """Tells bind mounts of one file system apart; None where the system does not say."""

    @classmethod
    def of(cls, fd: int) -> Mount:
        """Return where the open file `fd` is."""
        return cls(os.fstat(fd).st_dev, _mount_id(fd))


def _mount_id(fd: int) -> int | None:
    if sys.platform != "linux":
        return None
    try:
        text = Path(f"/proc/self/fdinfo/{fd}").read_text(encoding="ascii")
    except OSError:
        return None
    found = [line.split()[1] for line in text.splitlines() if line.startswith("mnt_id:")]
    return int(found[0]) if found else None


def open_directory(name: str, *, parent_fd: int | None = None) -> int:
    """Open the directory `name` itself, never what a symlink of that name points to."""
    return os.open(name, _FLAGS, dir_fd=parent_fd)


@contextlib.contextmanager
def opened_directory(name: str, *, parent_fd: int | None = None) -> Iterator[int]:
    """Open a directory as `open_directory` does, for the length of a block."""
    fd = open_directory(name, parent_fd=parent_fd)
    try:
        yield fd
    finally:
        os.close(fd)


def open_to_empty(name: str, *, parent_fd: int) -> int:
    """Open a directory that is to be emptied: with the right to do so, given where we may give it.

    A step may have left it 0555 or 0000. That nobody else's mode changes is sure: the mode is set
    through an open handle, not through the name.
    """
    try:
        fd = open_directory(name, parent_fd=parent_fd)
    except PermissionError:
        _make_accessible(name, parent_fd=parent_fd)
        fd = open_directory(name, parent_fd=parent_fd)
    if os.fstat(fd).st_mode & _USER_RWX != _USER_RWX:
        with contextlib.suppress(OSError):
            os.fchmod(fd, _USER_RWX)
    return fd


def _make_accessible(name: str, *, parent_fd: int) -> None:
    if sys.platform != "linux":
        os.chmod(name, _USER_RWX, dir_fd=parent_fd, follow_symlinks=False)
        return
    # Linux has no chmod that leaves symlinks alone, but O_PATH opens what may not be read.
    handle = os.open(name, os.O_PATH | _FLAGS, dir_fd=parent_fd)
    try:
        Path(f"/proc/self/fd/{handle}").chmod(_USER_RWX)
    finally:
        os.close(handle)
