"""What a background step is, with every expression evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

import attrs

from swamp_driver._value import Value
from swamp_driver.errors import WorkflowError
from swamp_driver.spec import Json
from swamp_driver.spec._suggest import quoted
from swamp_driver.workflow._cel import ExpressionError, pattern_matches
from swamp_driver.workflow._evaluate import to_text
from swamp_driver.workflow._plan_service import LAST_PORT
from swamp_driver.workflow._planned import PlannedBackground, PlannedReadiness
from swamp_driver.workflow._template import Template

READY_TIMEOUT_S = 60.0


@attrs.frozen(kw_only=True, eq=False, repr=False)
class BoundReadiness(Value):
    """When a background step is ready: one of `port`, `log` and `script` is set."""

    port: int | None = None
    log: str | None = None
    """A valid regular expression."""
    script: str | None = None
    values: Mapping[str, str] = attrs.field(factory=dict)
    """Variables that `script` refers to, beside those of the step."""
    timeout_s: float = READY_TIMEOUT_S
    interval_s: float | None = None
    """None: it grows."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class BoundService(Value):
    """A background step: a service."""

    until: Literal["job", "run"] = "job"
    ready_when: BoundReadiness | None = None


class Binder(Protocol):
    """Evaluates what stands in a step."""

    def text(self, template: Template, key: str) -> str:
        """Return a text."""

    def script(self, template: Template, key: str) -> tuple[str, dict[str, str]]:
        """Return a script and the values that it refers to."""

    def milliseconds(self, duration: Template | int | None, key: str) -> int | None:
        """Return a duration in milliseconds."""

    def value(self, template: Template, key: str) -> Json:
        """Return a value."""

    def unusable(self, what: str, hint: str | None = None, *, key: str) -> WorkflowError:
        """Return the error of a value that cannot be used."""


def bind_service(planned: PlannedBackground, binder: Binder) -> BoundService:
    """Return a background step with every expression evaluated.

    Raises:
        WorkflowError: An expression has no value, or a value cannot be used.
    """
    ready = planned.ready_when
    return BoundService(
        until=planned.until, ready_when=None if ready is None else _readiness(ready, binder)
    )


def _readiness(ready: PlannedReadiness, binder: Binder) -> BoundReadiness:
    script, values = None, dict[str, str]()
    if ready.command is not None:
        script, values = binder.script(ready.command, "readyWhen.command")
    timeout_ms = binder.milliseconds(ready.timeout_ms, "readyWhen.timeout")
    interval_ms = binder.milliseconds(ready.interval_ms, "readyWhen.interval")
    return BoundReadiness(
        port=_port(ready.port, binder),
        log=_pattern(ready.log, binder),
        script=script,
        values=values,
        timeout_s=READY_TIMEOUT_S if timeout_ms is None else timeout_ms / 1000,
        interval_s=None if interval_ms is None else interval_ms / 1000,
    )


def _port(port: Template | int | None, binder: Binder) -> int | None:
    if not isinstance(port, Template):
        return port
    found = binder.value(port, "readyWhen.port")
    # What a step wrote to its outputs is text.
    if isinstance(found, str) and found.isdecimal() and len(found) <= len(str(LAST_PORT)):
        found = int(found)
    if type(found) is not int or not 1 <= found <= LAST_PORT:
        raise binder.unusable(f"{quoted(to_text(found))} is no port", key="readyWhen.port")
    return found


def _pattern(log: Template | None, binder: Binder) -> str | None:
    if log is None:
        return None
    pattern = binder.text(log, "readyWhen.log")
    try:
        pattern_matches(pattern, "")
    except ExpressionError as error:
        what = f"the regular expression is not valid: {error}"
        raise binder.unusable(what, key="readyWhen.log") from error
    return pattern
