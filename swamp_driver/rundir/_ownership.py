"""Whose the files of a run are, and how much there is of them."""

from __future__ import annotations

import errno
import os

from swamp_driver.rundir._walk import TreeWalk

_ERROR_LIMIT = 20


def repair_ownership(run_dir: str, *, uid: int, gid: int) -> tuple[str, ...]:
    """Make everything in `run_dir`, itself included, belong to a user; return what failed.

    For containers whose steps ran as another user. Touches only entries that belong to someone
    else; symlinks themselves, never what they point to; nothing on another mount. Only root can
    give files away: a caller that is not root gets a line for each entry that is not its own, 20
    lines at most and then their number. Never raises.
    """
    failures: list[str] = []
    walk = TreeWalk(run_dir)
    try:
        found = os.lstat(run_dir)
        if (found.st_uid, found.st_gid) != (uid, gid):
            os.chown(run_dir, uid, gid, follow_symlinks=False)
    except OSError as error:
        failures.append(_line(run_dir, error))
    for visit in walk:
        if (visit.status.st_uid, visit.status.st_gid) == (uid, gid):
            continue
        try:
            os.chown(visit.name, uid, gid, dir_fd=visit.parent_fd, follow_symlinks=False)
        except FileNotFoundError:
            continue
        except OSError as error:
            failures.append(_line(visit.shown, error))
    return _limited(run_dir, (*failures, *walk.errors))


def measure_tree(path: str) -> int:
    """Return how many bytes of disk everything below the directory `path` takes.

    Files with several names there are counted once; what cannot be looked at is left out. Visits
    every entry: about a second for 100,000. Never raises.
    """
    seen: set[tuple[int, int]] = set()
    total = 0
    for visit in TreeWalk(path):
        identity = (visit.status.st_dev, visit.status.st_ino)
        if visit.status.st_nlink > 1:
            if identity in seen:
                continue
            seen.add(identity)
        total += visit.status.st_blocks * 512
    return total


def _limited(run_dir: str, lines: tuple[str, ...]) -> tuple[str, ...]:
    more = len(lines) - _ERROR_LIMIT
    if more <= 0:
        return lines
    return (*lines[:_ERROR_LIMIT], f"'{run_dir}': {more} more are not repaired")


def _line(shown: str, error: OSError) -> str:
    code = errno.errorcode.get(error.errno or 0, "?")
    return f"'{shown}' keeps its owner: {str(error.strerror).lower()} ({code})"
