"""Shapes of lists, mappings and trees."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Generic, Literal, TypeVar

from swamp_driver.spec import Json
from swamp_driver.spec._suggest import quoted
from swamp_driver.workflow._node import MappingNode, Node, ScalarNode, SequenceNode, place_of
from swamp_driver.workflow._problems import Problems, join_path
from swamp_driver.workflow._shape import Definitions, Refused, Shape

T = TypeVar("T")


class ListOf(Shape[tuple[T, ...]], Generic[T]):
    """A list; what is refused in it is left out."""

    blank = ()

    def __init__(
        self, item: Shape[T], *, minimum: int = 0, advice: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(advice=advice)
        self.item = item
        self.minimum = minimum
        self.words = "a list"

    def read(self, node: Node, path: str, problems: Problems) -> tuple[T, ...]:
        """Return the values."""
        if not isinstance(node, SequenceNode):
            raise self.refuse(node, path, problems)
        values = []
        for index, item in enumerate(node.items):
            try:
                values.append(self.item.read(item, f"{path}[{index}]", problems))
            except Refused:
                continue
        if len(node.items) < self.minimum:
            count = "one entry" if self.minimum == 1 else f"{self.minimum} entries"
            problems.add(f"expected at least {count}", place_of(node, path))
        return tuple(values)

    def schema(self, definitions: Definitions) -> dict[str, Json]:
        """Return the schema."""
        items: dict[str, Json] = {"type": "array", "items": self.item.schema(definitions)}
        return {**items, "minItems": self.minimum} if self.minimum else items


class MapOf(Shape[dict[str, T]], Generic[T]):
    """A mapping with keys of the author's choice that match `keys`."""

    words = "a mapping"

    def __init__(
        self,
        value: Shape[T],
        *,
        keys: str = r"[^\0]+",
        key_words: str = "a name",
        advice: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(advice=advice)
        self.value = value
        self.keys = re.compile(keys)
        self.key_words = key_words
        self.blank = {}

    def read(self, node: Node, path: str, problems: Problems) -> dict[str, T]:
        """Return the values."""
        if not isinstance(node, MappingNode):
            raise self.refuse(node, path, problems)
        values = {}
        for key, entry in node.entries.items():
            if not self.keys.fullmatch(key):
                what = f"{quoted(key)} cannot be {self.key_words}"
                problems.add(what, place_of(entry, join_path(path, key)))
            try:
                values[key] = self.value.read(entry.value, join_path(path, key), problems)
            except Refused:
                values[key] = self.value.blank
        return values

    def schema(self, definitions: Definitions) -> dict[str, Json]:
        """Return the schema."""
        return {"type": "object", "additionalProperties": self.value.schema(definitions)}


Kind = Literal["mapping", "list", "text", "flag"]
_SCHEMA_TYPES: dict[Kind, Json] = {
    "mapping": "object",
    "list": "array",
    "text": "string",
    "flag": "boolean",
}


class Tree(Shape[Node]):
    """Anything of one of the kinds, kept as a tree; without kinds, anything at all."""

    def __init__(
        self,
        *kinds: Kind,
        words: str = "a mapping",
        blank: Node | None = None,
        advice: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(advice=advice)
        self.kinds = kinds
        self.words = words
        self.blank = blank

    def read(self, node: Node, path: str, problems: Problems) -> Node:
        """Return the node."""
        if self.kinds and _kind(node) not in self.kinds:
            raise self.refuse(node, path, problems)
        return node

    def schema(self, _: Definitions) -> dict[str, Json]:
        """Return the schema."""
        return {"type": [_SCHEMA_TYPES[kind] for kind in self.kinds]} if self.kinds else {}


def _kind(node: Node) -> Kind | None:
    match node:
        case MappingNode():
            return "mapping"
        case SequenceNode():
            return "list"
        case ScalarNode(value=bool()):
            return "flag"
        case ScalarNode(value=str()):
            return "text"
        case _:
            return None


class Later(Shape[T], Generic[T]):
    """A shape that is made when it is first needed: for parts that hold parts of their own kind."""

    def __init__(self, make: Callable[[], Shape[T]]) -> None:
        super().__init__()
        self.make = make

    @property
    def blank(self) -> Any:
        """Return that of the shape."""
        return self.make().blank

    def read(self, node: Node, path: str, problems: Problems) -> T:
        """Read as the shape does."""
        return self.make().read(node, path, problems)

    def schema(self, definitions: Definitions) -> dict[str, Json]:
        """Return the schema of the shape."""
        return self.make().schema(definitions)
