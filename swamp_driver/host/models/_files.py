"""The files of models in a repository."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from swamp_driver.errors import Problem, WorkflowError

SOURCES = Path("extensions", "models")
DEFINITIONS = Path("models")
_MOST_FILES = 2000
_MOST_BYTES = 1024 * 1024
_MOST_SOURCE_BYTES = 4 * 1024 * 1024


def read_sources(repository: Path) -> dict[str, str]:
    """Return the Python files below `extensions/models`, by their paths in it.

    Raises:
        WorkflowError: one cannot be read, or they are too much to travel with steps.
    """
    found: dict[str, str] = {}
    size = 0
    folder = repository / SOURCES
    for path in _files_below(folder, (".py",)):
        text = _read(path, repository)
        size += len(text)
        if size > _MOST_SOURCE_BYTES:
            what = f"the sources of models are larger than {_MOST_SOURCE_BYTES} bytes together"
            raise WorkflowError([Problem(what=what, file=str(SOURCES))])
        found[path.relative_to(folder).as_posix()] = text
    return found


def read_definitions(repository: Path) -> Iterator[tuple[str, str]]:
    """Yield the definition files below `models` as (name for messages, text).

    Raises:
        WorkflowError: one cannot be read.
    """
    for path in _files_below(repository / DEFINITIONS, (".yaml", ".yml")):
        yield shown(path, repository), _read(path, repository)


def shown(path: Path, repository: Path) -> str:
    """Return the path of a file of a repository as a person finds it there."""
    return path.relative_to(repository).as_posix()


def _files_below(folder: Path, endings: tuple[str, ...]) -> Iterator[Path]:
    """Yield files in the order of their paths; hidden ones and links to directories are left."""
    count = 0
    for directory, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if not name.startswith((".", "__pycache__")))
        for name in sorted(files):
            if name.endswith(endings) and not name.startswith("."):
                count += 1
                if count > _MOST_FILES:
                    what = f"there are more than {_MOST_FILES} files in it"
                    raise WorkflowError([Problem(what=what, file=str(folder))])
                yield Path(directory) / name


def _read(path: Path, repository: Path) -> str:
    what = f"the file is larger than {_MOST_BYTES} bytes"
    try:
        if not path.is_file():  # a pipe or a device would be waited for
            raise WorkflowError([Problem(what="it is no file", file=shown(path, repository))])
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        if len(data) <= _MOST_BYTES:
            return data.decode("utf-8-sig")
    except OSError as error:
        what = f"the file cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        what = "the file is not UTF-8 text"
    raise WorkflowError([Problem(what=what, file=shown(path, repository))])
