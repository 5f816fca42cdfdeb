"""The workflow files of a repository, by path, id or name: what workflows may run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import attrs

from swamp_driver.host._repository import find_repository
from swamp_driver.spec._suggest import did_you_mean, quoted
from swamp_driver.workflow import WorkflowFile, WorkflowNotFoundError

MOST_BYTES = 4 * 1024 * 1024
"""The largest workflow file that is read."""
_MOST_FILES = 2000
_FOLDER = "workflows"
_ENDINGS = (".yaml", ".yml")
_TITLE = re.compile(
    r"""^(?P<key>id|name):[ \t]+
    (?:"(?P<double>[^"\\\n]*)"|'(?P<single>[^'\n]*)'|(?P<plain>[^\s'"#][^\n]*?))
    [ \t]*(?:\s\#.*)?$""",
    re.MULTILINE | re.VERBOSE,
)


@attrs.define(eq=False, repr=False)
class WorkflowFiles:
    """Finds the workflows that workflows of one repository run; reads each file once.

    A name that ends in `.yaml` or `.yml` is a path, relative to the file that names it. Any other
    name is the `id` or the `name` of a workflow (the file's name without its ending where it has no
    `id`): among the files below `workflows/` of the repository, and those beside the file that
    names it.
    """

    _titles: dict[str, frozenset[str]] = attrs.field(factory=dict, init=False)

    def find(self, name: str, *, caller: WorkflowFile) -> WorkflowFile:
        """Return the workflow that `caller` calls `name`.

        Raises:
            WorkflowNotFoundError: there is none, or there are several, or it cannot be read.
        """
        directory = Path(caller.path).parent
        if name.endswith(_ENDINGS):
            return _load(_path(name, directory), caller)
        candidates = dict.fromkeys(_candidates(directory))
        found = [path for path in candidates if name in self._titles_of(path)]
        if len(found) == 1:
            return _load(found[0], caller)
        if found:
            names = ", ".join(repr(_source(path, caller)) for path in found)
            raise WorkflowNotFoundError(
                f"{quoted(name)} is not one workflow: {names}",
                hint="name the file: a path that ends in '.yaml', relative to this file",
            )
        raise self._unknown(name, list(candidates))

    def _unknown(self, name: str, candidates: list[str]) -> WorkflowNotFoundError:
        known = sorted(frozenset[str]().union(*map(self._titles_of, candidates)))
        return WorkflowNotFoundError(
            f"there is no workflow {quoted(name)}",
            hint=did_you_mean(name, known)
            or f"it is looked for by id and name below '{_FOLDER}' of the repository and beside "
            "this file; or write a path that ends in '.yaml'",
        )

    def _titles_of(self, path: str) -> frozenset[str]:
        """Return the id and the name of a workflow, as far as a glance at the file tells them."""
        if path not in self._titles:
            try:
                text = _read(path, shown=path)
            except WorkflowNotFoundError:
                text = ""
            titles: dict[str, str] = {}
            for found in _TITLE.finditer(text):
                value = found["double"] or found["single"] or found["plain"] or ""
                titles.setdefault(found["key"], value.strip())
            if text:
                titles.setdefault("id", Path(path).stem)
            self._titles[path] = frozenset(titles.values())
        return self._titles[path]


def _path(name: str, directory: Path) -> str:
    if Path(name).is_absolute():
        raise WorkflowNotFoundError(
            f"{quoted(name)} is an absolute path", hint="write it relative to this file"
        )
    return os.path.realpath(directory / name)


def _candidates(directory: Path) -> Iterator[str]:
    """Yield the files that may be meant, each by its real path."""
    folder = find_repository(directory) / _FOLDER
    count = 0
    for parent in (folder, directory):
        for path in sorted(_files_below(parent, deep=parent == folder)):
            count += 1
            if count > _MOST_FILES:
                raise WorkflowNotFoundError(
                    f"there are more than {_MOST_FILES} workflow files in '{folder}' and beside "
                    "this file",
                    hint="name the file: a path that ends in '.yaml', relative to this file",
                )
            yield os.path.realpath(path)


def _files_below(parent: Path, *, deep: bool) -> Iterator[Path]:
    for directory, folders, names in os.walk(parent):
        if not deep:
            folders.clear()
        yield from (Path(directory, name) for name in names if name.endswith(_ENDINGS))


def _load(path: str, caller: WorkflowFile) -> WorkflowFile:
    source = _source(path, caller)
    return WorkflowFile(path=path, source=source, text=_read(path, shown=source))


def _source(path: str, caller: WorkflowFile) -> str:
    """Return what a file is called in messages: as seen from where the caller's file was named."""
    relative = os.path.relpath(path, Path(caller.path).parent)
    return os.path.normpath(Path(caller.source).parent / relative)


def _read(path: str, *, shown: str) -> str:
    # Only plain files: to open a FIFO would wait for ever.
    if not Path(path).is_file():
        there = Path(path).exists()
        raise WorkflowNotFoundError(
            f"'{shown}' is not a file" if there else f"there is no file '{shown}'"
        )
    try:
        with Path(path).open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise WorkflowNotFoundError(
            f"'{shown}' cannot be read: {str(error.strerror).lower()}"
        ) from error
    if len(data) > MOST_BYTES:
        raise WorkflowNotFoundError(f"'{shown}' is larger than {MOST_BYTES} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise WorkflowNotFoundError(f"'{shown}' is not UTF-8 text") from error
