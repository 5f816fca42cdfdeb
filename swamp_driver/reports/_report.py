"""What a report is: a decorated function, and what it returns."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol

from swamp_driver.reports._context import ReportContext

Scope = Literal["method", "workflow"]


@dataclasses.dataclass(frozen=True)
class Report:
    """What a report says: `markdown` to people, `json` (any JSON value) to programs.

    Either may be left out. Values that JSON does not know make the report fail.
    """

    markdown: str = ""
    json: Any = None


class ReportFunction(Protocol):
    """A function that makes a report.

    It is called once, with everything it may know. It returns a `Report`, a pair of Markdown and
    JSON, Markdown alone, or None where there is nothing to say: then no report is kept. What it
    raises is noted with its traceback. What it prints is shown where it fails, and only there.
    """

    def __call__(self, context: ReportContext, /) -> Report | tuple[str, Any] | str | None:
        """Make the report."""
        ...


def report(
    *,
    scope: Scope,
    name: str | None = None,
    description: str = "",
    model_types: Sequence[str] = (),
) -> Callable[[ReportFunction], ReportFunction]:
    """Make a function a report. All arguments must be literals: they are read, never executed.

    Args:
        scope: `method`: it is called after each step that calls a method of a model, whether the
            step succeeded or failed. `workflow`: it is called once, after the last step, while the
            workspace is still there.
        name: What `reports: {require, skip}` of a workflow calls it; letters, digits, `_`, `-`. The
            name of the function by default.
        description: One line for people.
        model_types: With the scope `method`: only after methods of models of these types.
    """
    if scope not in ("method", "workflow"):
        raise ValueError(f"the scope of a report is 'method' or 'workflow', not {scope!r}")
    if model_types and scope == "workflow":
        raise ValueError("'model_types' belongs to reports with the scope 'method'")

    words = (name, description)
    if not all(one is None or isinstance(one, str) for one in words):
        raise TypeError("'name' and 'description' of a report are texts")
    return lambda function: function


def as_report(returned: object) -> Report | None:
    """Return what a report function gave as a `Report`.

    Raises `TypeError` where it is none of what a function may return, or not JSON.
    """
    match returned:
        case None:
            return None
        case Report():
            found = returned
        case str():
            found = Report(markdown=returned)
        case (str() as markdown, value):
            found = Report(markdown=markdown, json=value)
        case _:
            kind = type(returned).__name__
            raise TypeError(f"a report returns Report, (markdown, json), markdown or None: {kind}")
    if not isinstance(found.markdown, str):
        raise TypeError(f"the Markdown of a report is text, not {type(found.markdown).__name__}")
    return Report(markdown=found.markdown, json=_plain(found.json))


def _plain(value: object) -> object:
    """Return `value` as JSON knows it: NaN and values of other kinds are refused."""
    if isinstance(value, Mapping) and not isinstance(value, dict):
        value = dict(value)
    return json.loads(json.dumps(value, allow_nan=False))
