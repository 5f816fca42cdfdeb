"""Walking a tree that steps made, without changing its shape."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator

import attrs

from swamp_driver._value import Value
from swamp_driver.rundir._directories import Mount, open_directory

_SHOWN_LIMIT = 300


@attrs.frozen(eq=False, repr=False)
class Visit(Value):
    """An entry that the walk has come to; valid until the walk goes on."""

    parent_fd: int
    name: str
    status: os.stat_result
    shown: str
    """Its path for messages; cut where it is very long."""


@attrs.frozen(eq=False, repr=False)
class _Level(Value):
    identity: tuple[int, int]
    names: list[str]
    shown: str


def _open_child(name: str, parent_fd: int) -> int:
    return open_directory(name, parent_fd=parent_fd)


class TreeWalk:
    """A walk over everything below the directory `top`, each directory before what is in it.

    Symlinks are visited, not followed; mount points are not visited. One directory is open at a
    time, however deep the tree: the way back is `..`, and where that does not lead to where we came
    from, because the tree is changed meanwhile, the walk ends. What could not be visited stands in
    `errors` after the iteration, which never raises `OSError` by itself.
    """

    def __init__(
        self,
        top: str,
        *,
        shown_limit: int = _SHOWN_LIMIT,
        open_child: Callable[[str, int], int] = _open_child,
    ) -> None:
        self.errors: list[str] = []
        self._top = top
        self._shown_limit = shown_limit
        self._open = open_child
        self._levels: list[_Level] = []
        self._fd = -1

    def __iter__(self) -> Iterator[Visit]:
        """Walk; once for each object."""
        try:
            self._fd = open_directory(self._top)
            self._mount = Mount.of(self._fd)
            self._push(self._fd, self._top)
            yield from self._visits()
        except OSError as error:
            self.errors.append(_line(self._top, error))
        finally:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1

    def _visits(self) -> Iterator[Visit]:
        while self._levels:
            level = self._levels[-1]
            if level.names:
                name = level.names.pop()
                shown = join_shown(level.shown, name, limit=self._shown_limit)
                yield from self._visit(name, shown)
            else:
                self._levels.pop()
                if self._levels:
                    self._ascend(self._levels[-1])

    def _visit(self, name: str, shown: str) -> Iterator[Visit]:
        child = -1
        try:
            status = os.stat(name, dir_fd=self._fd, follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                child = self._open_child(name)
            yield Visit(self._fd, name, status, shown)
            if child >= 0:
                self._push(child, shown)
                os.close(self._fd)
                self._fd, child = child, -1
        except FileNotFoundError:
            return
        except OSError as error:
            self.errors.append(_line(shown, error))
        finally:
            if child >= 0:
                os.close(child)

    def _open_child(self, name: str) -> int:
        """Open a directory that can be gone into, and come back from."""
        child = self._open(name, self._fd)
        try:
            self._check_way_back(child)
        except BaseException:
            os.close(child)
            raise
        return child

    def _check_way_back(self, child: int) -> None:
        if Mount.of(child) != self._mount:
            raise OSError(errno.EXDEV, "it is a mount point")
        os.close(open_directory("..", parent_fd=child))

    def _push(self, fd: int, shown: str) -> None:
        self._levels.append(_Level(_identity(fd), os.listdir(fd), shown))

    def _ascend(self, to: _Level) -> None:
        parent = open_directory("..", parent_fd=self._fd)
        os.close(self._fd)
        self._fd = parent
        if _identity(parent) != to.identity:
            raise OSError(errno.ESTALE, "directories in it were moved during the walk")


def _identity(fd: int) -> tuple[int, int]:
    status = os.fstat(fd)
    return status.st_dev, status.st_ino


def join_shown(shown: str, name: str, *, limit: int = _SHOWN_LIMIT) -> str:
    """Join for display: cut, because the paths of a deep tree would fill the memory."""
    if len(shown) > limit:
        return shown if shown.endswith("/...") else f"{shown}/..."
    return f"{shown}/{name}"


def _line(shown: str, error: OSError) -> str:
    code = errno.errorcode.get(error.errno or 0, "?")
    return f"'{shown}' is left as it is: {str(error.strerror).lower()} ({code})"
