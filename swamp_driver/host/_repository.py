"""The repository of a workflow: where its models, its data and its settings belong to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from swamp_driver.errors import Problem, WorkflowError

if TYPE_CHECKING:
    from swamp_driver.workflow import RepositoryFile

SETTINGS_NAME = ".swamp-driver.yaml"
_MARKERS = (SETTINGS_NAME, "extensions", "models")
_END = ".git"
_MOST_BYTES = 1024 * 1024


def find_repository(directory: Path) -> Path:
    """Return the repository of the workflow files in `directory`, an absolute path.

    It is the nearest directory, `directory` itself or one above it, that holds
    `.swamp-driver.yaml`, `extensions` or `models`; the search ends at a directory with `.git`,
    which is one too. Where there is none, it is `directory`. Nothing is read.

    What stands above `directory` counts only where it belongs to the caller, to root, or to the
    owner of `directory`: in a directory that others can write to (`/tmp`), a stranger could
    otherwise choose what is run.
    """
    directory = Path(os.path.realpath(directory))
    owners = {0, os.geteuid(), *_owner_of(directory)}
    for candidate in (directory, *directory.parents):
        marked = any(
            candidate == directory or owner in owners
            for name in (*_MARKERS, _END)
            for owner in _owner_of(candidate / name)
        )
        if marked:
            return candidate
    return directory


def read_repository_file(repository: Path) -> RepositoryFile | None:
    """Return what `.swamp-driver.yaml` of a repository says; None where there is no such file.

    Raises:
        WorkflowError: it cannot be read, or what is in it is wrong; all problems at once.
    """
    path = repository / SETTINGS_NAME
    if not path.exists():
        return None
    from swamp_driver.workflow import parse_repository_file  # noqa: PLC0415 - few have one

    return parse_repository_file(_read(path), source=_shown(path))


def vault_names(file: RepositoryFile | None) -> frozenset[str]:
    """Return the vaults that workflows can ask; `env` needs no declaration."""
    return frozenset({"env"} if file is None else {"env", *file.vaults})


def _owner_of(path: Path) -> Iterator[int]:
    """Yield the owner of what is there, if anything is."""
    try:
        yield path.lstat().st_uid
    except OSError:
        return


def _shown(path: Path) -> str:
    """Return a path as a person would write it here."""
    relative = os.path.relpath(path)
    return relative if not relative.startswith("..") else str(path)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        if len(data) <= _MOST_BYTES:
            return data.decode("utf-8-sig")
        what = f"the file is larger than {_MOST_BYTES} bytes"
    except OSError as error:
        what = f"the file cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        what = "the file is not UTF-8 text"
    raise WorkflowError([Problem(what=what, file=_shown(path))])
