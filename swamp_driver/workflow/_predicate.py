"""The predicates of `data.query`: CEL over the fields of an artifact."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from swamp_driver.spec import Json
from swamp_driver.spec._suggest import did_you_mean, quoted
from swamp_driver.workflow._cel import (
    Compiled,
    ExpressionError,
    compile_predicate_text,
    evaluate_expression,
    references_of,
)

FIELDS = (
    "id",
    "name",
    "version",
    "isLatest",
    "createdAt",
    "attributes",
    "tags",
    "modelName",
    "specName",
    "dataType",
    "contentType",
    "lifetime",
    "size",
    "runId",
    "workflowRunId",
    "jobName",
)
"""What a predicate can use: the keys of `artifact_to_json`."""


@functools.lru_cache(maxsize=256)
def compile_predicate(text: str) -> Compiled:
    """Return a predicate ready to be used; raise `ExpressionError` where it is not one."""
    for reference in references_of(text):
        if reference.root not in FIELDS and not (reference.is_call and not reference.path):
            hint = did_you_mean(reference.root, FIELDS) or f"there are: {', '.join(FIELDS)}"
            what = f"unknown name {quoted(reference.root)}"
            raise ExpressionError(what, offset=reference.offset, hint=hint)
    return compile_predicate_text(text, FIELDS)


def wants_all_versions(predicate: Compiled) -> bool:
    """Return whether a predicate is about versions: any other is asked of the newest alone."""
    return "version" in predicate.roots


def select_value(select: Compiled, artifact: Mapping[str, Json]) -> Json:
    """Return what the second argument of `data.query` makes of an artifact.

    Raises `ExpressionError` where the artifact has not what it asks for.
    """
    return evaluate_expression(select, artifact)


def predicate_holds(predicate: Compiled, artifact: Mapping[str, Json]) -> bool:
    """Return whether a predicate is true of an artifact.

    It is not where the artifact has not what it asks for: artifacts of one repository have
    different attributes. Raises `ExpressionError` where it gives neither true nor false.
    """
    try:
        value = evaluate_expression(predicate, artifact)
    except ExpressionError:
        return False
    if not isinstance(value, bool):
        raise ExpressionError("the predicate gives neither true nor false")
    return value
