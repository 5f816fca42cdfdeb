"""The JSON Schema of workflow files, for completion and checks in editors."""

from __future__ import annotations

from swamp_driver.spec import Json
from swamp_driver.workflow._model import WORKFLOW
from swamp_driver.workflow._shape import Definitions


def json_schema() -> dict[str, Json]:
    """Return the JSON Schema (draft 2020-12) of a workflow file.

    It comes from the declarations that the reader uses. It knows the structure; names, expressions,
    drivers and their options are checked by `parse_workflow` and `plan_workflow` only.
    """
    definitions: Definitions = {}
    root = WORKFLOW.schema(definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "swamp-drivers workflow",
        **root,
        "$defs": definitions,
    }
