"""Run directories that a suspended run will need again: a file beside each says so.

It stands beside the directory and not in it, as the marker does: steps cannot touch it.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path, PurePosixPath

from swamp_driver.errors import WorkspaceError

_RUN_ID = r"[a-z][a-z0-9]{11}"


def reserve(run_dir: str, run_id: str) -> None:
    """Note that a suspended run will need a run directory again. Raises `WorkspaceError`."""
    path = _path(run_dir)
    try:
        path.write_text(run_id, encoding="ascii")
    except OSError as error:
        raise WorkspaceError(f"'{path}' cannot be written: {error.strerror}") from error


def reserved_for(run_dir: str) -> str | None:
    """Return the id of the suspended run that will need a run directory; None: nobody will."""
    with contextlib.suppress(OSError, ValueError):
        text = _path(run_dir).read_text(encoding="ascii")
        return text if re.fullmatch(_RUN_ID, text) else None
    return None


def release(run_dir: str) -> None:
    """Remove the note; that there is none is fine."""
    with contextlib.suppress(OSError):
        _path(run_dir).unlink(missing_ok=True)


def _path(run_dir: str) -> Path:
    path = PurePosixPath(run_dir)
    return Path(path.parent) / f".{path.name}.suspended"
