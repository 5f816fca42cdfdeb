"""The functions of expressions over data and files, with what there is instead of what is not."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import BinaryIO

from swamp_driver.host.data import Artifact, DataStore, DataView, artifact_to_json, query_values
from swamp_driver.spec import Json
from swamp_driver.spec._suggest import did_you_mean
from swamp_driver.workflow import (
    ExpressionError,
    to_text,
    varied_name,
)

MOST_CONTENT_BYTES = 1024 * 1024
"""How large a text is that `file.contents` gives."""
_MOST_NAMED = 10


def ask_data(view: DataView, function: str, arguments: Sequence[Json]) -> Json:
    """Return what a function `data.<function>` gives; its arguments have the declared types.

    Raises:
        ExpressionError: there is no such data; the message names what there is.
        StoreError: the data cannot be read.
    """
    match (function, *arguments):
        case ("latest", str(model), str(name), *vary):
            name = _varied(name, vary)
            return artifact_to_json(view.latest(model, name) or _missing(view, model, name))
        case ("version", str(model), str(name), *number_and_vary):
            return _version(view, model, name, number_and_vary)
        case ("listVersions", str(model), str(name), *vary):
            return [one.version for one in view.list_versions(model, _varied(name, vary))]
        case ("findBySpec", str(model), str(spec)):
            return [artifact_to_json(one) for one in view.find_by_spec(model, spec)]
        case ("findByTag", str(key), str(value)):
            return [artifact_to_json(one) for one in view.find_by_tag(key, value)]
        case ("query", str(text), *select):
            return query_values(view, text, *select)
    raise AssertionError(function)


def ask_models(view: DataView, names: Collection[str] | None) -> dict[str, Json]:
    """Return `{model: {resource: {spec: {name: artifact}}, file: ...}}`, the newest of each."""
    models: dict[str, Json] = {}
    wanted = view.models() if names is None else sorted(names)
    for model in wanted:
        found: dict[str, dict[str, dict[str, Json]]] = {"resource": {}, "file": {}}
        artifacts = view.latest_of(model)
        for one in artifacts:
            found[one.kind].setdefault(one.spec, {})[one.name] = artifact_to_json(one)
        if artifacts:
            models[model] = found  # type: ignore[assignment]
    return models


def read_data_text(store: DataStore, view: DataView, model: str, name: str) -> str:
    """Return the content of the file `name` of a model, or of the only one of a spec `name`.

    Raises:
        ExpressionError: there is none, or several, or it is too large or no text.
        StoreError, NotFoundError: it cannot be read.
    """
    found = view.latest(model, name)
    if found is None:
        of_spec = view.find_by_spec(model, name)
        if len(of_spec) > 1:
            names = _listed(one.name for one in of_spec)
            raise ExpressionError(f"{model!r} has several data of {name!r}", hint=f"one of {names}")
        found = of_spec[0] if of_spec else _missing(view, model, name)
    with store.open_content(found) as content:
        return _text(content, f"the content of {name!r} of {model!r}")


def read_repository_text(repository: Path, path: str) -> str:
    """Return the text of a file of a repository; `path` is relative to it.

    Raises:
        ExpressionError: it is outside, also by a symlink, or it is not there, too large or no text.
    """
    shown = f"{path!r} of the repository '{repository}'"
    if "\0" in path:
        raise ExpressionError("the path has a NUL character in it")
    real = os.path.realpath(repository / path)
    if not real.startswith(f"{os.path.realpath(repository)}/"):
        hint = "use data of a model for files of other places"
        raise ExpressionError(f"{path!r} is outside of the repository '{repository}'", hint=hint)
    try:
        # NOFOLLOW: the path was resolved; NONBLOCK: a named pipe would be waited for.
        number = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(number, "rb") as file:  # noqa: PTH123 - a descriptor
            if not stat.S_ISREG(os.fstat(number).st_mode):
                raise ExpressionError(f"{shown} is not a file")
            return _text(file, shown)
    except OSError as error:
        raise ExpressionError(f"{shown} cannot be read: {error.strerror}") from error


def _varied(name: str, vary: Sequence[Json]) -> str:
    if not vary:
        return name
    values = vary[0]
    assert isinstance(values, list)
    return varied_name(name, tuple(to_text(value) for value in values))


def _version(view: DataView, model: str, name: str, rest: Sequence[Json]) -> Json:
    """Return a version; its number stands before or after the values of `vary`."""
    [number] = (one for one in rest if isinstance(one, int))
    name = _varied(name, [one for one in rest if isinstance(one, list)])
    found = view.version(model, name, number)
    return artifact_to_json(found or _no_version(view, model, name, number))


def _missing(view: DataView, model: str, name: str) -> Artifact:
    """Raise that there is no such data; never return."""
    models = view.models()
    if model not in models:
        what = f"there is no data of a model {model!r}"
        nothing = "no model has written data yet"
        raise _absent(what, _instead(model, models) or nothing)
    raise _absent(f"{model!r} has no data {name!r}", _instead(name, view.names(model)))


def _no_version(view: DataView, model: str, name: str, number: int) -> Artifact:
    """Raise that there is no such version; never return."""
    found = view.list_versions(model, name)
    if not found:
        return _missing(view, model, name)
    there = _listed(one.version for one in found[-_MOST_NAMED:])
    raise _absent(f"{name!r} of {model!r} has no version {number}", f"has: {there}")


def _absent(what: str, hint: str | None) -> ExpressionError:
    error = ExpressionError(what, hint=hint)
    error.kind = "absent"
    return error


def _instead(name: str, names: Sequence[str]) -> str | None:
    return did_you_mean(name, names) or (f"there are: {_listed(names)}" if names else None)


def _listed(found: object) -> str:
    names = [str(one) for one in found]  # type: ignore[attr-defined]
    more = f", and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def _text(content: BinaryIO, shown: str) -> str:
    data = content.read(MOST_CONTENT_BYTES + 1)
    if len(data) > MOST_CONTENT_BYTES:
        raise ExpressionError(f"{shown} is larger than {MOST_CONTENT_BYTES} bytes")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ExpressionError(f"{shown} is not UTF-8 text") from None
