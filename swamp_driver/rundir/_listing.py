"""Which run directories there are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import attrs

from swamp_driver._value import Value
from swamp_driver.rundir._marker import Marker, read_marker, run_dir_name


@attrs.frozen(kw_only=True, eq=False, repr=False)
class FoundRunDir(Value):
    """A run directory with our marker; the directory itself may be gone or not made yet."""

    path: str
    marker: Marker


def list_run_dirs(parent: str | os.PathLike[str]) -> tuple[FoundRunDir, ...]:
    """Return the run directories below `parent`, by name; those without a sound marker not.

    What a crash left half made or half removed is among them: `remove_run_dir` clears it. Looks at
    markers only, so it is quick however large they are (`measure_tree` tells the size). A `parent`
    that does not exist has none.

    Raises:
        OSError: `parent` cannot be listed.
    """
    return tuple(_found(str(parent)))


def _found(parent: str) -> Iterator[FoundRunDir]:
    try:
        names = sorted(entry.name for entry in Path(parent).iterdir())
    except FileNotFoundError:
        return
    for name in filter(None, map(run_dir_name, names)):
        path = str(Path(parent) / name)
        marker = read_marker(path)
        if marker is not None:
            yield FoundRunDir(path=path, marker=marker)
