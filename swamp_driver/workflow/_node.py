"""The tree of a YAML document, with the place of everything in it."""

from __future__ import annotations

from typing import Literal

import attrs

from swamp_driver.spec import Json
from swamp_driver.workflow._commands import ConfigTree
from swamp_driver.workflow._problems import Place, join_path
from swamp_driver.workflow._template import Template

Style = Literal["plain", "quoted", "block"]


@attrs.define(eq=False, repr=False)
class ScalarNode:
    """A text, number, truth value or null. The place is that of the first character of content."""

    text: str
    value: bool | int | float | str | None
    style: Style
    line: int
    column: int

    @property
    def kind(self) -> str:
        """Return what it is, in words."""
        if self.value is None:
            return "nothing"
        if isinstance(self.value, bool):
            return f"'{self.text}'"
        return "text" if isinstance(self.value, str) else f"the number {self.text[:40]}"

    @property
    def template(self) -> Template:
        """Return its text, as written."""
        return Template(self.text, line=self.line, column=self.column)


@attrs.define(eq=False, repr=False)
class SequenceNode:
    """A list."""

    items: list[Node]
    line: int
    column: int
    kind = "a list"


@attrs.define(eq=False, repr=False)
class Entry:
    """A key and its value in a mapping; the place is the key's."""

    key: str
    value: Node
    line: int
    column: int


@attrs.define(eq=False, repr=False)
class MappingNode:
    """A mapping; merge keys are resolved, keys are unique."""

    entries: dict[str, Entry]
    line: int
    column: int
    kind = "a mapping"


Node = ScalarNode | SequenceNode | MappingNode


def place_of(node: Node | Entry, path: str) -> Place:
    """Return the place of a node."""
    return Place(path, node.line, node.column)


def json_value(node: Node) -> Json:
    """Return the value of a node as it stands, without a look at expressions."""
    match node:
        case ScalarNode():
            return node.value
        case SequenceNode():
            return [json_value(item) for item in node.items]
        case MappingNode():
            return {key: json_value(entry.value) for key, entry in node.entries.items()}


def node_of(value: Json, line: int, column: int) -> Node:
    """Return a value as a node that stands at a place."""
    match value:
        case list():
            return SequenceNode([node_of(item, line, column) for item in value], line, column)
        case dict():
            entries = {
                key: Entry(key, node_of(item, line, column), line, column)
                for key, item in value.items()
            }
            return MappingNode(entries, line, column)
        case _:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            return ScalarNode(text, value, "quoted", line, column)


def config_tree(node: Node) -> ConfigTree:
    """Return the value of a node with every text as a template."""
    match node:
        case ScalarNode(value=str()):
            return node.template
        case ScalarNode(value=value):
            assert not isinstance(value, str)
            return value
        case SequenceNode():
            return [config_tree(item) for item in node.items]
        case MappingNode():
            return {key: config_tree(entry.value) for key, entry in node.entries.items()}


def find_place(node: Node, path: str, *, inside: str) -> Place:
    """Return the place of the deepest node on the way `inside` (`volumes[1].source`) from `node`.

    A key's own place is taken where the way ends at a key; what is not there leaves the place of
    what holds it. `path` is the path of `node`.
    """
    place = place_of(node, path)
    for step in _steps(inside):
        if isinstance(step, int) and isinstance(node, SequenceNode) and step < len(node.items):
            node = node.items[step]
            place = place_of(node, place.path + f"[{step}]")
        elif isinstance(step, str) and isinstance(node, MappingNode) and step in node.entries:
            entry = node.entries[step]
            place = place_of(entry, join_path(place.path, step))
            node = entry.value
        else:
            break
    full = path if not inside else (path + inside if inside[0] == "[" else join_path(path, inside))
    return Place(full, place.line, place.column)


def _steps(inside: str) -> list[str | int]:
    steps: list[str | int] = []
    for part in inside.split("."):
        name, *indexes = part.split("[")
        if name:
            steps.append(name)
        steps += [int(index[:-1]) for index in indexes if index[:-1].isdigit()]
    return steps
