"""Walking a tree that hostile steps made: removing it, and taking ownership of it.

Everything goes through open directories: a path could be too long, and a name on it could be
swapped for a symlink between two looks.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Iterator

_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class TreeRemoval:
    """Removes one tree and keeps what goes wrong as lines of text."""

    def __init__(self, *, deadline_s: float) -> None:
        self._deadline = time.monotonic() + deadline_s
        self.errors: list[str] = []

    def remove(self, path: str) -> list[str]:
        """Remove the tree at `path`; return what could not be removed. Nothing there is fine."""
        parent, name = os.path.split(path)
        with _opened(parent) as parent_fd, contextlib.suppress(FileNotFoundError):
            device = os.stat(name, dir_fd=parent_fd, follow_symlinks=False).st_dev
            self._remove_entry(name, parent_fd, path, device)
        return self.errors

    def _remove_entry(self, name: str, parent_fd: int, shown: str, device: int) -> None:
        try:
            if self.is_directory(name, parent_fd):
                self.remove_directory(name, parent_fd, shown, device)
            else:
                os.unlink(name, dir_fd=parent_fd)
        except FileNotFoundError:
            pass
        except OSError as error:
            self.fail(shown, str(error.strerror).lower())

    def is_directory(self, name: str, parent_fd: int) -> bool:
        """Return whether an entry is a directory, and not a link to one."""
        mode = os.stat(name, dir_fd=parent_fd, follow_symlinks=False).st_mode
        return stat.S_ISDIR(mode)

    def remove_directory(self, name: str, parent_fd: int, shown: str, device: int) -> None:
        """Remove a directory and all below it."""
        with contextlib.suppress(PermissionError):
            os.chmod(name, 0o700, dir_fd=parent_fd)
        with _opened(name, parent_fd) as fd:
            if not self.may_enter(fd, device):
                self.fail(shown, "another file system is mounted there")
                return
            for entry in os.listdir(fd):  # noqa: PTH208 - a descriptor
                if time.monotonic() > self._deadline:
                    self.fail(shown, "the deadline passed; another teardown goes on")
                    return
                self._remove_entry(entry, fd, f"{shown}/{entry}"[-200:], device)
        if not self.errors:
            os.rmdir(name, dir_fd=parent_fd)

    def may_enter(self, fd: int, device: int) -> bool:
        """Return whether an open directory is on the file system of the tree."""
        return os.fstat(fd).st_dev == device

    def fail(self, shown: str, reason: str) -> None:
        """Note that something stays."""
        self.errors.append(f"'{shown}' is not removed: {reason}")


@contextlib.contextmanager
def _opened(name: str, parent_fd: int | None = None) -> Iterator[int]:
    fd = os.open(name, _OPEN, dir_fd=parent_fd)
    try:
        yield fd
    finally:
        os.close(fd)


def own_tree(path: str, uid: int, gid: int) -> list[str]:
    """Make all in a tree belong to a user; return what could not be changed."""
    errors: list[str] = []
    if os.path.lexists(path):
        with _opened(path) as fd:
            _own(fd, uid, gid, os.fstat(fd).st_dev, errors)
    return errors


def _own(fd: int, uid: int, gid: int, device: int, errors: list[str]) -> None:
    _own_one(".", fd, uid, gid, errors)
    for name in os.listdir(fd):
        status = os.stat(name, dir_fd=fd, follow_symlinks=False)
        if not stat.S_ISDIR(status.st_mode):
            _own_one(name, fd, uid, gid, errors)
        elif status.st_dev == device:
            with contextlib.suppress(PermissionError):
                if status.st_mode & stat.S_IRWXU != stat.S_IRWXU:
                    os.chmod(name, stat.S_IMODE(status.st_mode) | stat.S_IRWXU, dir_fd=fd)
            with _opened(name, fd) as below:
                _own(below, uid, gid, device, errors)


def _own_one(name: str, fd: int, uid: int, gid: int, errors: list[str]) -> None:
    status = os.stat(name, dir_fd=fd, follow_symlinks=False)
    if (status.st_uid, status.st_gid) != (uid, gid):
        try:
            os.chown(name, uid, gid, dir_fd=fd, follow_symlinks=False)
        except OSError as error:
            errors.append(f"'{name}' keeps its owner: {str(error.strerror).lower()}")
