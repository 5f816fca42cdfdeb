"""The eight conditions of a dependency, and what a status means for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import attrs

from swamp_driver._value import Value
from swamp_driver.spec import StepStatus

SimpleConditionType = Literal["always", "succeeded", "failed", "completed", "skipped"]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SimpleCondition(Value):
    """A condition on one status."""

    type: SimpleConditionType


@attrs.frozen(kw_only=True, eq=False, repr=False)
class GroupCondition(Value):
    """`and` or `or` over two or more conditions."""

    type: Literal["and", "or"]
    conditions: tuple[Condition, ...]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class NotCondition(Value):
    """The opposite of a condition."""

    type: Literal["not"] = "not"
    condition: Condition


Condition = SimpleCondition | GroupCondition | NotCondition


def condition_holds(condition: Condition, status: StepStatus) -> bool:
    """Return whether `condition` holds for something that ended with `status`.

    `completed` is succeeded or failed; a cancelled step or job meets only `always` and negations.
    """
    match condition:
        case SimpleCondition(type=kind):
            return _SIMPLE[kind](status)
        case GroupCondition(type="and", conditions=parts):
            return all(condition_holds(part, status) for part in parts)
        case GroupCondition(conditions=parts):
            return any(condition_holds(part, status) for part in parts)
        case NotCondition(condition=part):
            return not condition_holds(part, status)


_COMPLETED = frozenset({StepStatus.SUCCEEDED, StepStatus.FAILED})
_SIMPLE: dict[SimpleConditionType, Callable[[StepStatus], bool]] = {
    "always": lambda _: True,
    "succeeded": lambda status: status is StepStatus.SUCCEEDED,
    "failed": lambda status: status is StepStatus.FAILED,
    "completed": lambda status: status in _COMPLETED,
    "skipped": lambda status: status is StepStatus.SKIPPED,
}


def runs_after_failure(condition: Condition) -> bool:
    """Return whether the author asked for the step to run although its job has failed.

    True where the condition can hold for a failed status: it then runs as soon as it holds.
    """
    return condition_holds(condition, StepStatus.FAILED)


def aggregate(statuses: list[StepStatus]) -> StepStatus:
    """Return the one status of a step with `forEach`, or of a job, from those of its parts.

    Failed if any failed, else cancelled if any was cancelled, else skipped if all were skipped
    and there was at least one, else succeeded (also where there were no parts).
    """
    for status in (StepStatus.FAILED, StepStatus.CANCELLED):
        if status in statuses:
            return status
    if statuses and all(status is StepStatus.SKIPPED for status in statuses):
        return StepStatus.SKIPPED
    return StepStatus.SUCCEEDED
