"""Describes models for a host, in a process of its own: importing them runs their authors' code."""

from __future__ import annotations

import importlib
import inspect
import json
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from swamp_driver.models._describe import describe
from swamp_driver.models._errors import DefinitionError
from swamp_driver.models._load import load_class, load_file, models_in
from swamp_driver.models._model import Model

_MOST_SOURCE_BYTES = 4 * 1024 * 1024


def survey(request: Mapping[str, Any], result: Path) -> None:
    """Append a line of JSON to `result` for each file and each module of `request`, in order.

    A request is `{"folder": ..., "files": [...], "modules": ["module:Class", ...]}`. A line is
    `{"file" or "module", "models": [{"origin", "description", "sources"?}], "errors": [...]}`. A
    process that dies in between has left the lines before: the next one is to blame.
    """
    folder = request["folder"]
    for file in request["files"]:
        _note(result, {"file": file, **_survey_file(file, folder)})
    for module in request["modules"]:
        _note(result, {"module": module, **_survey_module(module)})


def _note(result: Path, line: Mapping[str, Any]) -> None:
    with result.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def _survey_file(file: str, folder: str) -> dict[str, Any]:
    models: list[Any] = []
    errors: list[str] = []
    try:
        module = load_file(file, lambda name: (Path(folder) / name).read_bytes(), folder)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a module raises is told
        return {"models": [], "errors": [_told(error, folder)]}
    for cls in models_in(module):
        try:
            described = describe(cls)
            models.append(
                {"origin": {"file": file, "class": cls.__qualname__}, "description": described}
            )
        except DefinitionError as error:  # noqa: PERF203 - the others are told
            errors.append(str(error))
    return {"models": models, "errors": errors}


def _survey_module(name: str) -> dict[str, Any]:
    module, _, qualname = name.partition(":")
    origin = {"module": module, "class": qualname}
    try:
        cls = load_class(origin, lambda _: b"", "")
        described = {
            "origin": origin,
            "description": describe(cls),
            "sources": _sources_of(cls),
        }
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a module raises is told
        return {"models": [], "errors": [_told(error, "")]}
    return {"models": [described], "errors": []}


def _sources_of(cls: type[Model]) -> dict[str, str]:
    """Return the sources that travel with an installed model: its top-level package or module."""
    top = importlib.import_module(cls.__module__.partition(".")[0])
    file = Path(inspect.getfile(sys.modules[cls.__module__]))
    roots = [Path(one) for one in getattr(top, "__path__", ())]
    if not roots:
        return {file.name: file.read_text(encoding="utf-8")}
    found: dict[str, str] = {}
    size = 0
    for root in roots:
        for path in sorted(root.rglob("*.py")):
            inside = PurePosixPath(root.name) / path.relative_to(root).as_posix()
            found[str(inside)] = path.read_text(encoding="utf-8")
            size += len(found[str(inside)])
            if size > _MOST_SOURCE_BYTES:
                raise DefinitionError(
                    f"the package {top.__name__!r} has more than {_MOST_SOURCE_BYTES} bytes of "
                    "sources, which is too much to travel (put models into a package of their own)"
                )
    return found


def _told(error: BaseException, folder: str) -> str:
    """Return what was raised, and the last line of the author's that did it."""
    words = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, (DefinitionError, SyntaxError)):
        return words if isinstance(error, SyntaxError) else str(error)
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "swamp_driver/models" not in frame.filename
    ]
    for frame in reversed(frames):
        if not folder or frame.filename.startswith(folder):
            return f"line {frame.lineno}: {words}"
    return words
