"""Inputs of a type without a definition: which are the model's, and which the method's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

T = TypeVar("T")


def route_inputs(
    inputs: Mapping[str, T], description: Any, method: str
) -> tuple[dict[str, T], dict[str, T]]:
    """Return the arguments of the model, and the inputs of the method, by their names.

    Without 'globalArgs' beside 'modelType', what the model takes and the method does not is the
    model's; a name that both take is given to both.
    """
    arguments = _properties(description["arguments"])
    own = _properties(description["methods"][method]["inputs"])
    return (
        {key: value for key, value in inputs.items() if key in arguments},
        {key: value for key, value in inputs.items() if key in own or key not in arguments},
    )


def _properties(schema: Any) -> frozenset[str]:
    return frozenset(schema.get("properties", ()))
