"""Looks at this host; what it means is decided in `_judge_host`."""

from __future__ import annotations

import os
import resource
import stat
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import attrs

from swamp_driver.errors import StoreError
from swamp_driver.host._settings import HostSettings
from swamp_driver.host._store import open_store


@attrs.frozen(kw_only=True)
class PlaceSurvey:
    """A directory that runs need, or the nearest one above it where it is not there yet."""

    path: str
    given: str | None = None
    """How the user wrote it, where that leads to `path` through symlinks."""
    error: str | None = None
    """Why nothing can be made there."""
    free_bytes: int | None = None
    free_inodes: int | None = None
    """None where the file system does not count them."""
    noexec: bool = False
    file_system: str = ""
    """As the system calls it: `ext4`, `nfs4`; empty where it does not say."""
    owner_uid: int | None = None
    """None where the directory is not there yet."""
    open_to_others: bool = False
    """Others may write to it."""
    clock_skew_s: float = 0.0
    """How much later a file that is made now is than the clock of this host."""


@attrs.frozen(kw_only=True)
class HostSurvey:
    """What was seen of this host."""

    root: PlaceSurvey
    state: PlaceSurvey
    temporary: PlaceSurvey
    store_error: str | None
    """Why the records cannot be used."""
    time_s: float
    open_files: int
    """How many files this process may have open."""
    uid: int


def survey_host(settings: HostSettings, environ: Mapping[str, str]) -> HostSurvey:
    """Look at directories, limits and the clock; leave nothing behind. Never raises `OSError`."""
    return HostSurvey(
        root=survey_place(settings.root, given=environ.get("SWAMP_DRIVER_ROOT")),
        state=survey_place(settings.state_dir, given=environ.get("SWAMP_DRIVER_STATE")),
        temporary=survey_place(Path(tempfile.gettempdir())),
        store_error=_store_error(settings),
        time_s=time.time(),
        open_files=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        uid=os.geteuid(),
    )


def survey_place(path: Path, *, given: str | None = None) -> PlaceSurvey:
    """Look at a directory by making something in it; leave nothing behind."""
    survey = PlaceSurvey(
        path=str(path), given=given if given and given.rstrip("/") != str(path) else None
    )
    base = _nearest(path)
    try:
        survey = _facts(survey, base, is_there=base == path)
        with tempfile.TemporaryDirectory(prefix=".swamp-doctor-", dir=base) as made:
            now = time.time()
            file = Path(made, "file")
            file.write_bytes(b"x" * 4096)
            return attrs.evolve(survey, clock_skew_s=file.stat().st_mtime - now)
    except OSError as error:
        where = "" if base == path else f" in '{base}'"
        return attrs.evolve(survey, error=f"{str(error.strerror).lower()}{where}")


def _nearest(path: Path) -> Path:
    """Return the directory, or what is there of the way to it."""
    for place in (path, *path.parents):
        if os.path.lexists(place):
            return place
    return Path("/")


def _facts(survey: PlaceSurvey, base: Path, *, is_there: bool) -> PlaceSurvey:
    system = os.statvfs(base)
    status = base.stat()
    return attrs.evolve(
        survey,
        free_bytes=system.f_bavail * system.f_frsize,
        free_inodes=system.f_favail if system.f_files else None,
        noexec=bool(system.f_flag & getattr(os, "ST_NOEXEC", 0)),
        file_system=_file_system(status.st_dev),
        owner_uid=status.st_uid if is_there else None,
        open_to_others=bool(status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)) if is_there else False,
    )


def _file_system(device: int) -> str:
    """Return the type of a file system; Linux tells."""
    if sys.platform != "linux":
        return ""
    number = f"{os.major(device)}:{os.minor(device)}"
    try:
        lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    for line in reversed(lines.splitlines()):
        left, _, right = line.partition(" - ")
        if left.split()[2] == number and right:
            return right.split()[0]
    return ""


def _store_error(settings: HostSettings) -> str | None:
    """Use the records where there are some; else make and use some, beside where they will be."""
    if (settings.state_dir / "runs.sqlite").exists():
        return _use_store(settings)
    try:
        with tempfile.TemporaryDirectory(
            prefix=".swamp-doctor-", dir=_nearest(settings.state_dir)
        ) as made:
            return _use_store(attrs.evolve(settings, state_dir=Path(made)))
    except OSError as error:
        return str(error.strerror).lower()


def _use_store(settings: HostSettings) -> str | None:
    try:
        with open_store(settings) as store:
            store.runs(limit=1)
            return store.find_damage()
    except StoreError as error:
        return str(error)
