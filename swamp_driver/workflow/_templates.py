"""Finds all templates of a workflow as it is written, and when each is evaluated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from swamp_driver._value import Value
from swamp_driver.workflow._node import MappingNode, Node, ScalarNode, SequenceNode
from swamp_driver.workflow._problems import join_path
from swamp_driver.workflow._record import When, Where, keys_of
from swamp_driver.workflow._scan import has_expression
from swamp_driver.workflow._template import Template


@attrs.frozen(eq=False, repr=False)
class Spot(Value):
    """A template with an expression in it, and where it was found."""

    template: Template
    path: str
    when: When


def templates_of(record: Any) -> Iterator[Spot]:
    """Yield the templates with expressions in a record and in all that it holds.

    Records are those of `_model`; only keys that are in the file are looked at.
    """
    where: Where = record.where
    keys = keys_of(type(record))
    for name in where.node.entries:
        if found := keys.get(name):
            value = getattr(record, found.field)
            for spot in _in_value(value, join_path(where.path, name), found.when):
                if has_expression(spot.template.text):
                    yield spot


def _in_value(value: Any, path: str, when: When) -> Iterator[Spot]:
    match value:
        case Template():
            yield Spot(value, path, when)
        case tuple() | list():
            for index, item in enumerate(value):
                yield from _in_value(item, f"{path}[{index}]", when)
        case dict():
            for key, item in value.items():
                yield from _in_value(item, join_path(path, key), when)
        case ScalarNode() | SequenceNode() | MappingNode():
            yield from _in_value(_content(value), path, when)
        case _:
            if hasattr(value, "where"):
                yield from templates_of(value)


def _content(node: Node) -> object:
    match node:
        case ScalarNode():
            return node.template if isinstance(node.value, str) else None
        case SequenceNode():
            return node.items
        case MappingNode():
            return {key: entry.value for key, entry in node.entries.items()}
