"""The process that one report runs in: it is asked on stdin, and answers into a file.

The host never imports a report: it may hang, exit, print, or change whatever it was imported into.
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import json
import logging
import resource
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from swamp_driver.reports._context import Artifact, Data, ReportContext, RunFacts, StepFacts
from swamp_driver.reports._report import as_report


def main(request: Mapping[str, Any]) -> None:
    """Make one report and write the answer to the file that the request names.

    The exit code says nothing: without an answer the report has failed.
    """
    limit = request["limitBytes"]
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s")
    try:
        made = as_report(_load(request["function"])(_context(request)))
        answer: dict[str, Any] = {"report": None if made is None else dataclasses.asdict(made)}
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        traceback.print_exc()
        answer = {"error": f"{type(error).__name__}: {error}"}
    text = json.dumps(answer)
    if len(text) > limit:  # JSON is ASCII: a character is a byte
        text = json.dumps({"error": f"it is larger than {limit} bytes"})
    Path(request["answer"]).write_text(text, encoding="ascii")


def _load(place: Mapping[str, str]) -> Any:
    """Return the function of a report: of a file, or of an installed module."""
    if "file" in place:
        path = Path(place["file"])
        # Behind all others: what it keeps beside it cannot take the place of an installed module.
        sys.path.append(str(path.parent))
        spec = importlib.util.spec_from_file_location(f"_swamp_report_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    else:
        module = importlib.import_module(place["module"])
    return getattr(module, place["name"])


def _context(request: Mapping[str, Any]) -> ReportContext:
    step = request["step"]
    workspace = request["workspace"]
    return ReportContext(
        run=RunFacts(**request["run"]),
        steps=tuple(StepFacts(**one) for one in request["steps"]),
        data=Data([_artifact(one) for one in request["data"]]),
        step=None if step is None else StepFacts(**step),
        workspace=None if workspace is None else Path(workspace),
        repository=Path(request["repository"]),
    )


def _artifact(fields: Mapping[str, Any]) -> Artifact:
    path = fields["path"]
    return Artifact(**{**fields, "path": None if path is None else Path(path)})
