"""Removing a run directory: only what bears our marker, and first out of the way."""

from __future__ import annotations

import contextlib
import os
import stat
import time
from pathlib import Path

from swamp_driver.rundir._directories import opened_directory
from swamp_driver.rundir._marker import marker_path, read_marker, remove_marker
from swamp_driver.rundir._remove import remove_tree_at

_ASIDE_PREFIX = ".removing-"


def remove_run_dir(run_dir: str, *, deadline_s: float) -> tuple[str, ...]:
    """Remove a run directory and its marker; return one line for each thing that stays.

    From any thread or process, any number of times, also at once: each call returns when the
    removal is real. Never raises. `/`, the home directory, mount points, symlinks, and whatever has
    no marker of ours are refused with a line that says so. The directory is renamed first
    (`.removing-<name>` beside it), so that nobody takes up what is half gone; the marker goes last,
    so that a removal that was cut off is found by `list_run_dirs` and finished by another call.
    Gives up `deadline_s` seconds after its call.
    """
    deadline = time.monotonic() + deadline_s
    # First the marker, then the directory: another call may be removing both, in that order.
    has_marker = read_marker(run_dir) is not None
    try:
        refusal = refusal_to_remove(run_dir, has_marker=has_marker)
        if refusal is not None:
            return (f"'{run_dir}' is not removed: {refusal}",)
        return _remove(run_dir, deadline)
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        return (f"'{run_dir}' is not removed: {error}",)


def refusal_to_remove(run_dir: str, *, has_marker: bool) -> str | None:
    """Return why `run_dir` must not be removed; None where it may, or is not there."""
    try:
        mode = os.lstat(run_dir).st_mode
    except FileNotFoundError:
        return None
    home = os.path.realpath(Path("~").expanduser())
    reasons = (
        (f"{home}/".startswith(f"{run_dir.rstrip('/')}/"), "it holds the home directory"),
        (os.path.realpath(run_dir) != run_dir, "it is a symlink, or not a plain absolute path"),
        (not stat.S_ISDIR(mode), "it is not a directory"),
        (Path(run_dir).is_mount(), "it is a mount point"),
        (
            not has_marker,
            f"it has no marker of ours ('{marker_path(run_dir)}'): remove it by hand if you must",
        ),
    )
    return next((reason for applies, reason in reasons if applies), None)


def _remove(run_dir: str, deadline: float) -> tuple[str, ...]:
    parent, name = os.path.split(run_dir)
    aside = f"{_ASIDE_PREFIX}{name}"
    with opened_directory(parent) as parent_fd:
        # What a removal left that was cut off is in the way of the next one.
        errors = remove_tree_at(parent_fd, aside, shown=f"{parent}/{aside}", deadline=deadline)
        if errors:
            aside = name
        else:
            with contextlib.suppress(FileNotFoundError):
                os.rename(name, aside, src_dir_fd=parent_fd, dst_dir_fd=parent_fd)
        errors += remove_tree_at(parent_fd, aside, shown=f"{parent}/{aside}", deadline=deadline)
    if not errors:
        remove_marker(run_dir)
    return errors
