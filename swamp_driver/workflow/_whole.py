"""Mappings that are one expression: `inputs: ${{ self.item.inputs }}`.

Such a mapping has a single key, the empty text, with the expression as its value; no file can write
that key otherwise. Until the expression is evaluated, nothing is known of its keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from swamp_driver.spec import Json
from swamp_driver.workflow._collection import Tree
from swamp_driver.workflow._node import Entry, MappingNode, Node, ScalarNode, place_of
from swamp_driver.workflow._problems import Problems, join_path
from swamp_driver.workflow._scan import is_whole_expression
from swamp_driver.workflow._shape import EXPRESSION_SCHEMA, Definitions, Shape

WHOLE = ""


class MappingOrExpression(Shape[MappingNode]):
    """A mapping, or an expression that gives one."""

    words = "a mapping"

    def read(self, node: Node, path: str, problems: Problems) -> MappingNode:
        """Return the mapping."""
        if isinstance(node, MappingNode):
            if WHOLE in node.entries:
                place = place_of(node.entries[WHOLE], join_path(path, WHOLE))
                problems.add("a name cannot be empty", place)
            return node
        if isinstance(node, ScalarNode) and is_whole_expression(node.text):
            entry = Entry(WHOLE, node, node.line, node.column)
            return MappingNode({WHOLE: entry}, node.line, node.column)
        raise self.refuse(node, path, problems)

    def schema(self, definitions: Definitions) -> dict[str, Json]:
        """Return the schema of either."""
        return {"anyOf": [Tree("mapping").schema(definitions), EXPRESSION_SCHEMA]}


def is_whole(tree: Mapping[str, Any]) -> bool:
    """Return whether a mapping is one expression."""
    return WHOLE in tree


def spread(values: dict[str, Json]) -> dict[str, Json] | None:
    """Return a mapping with what its expression gave in place of it; None where that is none."""
    if WHOLE not in values:
        return values
    found = values[WHOLE]
    rest = {key: value for key, value in values.items() if key != WHOLE}
    return {**rest, **found} if isinstance(found, dict) else None
