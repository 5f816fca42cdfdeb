"""The exchange directory of a step: what goes in before it, and what is read after it."""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Iterator, Mapping

import attrs

from swamp_driver._value import Value
from swamp_driver.errors import WorkspaceError
from swamp_driver.rundir._create import make_owned_directory, set_owner
from swamp_driver.rundir._directories import opened_directory
from swamp_driver.rundir._remove import remove_tree_at
from swamp_driver.spec import StepRequest, WorkspaceRequest

_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_FILE_MODE = 0o644
_REMOVE_S = 60.0


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Collected(Value):
    """What `collect_exchange` read: for `StepResult.collected` and `.collect_problems`."""

    files: Mapping[str, bytes] = attrs.field(factory=dict)
    problems: Mapping[str, str] = attrs.field(factory=dict)


def make_exchange(request: WorkspaceRequest, step: StepRequest) -> None:
    """Make the exchange directory of a step with its files and directories, all new.

    For drivers that see the file system of the run from here. Whatever an earlier step of that id
    left is removed first.

    Raises:
        WorkspaceError: it cannot be made, or a name in the request is not a plain file name. What
            had been made is gone again.
    """
    for name in (step.step_id, *step.files, *step.directories, *step.collect):
        if not name or "/" in name or "\0" in name or name in (".", ".."):
            raise WorkspaceError(f"step '{step.step_id}': {name!r} is not a plain file name")
    try:
        with _opened_parent(request) as parent_fd:
            errors = _remove(parent_fd, step)
            if errors:
                raise WorkspaceError("; ".join(errors))
            _fill(request, step, parent_fd)
    except OSError as error:
        raise WorkspaceError(
            f"exchange directory '{step.exchange}' cannot be made: {str(error.strerror).lower()}"
        ) from error


def collect_exchange(request: WorkspaceRequest, step: StepRequest) -> Collected:
    """Read the files that `step.collect` names, after the step has ended.

    Only regular files of at most `step.collect_limit_bytes` bytes, and never through a symlink: the
    step had every chance to put something else there. Never raises `OSError`.
    """
    if not step.collect:
        return Collected()
    try:
        with (
            _opened_parent(request) as parent_fd,
            opened_directory(step.step_id, parent_fd=parent_fd) as fd,
        ):
            read = {name: _read_one(fd, name, step.collect_limit_bytes) for name in step.collect}
    except FileNotFoundError:
        return Collected()
    except OSError as error:
        problem = f"its directory cannot be opened: {str(error.strerror).lower()}"
        return Collected(problems=dict.fromkeys(step.collect, problem))
    return Collected(
        files={name: found for name, found in read.items() if isinstance(found, bytes)},
        problems={name: found for name, found in read.items() if isinstance(found, str)},
    )


def remove_exchange(request: WorkspaceRequest, step: StepRequest) -> tuple[str, ...]:
    """Remove the exchange directory of a step; return one line for each thing that stays.

    Any number of times. Never raises.
    """
    try:
        with _opened_parent(request) as parent_fd:
            return _remove(parent_fd, step)
    except FileNotFoundError:
        return ()
    except OSError as error:
        return (f"'{step.exchange}' is not removed: {str(error.strerror).lower()}",)


@contextlib.contextmanager
def _opened_parent(request: WorkspaceRequest) -> Iterator[int]:
    """Open `<run_dir>/exchange`, which a step may have swapped for a symlink: then this fails."""
    with (
        opened_directory(request.run_dir) as run_fd,
        opened_directory("exchange", parent_fd=run_fd) as fd,
    ):
        yield fd


def _remove(parent_fd: int, step: StepRequest) -> tuple[str, ...]:
    deadline = time.monotonic() + _REMOVE_S
    return remove_tree_at(parent_fd, step.step_id, shown=step.exchange, deadline=deadline)


def _fill(request: WorkspaceRequest, step: StepRequest, parent_fd: int) -> None:
    make_owned_directory(step.step_id, parent_fd=parent_fd, request=request)
    try:
        with opened_directory(step.step_id, parent_fd=parent_fd) as fd:
            for name in step.directories:
                make_owned_directory(name, parent_fd=fd, request=request)
            for name, content in step.files.items():
                _write_file(fd, name, content, request)
    except BaseException:
        _remove(parent_fd, step)
        raise


def _write_file(fd: int, name: str, content: bytes, request: WorkspaceRequest) -> None:
    file_fd = os.open(name, _WRITE_FLAGS, _FILE_MODE, dir_fd=fd)
    with open(file_fd, "wb", buffering=0) as file:  # noqa: PTH123 - a descriptor, not a path
        os.fchmod(file_fd, _FILE_MODE)
        set_owner(file_fd, request)
        view = memoryview(content)
        while view:
            view = view[file.write(view) :]


def _read_one(fd: int, name: str, limit_bytes: int) -> bytes | str | None:
    """Return the content of a file, or why it is not read, or None where it does not exist."""
    try:
        mode = os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode
        if not stat.S_ISREG(mode):
            return f"it is {_kind(mode)}, not a regular file"
        # O_NOFOLLOW and O_NONBLOCK: it may have become a symlink or a FIFO since.
        file_fd = os.open(name, _READ_FLAGS, dir_fd=fd)
        with open(file_fd, "rb") as file:  # noqa: PTH123 - a descriptor, not a path
            content = file.read(limit_bytes + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"it cannot be read: {str(error.strerror).lower()}"
    if len(content) > limit_bytes:
        return f"it is larger than {limit_bytes} bytes"
    return content


def _kind(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "a symlink"
    return "a directory" if stat.S_ISDIR(mode) else "a device, pipe or socket"
