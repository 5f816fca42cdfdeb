"""Removing a tree that steps made: fast, never out of the tree, however deep, odd or changing."""

from __future__ import annotations

import errno
import os
import time

from swamp_driver.rundir._directories import open_to_empty
from swamp_driver.rundir._walk import join_shown

_ERROR_LIMIT = 20
_PAUSE_S = 0.005
"""Between two looks at a directory that someone still fills."""


def remove_tree(path: str, *, deadline_s: float) -> tuple[str, ...]:
    """Remove the directory `path` and all in it; return one line for each thing that stays.

    From any thread. Never raises. `path` that does not exist is no error; one that is not a
    directory, or a mount point, is refused. The parent of `path` is trusted, all below it is not:
    symlinks are removed, never followed, and mount points inside are left and reported. Directories
    without permissions are given some first. Gives up `deadline_s` seconds after its call.

    After errors, what is left may have been moved to the top of `path`.
    """
    parent, name = os.path.split(path)
    if not name or name in (".", ".."):
        return (f"'{path}' is not removed: it is not a directory with a name",)
    try:
        parent_fd = os.open(parent or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return ()
    except OSError as error:
        return (_line(path, error),)
    try:
        return remove_tree_at(parent_fd, name, shown=path, deadline=time.monotonic() + deadline_s)
    finally:
        os.close(parent_fd)


def remove_tree_at(parent_fd: int, name: str, *, shown: str, deadline: float) -> tuple[str, ...]:
    """Do what `remove_tree` does, for `name` in an open directory, until `deadline` (monotonic).

    `shown` is how the tree is called in the lines that come back.
    """
    try:
        # A mount point answers EBUSY here, also a bind mount of the same file system.
        if _remove_if_empty(name, parent_fd=parent_fd):
            return ()
        top_fd = open_to_empty(name, parent_fd=parent_fd)
    except FileNotFoundError:
        return ()
    except OSError as error:
        return (_line(shown, error),)
    try:
        return _Removal(parent_fd, name, top_fd, shown, deadline).run()
    finally:
        os.close(top_fd)


class _Removal:
    """The removal of one tree, with two open directories at most.

    A directory that is not empty is first moved up into the top directory and emptied from there.
    So no path and no recursion grows with the depth of the tree, there is never a `..` that could
    lead elsewhere, and the kernel tells mount points: they can be neither removed nor moved.
    """

    def __init__(self, parent_fd: int, name: str, top_fd: int, shown: str, deadline: float) -> None:
        self._parent_fd = parent_fd
        self._name = name
        self._top_fd = top_fd
        self._shown = shown
        self._deadline = deadline
        self._moved_prefix = f".removing-{os.urandom(8).hex()}-"
        self._moved_count = 0
        self._waiting: dict[str, str] = {}
        """Directories at the top that are not empty, and where they were."""
        self._errors: list[str] = []
        self._error_count = 0

    def run(self) -> tuple[str, ...]:
        """Remove until nothing is left, nothing more can be done, or time is up."""
        while True:
            self._empty(self._top_fd, self._shown)
            while self._waiting and not self._is_late():
                self._empty_waiting(*self._waiting.popitem())
            if self._is_late():
                self._errors.append(f"'{self._shown}' is not wholly removed: time is up")
                break
            if self._error_count or self._remove_top():
                break
            time.sleep(_PAUSE_S)
        return self._report()

    def _is_late(self) -> bool:
        return time.monotonic() >= self._deadline

    def _report(self) -> tuple[str, ...]:
        more = self._error_count - _ERROR_LIMIT
        if more > 0:
            self._errors.append(f"'{self._shown}': {more} more could not be removed")
        if self._errors and self._moved_count:
            self._errors.append(f"'{self._shown}': what was deeper in it is now at its top")
        return tuple(self._errors)

    def _fail(self, shown: str, error: OSError) -> None:
        self._error_count += 1
        if self._error_count <= _ERROR_LIMIT:
            self._errors.append(_line(shown, error))

    def _remove_top(self) -> bool:
        """Remove the emptied top; False where something was added to it meanwhile."""
        try:
            return _remove_if_empty(self._name, parent_fd=self._parent_fd)
        except FileNotFoundError:
            return True
        except OSError as error:
            self._fail(self._shown, error)
            return True

    def _empty(self, fd: int, shown: str) -> None:
        """Remove all that can be removed from a directory, in as many passes as it takes."""
        failed: set[str] = set()
        progress = True
        # A listing may miss names while others are removed, so the last pass must find nothing.
        while progress:
            progress = False
            with os.scandir(fd) as entries:
                for entry in entries:
                    if entry.name in failed or (fd == self._top_fd and entry.name in self._waiting):
                        continue
                    if self._is_late():
                        return
                    if self._remove_entry(fd, entry, shown):
                        progress = True
                    else:
                        failed.add(entry.name)

    def _remove_entry(self, fd: int, entry: os.DirEntry[str], shown: str) -> bool:
        """Remove or move one entry; False where that failed for good."""
        try:
            if entry.is_dir(follow_symlinks=False):
                self._remove_directory(fd, entry.name, shown)
            else:
                os.unlink(entry.name, dir_fd=fd)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return True  # It was changed just now: the next pass sees what it is.
        except OSError as error:
            self._fail(join_shown(shown, entry.name), error)
            return False
        return True

    def _remove_directory(self, fd: int, name: str, shown: str) -> None:
        if _remove_if_empty(name, parent_fd=fd):
            return
        at_top = name
        if fd != self._top_fd:
            # To move a directory needs the right to write into it, because its ".." changes.
            os.close(open_to_empty(name, parent_fd=fd))
            self._moved_count += 1
            at_top = f"{self._moved_prefix}{self._moved_count}"
            os.rename(name, at_top, src_dir_fd=fd, dst_dir_fd=self._top_fd)
        self._waiting[at_top] = join_shown(shown, name)

    def _empty_waiting(self, name: str, shown: str) -> None:
        """Empty and remove a directory at the top (or what was swapped for it)."""
        errors_before = self._error_count
        try:
            fd = open_to_empty(name, parent_fd=self._top_fd)
            try:
                self._empty(fd, shown)
            finally:
                os.close(fd)
            is_gone = _remove_if_empty(name, parent_fd=self._top_fd)
            if not is_gone and self._error_count == errors_before:
                time.sleep(_PAUSE_S)
                self._waiting[name] = shown
        except FileNotFoundError:
            return
        except NotADirectoryError:
            os.unlink(name, dir_fd=self._top_fd)
        except OSError as error:
            self._fail(shown, error)


def _remove_if_empty(name: str, *, parent_fd: int) -> bool:
    """Remove a directory; False where there is something in it."""
    try:
        os.rmdir(name, dir_fd=parent_fd)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return False
        raise
    return True


def _line(shown: str, error: OSError) -> str:
    reason = os.strerror(error.errno) if error.errno else str(error)
    if error.errno == errno.EBUSY:
        reason = "it is a mount point, or in use"
    code = errno.errorcode.get(error.errno or 0, "?")
    return f"'{shown}' is not removed: {reason.lower()} ({code})"
