"""The marker of a run directory: a file beside it that says whose it is.

It stands beside the directory and not in it, because steps can write there: a step that deletes or
forges everything it can reach still changes nothing of what may be removed, and by whom.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from pathlib import Path, PurePosixPath

import attrs

from swamp_driver._value import Value
from swamp_driver.spec import Json, Owner

_VERSION = 1
_LIMIT_BYTES = 64 * 1024
_PREFIX = "."
_SUFFIX = ".swamp-run.json"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Marker(Value):
    """What is known of a run directory without asking the run."""

    run_id: str
    owner: Owner
    """The process that answers for it, or answered for it last."""
    created_at: float
    """Seconds since the epoch."""
    persistent: bool = False
    """It outlives its runs; nothing removes it unasked."""
    preserved: bool = False
    """It was kept on purpose after its run; nothing removes it unasked."""


def marker_path(run_dir: str) -> str:
    """Return where the marker of `run_dir` is."""
    path = PurePosixPath(run_dir)
    return str(path.parent / f"{_PREFIX}{path.name}{_SUFFIX}")


def run_dir_name(marker_name: str) -> str | None:
    """Return the name of the directory that a marker file speaks of; None if it is no marker."""
    if marker_name.startswith(_PREFIX) and marker_name.endswith(_SUFFIX):
        return marker_name[len(_PREFIX) : -len(_SUFFIX)] or None
    return None


def read_marker(run_dir: str) -> Marker | None:
    """Return the marker of `run_dir`, or None where there is none or it is damaged. Never raises.

    None means that the directory is not ours to touch.
    """
    try:
        data = json.loads(_read_regular(marker_path(run_dir)))
        if data["version"] != _VERSION:
            return None
        return Marker(
            run_id=_text(data["run_id"]),
            owner=_structure_owner(data["owner"]),
            created_at=float(data["created_at"]),
            persistent=data["persistent"] is True,
            preserved=data["preserved"] is True,
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_new_marker(run_dir: str, marker: Marker) -> None:
    """Write the marker of a directory that is about to be made. Raises `FileExistsError`."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    fd = os.open(marker_path(run_dir), flags, 0o600)
    try:
        _write(fd, marker)
    except BaseException:
        remove_marker(run_dir)
        raise


def replace_marker(run_dir: str, marker: Marker) -> None:
    """Write the marker anew, so that every reader sees the old one or the new one."""
    path = marker_path(run_dir)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    _write(os.open(f"{path}.new", flags, 0o600), marker)
    Path(f"{path}.new").replace(path)


def remove_marker(run_dir: str) -> None:
    """Remove the marker, last of all; that it is gone already is fine."""
    for path in (f"{marker_path(run_dir)}.new", marker_path(run_dir)):
        with contextlib.suppress(FileNotFoundError):
            Path(path).unlink()


def _read_regular(path: str) -> bytes:
    # O_NONBLOCK: a FIFO of that name must not hold us up.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with open(os.open(path, flags), "rb") as file:  # noqa: PTH123 - a descriptor, not a path
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError("not a regular file")
        return file.read(_LIMIT_BYTES)


def _write(fd: int, marker: Marker) -> None:
    content: dict[str, Json] = {"version": _VERSION, **attrs.asdict(marker)}
    with open(fd, "w", encoding="ascii") as file:
        json.dump(content, file)


def _structure_owner(data: dict[str, object]) -> Owner:
    pid = data["pid"]
    if not isinstance(pid, int) or isinstance(pid, bool):
        raise TypeError("pid is not a number")
    return Owner(
        host=_text(data["host"]),
        boot_id=_text(data["boot_id"]),
        pid=pid,
        start_time=_text(data["start_time"]),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not text")
    return value
