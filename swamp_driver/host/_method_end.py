"""How a method ended, as values; and what a method that could not start is told as."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

from swamp_driver._value import Value
from swamp_driver.errors import StepStartError, SwampDriverError
from swamp_driver.spec import Json
from swamp_driver.workflow import BoundData


@attrs.frozen(kw_only=True, eq=False, repr=False)
class NewResult(Value):
    """Data that a step has written."""

    spec: str
    name: str
    kind: Literal["resource", "file"] = "resource"
    attributes: Mapping[str, Json] = attrs.field(factory=dict)
    content: bytes = b""
    """Of a file."""
    tags: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class MethodEnd(Value):
    """How a method ended."""

    problem: str | None = None
    """Why the step has failed, in words; None where the driver's word says it all."""
    results: tuple[NewResult, ...] = ()


def start_problem(data: BoundData | None, driver: str, error: SwampDriverError) -> str:
    """Return why a step could not be started, with a remedy where it is a method without Python."""
    if (
        data is not None
        and data.script is None
        and isinstance(error, StepStartError)
        and error.reason == "not-found"
    ):
        return (
            f"the method needs python3, and there is none where the driver '{driver}' runs the "
            "step (use an image with Python 3.9 or newer, or install it there)"
        )
    return str(error)
