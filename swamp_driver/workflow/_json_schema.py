"""The JSON Schemas of files, for completion and checks in editors."""

from __future__ import annotations

from typing import Any, Literal

from swamp_driver.spec import Json
from swamp_driver.workflow._definition_file import DEFINITION
from swamp_driver.workflow._model import WORKFLOW
from swamp_driver.workflow._record import Record
from swamp_driver.workflow._repository_file import REPOSITORY_KEYS
from swamp_driver.workflow._shape import Definitions

FileKind = Literal["workflow", "model", "repository"]
_ROOTS: dict[FileKind, Record[Any]] = {
    "workflow": WORKFLOW,
    "model": DEFINITION,
    "repository": REPOSITORY_KEYS,
}


def json_schema(kind: FileKind = "workflow") -> dict[str, Json]:
    """Return the JSON Schema (draft 2020-12) of a workflow file, or of another file of ours.

    `model` is a definition of a model, `repository` is `.swamp-driver.yaml`. It comes from the
    declarations that the reader uses. It knows the structure; names, expressions, drivers and their
    options are checked by `parse_workflow`, `parse_definition` and `plan_workflow` only.
    """
    definitions: Definitions = {}
    root = _ROOTS[kind].schema(definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"swamp-drivers {kind}",
        **root,
        "$defs": definitions,
    }
