"""Making the directory of a run, taking one up again, and leaving it to its user.

Who may look inside: the *parent* of a run directory is private (0700, made by the host), so no
other user of the machine gets to it. The run directory itself is 0755: in a container its parents
are others, made by the engine, and a step there may run as any user.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import attrs

from swamp_driver.errors import WorkspaceError
from swamp_driver.rundir._directories import opened_directory
from swamp_driver.rundir._marker import (
    Marker,
    read_marker,
    remove_marker,
    replace_marker,
    write_new_marker,
)
from swamp_driver.rundir._ownership import repair_ownership
from swamp_driver.rundir._remove import remove_tree_at
from swamp_driver.rundir._remove_run import remove_run_dir
from swamp_driver.spec import Owner, WorkspaceRequest

_MODE = 0o755
_PARTS = ("workspace", "home", "exchange")
_CLEAR_S = 60.0


def create_run_dir(request: WorkspaceRequest, *, run_id: str, owner: Owner) -> None:
    """Make `request.run_dir` with `workspace`, `home` and `exchange`, or take up a persistent one.

    The marker is written before the directory, so there is never a directory of ours that nobody
    would find after a crash. All belong to `request.uid` and `request.gid`, whatever the umask. A
    persistent directory that has our marker keeps `workspace` and `home`; the caller holds its
    lock.

    Raises:
        WorkspaceError: the path is not absolute, normalised and free of symlinks; something else is
            there; or a directory cannot be made. What had been made is gone again.
    """
    _check_path(request.run_dir)
    marker = Marker(
        run_id=run_id, owner=owner, created_at=time.time(), persistent=request.persistent
    )
    with _as_workspace_error(request.run_dir):
        if request.persistent and read_marker(request.run_dir) is not None:
            _take_up(request, marker)
        else:
            _make_new(request, marker)


def attach_run_dir(request: WorkspaceRequest) -> None:
    """Check that `request.run_dir` is there, made by another driver of the run.

    Raises:
        WorkspaceError: it is not there, has no marker of ours, or a part of it is missing.
    """
    _check_path(request.run_dir)
    if read_marker(request.run_dir) is None:
        raise WorkspaceError(f"run directory '{request.run_dir}' was not made by a driver of a run")
    with _as_workspace_error(request.run_dir), opened_directory(request.run_dir) as fd:
        for part in _PARTS:
            with opened_directory(part, parent_fd=fd):
                pass


def make_reusable(run_dir: str) -> None:
    """Let the next run that asks for a persistent workspace take up this directory.

    For a directory that was kept on purpose; the caller sees to it that nobody else uses it.

    Raises:
        WorkspaceError: it has no marker of ours, or the marker cannot be written.
    """
    marker = read_marker(run_dir)
    if marker is None:
        raise WorkspaceError(f"run directory '{run_dir}' was not made by a driver of a run")
    with _as_workspace_error(run_dir):
        replace_marker(run_dir, attrs.evolve(marker, persistent=True))


def keep_run_dir(run_dir: str, *, uid: int, gid: int) -> tuple[str, ...]:
    """Leave a run directory to its user after the run; return one line for each thing that failed.

    All in it is made to belong to `uid` and `gid`, and the marker says that it was kept on purpose,
    so that nothing removes it unasked. Any number of times. Never raises. A directory that is not
    there, or is not ours, stays as it is.
    """
    marker = read_marker(run_dir)
    if marker is None or not os.path.lexists(run_dir):
        return ()
    errors = repair_ownership(run_dir, uid=uid, gid=gid)
    if not marker.preserved:
        try:
            replace_marker(run_dir, attrs.evolve(marker, preserved=True))
        except OSError as error:
            return (*errors, f"'{run_dir}' is not marked as kept: {error.strerror}")
    return errors


def _check_path(run_dir: str) -> None:
    if "\0" in run_dir or os.path.realpath(run_dir) != run_dir:
        raise WorkspaceError(
            f"run directory {run_dir!r} is not an absolute, normalised path without symlinks"
        )


@contextlib.contextmanager
def _as_workspace_error(run_dir: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = f" ('{error.filename}')" if error.filename else ""
        raise WorkspaceError(
            f"run directory '{run_dir}' cannot be made or used: "
            f"{str(error.strerror).lower()}{where}"
        ) from error


def _make_new(request: WorkspaceRequest, marker: Marker) -> None:
    run_dir = request.run_dir
    if os.path.lexists(run_dir):
        raise WorkspaceError(f"run directory '{run_dir}' exists already, and not from this run")
    if request.persistent:
        remove_marker(run_dir)  # A damaged one of a directory that is not there; we hold the lock.
    try:
        write_new_marker(run_dir, marker)
    except FileExistsError as error:
        raise WorkspaceError(f"run directory '{run_dir}' is being made by another run") from error
    try:
        Path(run_dir).mkdir()
        _make_parts(request)
    except FileExistsError as error:
        remove_marker(run_dir)
        raise WorkspaceError(f"run directory '{run_dir}' exists already") from error
    except BaseException:
        remove_run_dir(run_dir, deadline_s=_CLEAR_S)
        raise


def _take_up(request: WorkspaceRequest, marker: Marker) -> None:
    before = read_marker(request.run_dir)
    if before is None or not before.persistent:
        raise WorkspaceError(f"run directory '{request.run_dir}' is not a persistent workspace")
    replace_marker(request.run_dir, attrs.evolve(marker, created_at=before.created_at))
    Path(request.run_dir).mkdir(exist_ok=True)
    with opened_directory(request.run_dir) as fd:
        # What a run that was killed left of its steps is no business of this one.
        errors = remove_tree_at(
            fd,
            "exchange",
            shown=f"{request.run_dir}/exchange",
            deadline=time.monotonic() + _CLEAR_S,
        )
    if errors:
        raise WorkspaceError("; ".join(errors))
    _make_parts(request)


def _make_parts(request: WorkspaceRequest) -> None:
    with opened_directory(request.run_dir) as fd:
        _set_up(fd, request)
        for part in _PARTS:
            is_new = make_owned_directory(part, parent_fd=fd, request=request)
            if not is_new and not stat.S_ISDIR(
                os.stat(part, dir_fd=fd, follow_symlinks=False).st_mode
            ):
                raise WorkspaceError(f"'{request.run_dir}/{part}' is not a directory any more")


def make_owned_directory(name: str, *, parent_fd: int, request: WorkspaceRequest) -> bool:
    """Make a directory that belongs to the user of the run; False where the name is taken."""
    try:
        os.mkdir(name, _MODE, dir_fd=parent_fd)
    except FileExistsError:
        return False
    with opened_directory(name, parent_fd=parent_fd) as fd:
        _set_up(fd, request)
    return True


def _set_up(fd: int, request: WorkspaceRequest) -> None:
    """Give an open directory the mode that no umask changed, and its owner."""
    os.fchmod(fd, _MODE)
    set_owner(fd, request)


def set_owner(fd: int, request: WorkspaceRequest) -> None:
    """Give an open file to the user of the run; nothing to do in the usual case."""
    found = os.fstat(fd)
    if (found.st_uid, found.st_gid) != (request.uid, request.gid):
        os.fchown(fd, request.uid, request.gid)
