# ruff: noqa: RUF009 - `declare` makes an attrs field
"""Reads conditions of dependencies."""

from __future__ import annotations

import typing
from typing import Literal

import attrs

from swamp_driver.spec import Json
from swamp_driver.workflow._advice import CONDITION_AS_TEXT, CONDITION_WORDS
from swamp_driver.workflow._collection import ListOf
from swamp_driver.workflow._condition import (
    Condition,
    GroupCondition,
    NotCondition,
    SimpleCondition,
    SimpleConditionType,
)
from swamp_driver.workflow._node import Node
from swamp_driver.workflow._problems import Problems
from swamp_driver.workflow._record import Record, Tagged, Where, declare
from swamp_driver.workflow._shape import Choice, Definitions, Shape

_SIMPLE_TYPES: tuple[str, ...] = typing.get_args(SimpleConditionType)


class ConditionShape(Shape[Condition]):
    """A condition: `{type: succeeded}`, groups of them, and their opposites."""

    words = "a condition"
    blank = SimpleCondition(type="always")

    def read(self, node: Node, path: str, problems: Problems) -> Condition:
        """Return the condition."""
        found: ConditionOnStatus | ConditionOnSeveral | ConditionOpposite
        found = _TAGGED.read(node, path, problems)
        match found:
            case ConditionOnSeveral(type=kind, conditions=parts):
                return GroupCondition(type=kind, conditions=parts)
            case ConditionOpposite(condition=part):
                return NotCondition(condition=part)
            case ConditionOnStatus(type=word):
                return SimpleCondition(type=word)

    def schema(self, definitions: Definitions) -> dict[str, Json]:
        """Return the schema of a condition."""
        return _TAGGED.schema(definitions)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ConditionOnStatus:
    """A condition that is one word."""

    where: Where
    type: SimpleConditionType = declare(
        Choice(*_SIMPLE_TYPES), "How it must have ended.", required=True
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ConditionOnSeveral:
    """`and` and `or`."""

    where: Where
    type: Literal["and", "or"] = declare(
        Choice("and", "or"), "Whether all or any of them must hold.", required=True
    )
    conditions: tuple[Condition, ...] = declare(
        ListOf(ConditionShape(), minimum=2), "Two or more conditions.", required=True
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ConditionOpposite:
    """`not`."""

    where: Where
    type: Literal["not"] = declare(Choice("not"), "Always 'not'.", required=True)
    condition: Condition = declare(
        ConditionShape(), "The condition that must not hold.", required=True
    )


_ON_STATUS = Record(ConditionOnStatus, words="the condition")
_ON_SEVERAL = Record(ConditionOnSeveral, words="the condition")
_TAGGED = Tagged(
    "type",
    {
        **dict.fromkeys(_SIMPLE_TYPES, _ON_STATUS),
        "and": _ON_SEVERAL,
        "or": _ON_SEVERAL,
        "not": Record(ConditionOpposite, words="the condition 'not'"),
    },
    words="a condition",
    refused=CONDITION_WORDS,
    advice=CONDITION_AS_TEXT,
)
