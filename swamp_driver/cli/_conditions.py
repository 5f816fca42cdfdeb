"""Dependencies and their conditions in words."""

from __future__ import annotations

from collections.abc import Sequence

from swamp_driver.workflow import Condition, GroupCondition, NotCondition, PlannedDependency


def describe_dependencies(dependencies: Sequence[PlannedDependency]) -> str:
    """Return `checkout has succeeded, lint has failed or was skipped`."""
    return ", ".join(f"{one.on} {describe_condition(one.condition)}" for one in dependencies)


_WORDS = {
    "always": "has ended, however",
    "succeeded": "has succeeded",
    "failed": "has failed",
    "completed": "has succeeded or failed",
    "skipped": "was skipped",
}


def describe_condition(condition: Condition) -> str:
    """Return a condition as what has become of something: `has succeeded or was skipped`."""
    match condition:
        case GroupCondition(type=kind, conditions=parts):
            return f" {kind} ".join(
                f"({describe_condition(part)})"
                if isinstance(part, GroupCondition)
                else describe_condition(part)
                for part in parts
            )
        case NotCondition(condition=part):
            return f"not ({describe_condition(part)})"
        case _:
            return _WORDS[condition.type]
