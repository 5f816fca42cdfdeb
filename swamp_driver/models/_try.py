"""Methods called from tests of models."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from swamp_driver.models import _wire as wire
from swamp_driver.models._describe import describe
from swamp_driver.models._model import Model
from swamp_driver.models._runtime import prepare
from swamp_driver.models._sink import Sink


class Tried(NamedTuple):
    """What a method wrote, by name; the last one counts where a name was written twice."""

    resources: dict[str, Any]
    files: dict[str, bytes]


def try_method(
    cls: type[Model],
    name: str,
    *,
    arguments: Mapping[str, Any] | None = None,
    inputs: Mapping[str, Any] | None = None,
    workspace: Path | None = None,
    model_name: str = "model",
) -> Tried:
    """Call a method in this process, as a step would, and return what it wrote: for tests.

    Arguments and inputs are checked, and so is what is written; nothing is stored.

    Raises:
        SchemaError: Arguments, inputs or what is written are not as they are declared.
        DefinitionError: The class is not as it must be, or there is no such method.
        Exception: Whatever the method raises.
    """
    description = describe(cls)
    request = {
        "method": name,
        "model": {"name": model_name},
        "arguments": dict(arguments or {}),
        "inputs": dict(inputs or {}),
        "workspace": None if workspace is None else str(workspace),
        "run": {"id": "", "job": "", "step": ""},
    }
    with tempfile.TemporaryDirectory() as directory:
        sink = Sink(Path(directory), description)
        function, model, keywords = prepare(cls, description, request, sink)
        function(model, **keywords)
        sink.close()
        return _read(Path(directory))


def _read(directory: Path) -> Tried:
    resources: dict[str, Any] = {}
    files: dict[str, bytes] = {}
    results, content = directory / wire.RESULTS, directory / wire.FILES
    lines = results.read_text(encoding="utf-8").splitlines() if results.exists() else []
    data = content.read_bytes() if content.exists() else b""
    for entry in map(json.loads, lines):
        if entry["kind"] == "resource":
            resources[entry["name"]] = entry["attributes"]
        else:
            files[entry["name"]] = data[entry["offset"] : entry["offset"] + entry["size"]]
    return Tried(resources, files)
