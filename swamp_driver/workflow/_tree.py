"""Events of the YAML library -> a tree with places, within budgets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NoReturn

from swamp_driver.spec._suggest import quoted
from swamp_driver.workflow._node import Entry, MappingNode, Node, ScalarNode, SequenceNode, Style
from swamp_driver.workflow._plain_scalar import resolve_plain
from swamp_driver.workflow._problems import Place, Problems, join_path

MAX_NODES = 50_000
"""Nodes after aliases and merge keys are expanded."""
MAX_DEPTH = 64

_HALF = "[\ud800-\udfff]"
_STYLES: dict[str | None, Style] = {"'": "quoted", '"': "quoted", "|": "block", ">": "block"}


class StopReading(Exception):  # noqa: N818 - it is no error: the problem is noted
    """Reading cannot go on; the problem is noted."""


class TreeBuilder:
    """Builds the tree of one document from the events of the YAML library."""

    def __init__(self, events: Iterator[Any], text: str, problems: Problems) -> None:
        self._events = events
        self._problems = problems
        self._lines = text.split("\n")
        self._anchors: dict[str, tuple[Node, int, int] | None] = {}
        self._nodes = 0

    def document(self) -> Node | None:
        """Return the tree; None, with a problem noted, where there is nothing in the text."""
        root: Node | None = None
        for event in self._events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                if root is not None:
                    self._stop(
                        "a second document begins here", event, hint="one file, one workflow"
                    )
                if event.version not in (None, (1, 2)):
                    self._stop("only YAML 1.2 is understood", event, hint="leave '%YAML' out")
            elif not kind.startswith(("Stream", "Document")):
                root = self._node(event, 1, "")[0]
        if root is None or (isinstance(root, ScalarNode) and root.value is None):
            self._problems.add("the file is empty", Place("", 1, 1))
            return None
        return root

    def _node(self, event: Any, depth: int, path: str) -> tuple[Node, int, int]:
        """Return a node, how many nodes it expands to, and how deep it goes."""
        if type(event).__name__ == "AliasEvent":
            return self._alias(event, depth, path)
        self._count(1, event)
        self._check_depth(depth, event)
        if event.tag is not None:
            self._problems.add(
                f"the tag {quoted(event.tag)} is not allowed",
                _place(event, path),
                hint="a tag is not needed: put text in quotes",
            )
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        built = self._built(event, depth, path)
        if event.anchor is not None:
            self._anchors[event.anchor] = built
        return built

    def _built(self, event: Any, depth: int, path: str) -> tuple[Node, int, int]:
        match type(event).__name__:
            case "ScalarEvent":
                return self._scalar(event, path), 1, 1
            case "SequenceStartEvent":
                return self._sequence(event, depth, path)
            case _:
                return self._mapping(event, depth, path)

    def _alias(self, event: Any, depth: int, path: str) -> tuple[Node, int, int]:
        if event.anchor not in self._anchors:
            self._stop(
                f"the alias {quoted('*' + event.anchor)} has no anchor before it",
                event,
                path=path,
                hint=f"write '&{event.anchor[:40]}' before a value, or put the text in quotes",
            )
        target = self._anchors[event.anchor]
        if target is None:
            self._stop(f"the alias {quoted('*' + event.anchor)} contains itself", event, path=path)
        node, size, height = target
        self._count(size, event)
        self._check_depth(depth + height - 1, event)
        return node, size, height

    def _sequence(self, event: Any, depth: int, path: str) -> tuple[Node, int, int]:
        node = SequenceNode([], event.start_mark.line + 1, event.start_mark.column + 1)
        size, height = 1, 0
        for child in self._children():
            inside = f"{path}[{len(node.items)}]"
            item, item_size, item_height = self._node(child, depth + 1, inside)
            node.items.append(item)
            size += item_size
            height = max(height, item_height)
        return node, size, height + 1

    def _mapping(self, event: Any, depth: int, path: str) -> tuple[Node, int, int]:
        node = MappingNode({}, event.start_mark.line + 1, event.start_mark.column + 1)
        merged: list[tuple[Node, Any]] = []
        size, height = 1, 0
        for key_event in self._children():
            key, key_size, _ = self._node(key_event, depth + 1, path)
            inside = join_path(path, key.text) if isinstance(key, ScalarNode) else path
            value, value_size, value_height = self._node(next(self._events), depth + 1, inside)
            size += key_size + value_size
            height = max(height, value_height)
            if isinstance(key, ScalarNode) and key.text == "<<" and key.style == "plain":
                merged.append((value, key_event))
            elif (name := self._key(key, key_event, path)) is not None:
                self._put(node, Entry(name, value, *_position(key_event)), key_event, inside)
        for value, key_event in merged:
            size += self._merge(node, value, key_event, path)
        return node, size, height + 1

    def _children(self) -> Iterator[Any]:
        for event in self._events:
            if type(event).__name__ in {"SequenceEndEvent", "MappingEndEvent"}:
                return
            yield event

    def _key(self, key: Node, event: Any, path: str) -> str | None:
        if isinstance(key, ScalarNode) and isinstance(key.value, str):
            return key.value
        self._problems.add(
            f"a key must be text, found {key.kind}",
            _place(event, path),
            hint="put the key in quotes",
        )
        return None

    def _put(self, node: MappingNode, entry: Entry, event: Any, path: str) -> None:
        first = node.entries.setdefault(entry.key, entry)
        if first is not entry:
            self._problems.add(
                f"the key {quoted(entry.key)} stands here a second time",
                _place(event, path),
                hint=f"it is first on line {first.line}",
            )

    def _merge(self, node: MappingNode, source: Node, event: Any, path: str) -> int:
        """Take over what `<<: source` brings; return the size that it adds."""
        added = 0
        sources = source.items if isinstance(source, SequenceNode) else [source]
        for item in sources:
            if not isinstance(item, MappingNode):
                what = f"'<<' takes a mapping or a list of them, found {item.kind}"
                self._problems.add(what, _place(event, path))
                continue
            self._count(len(item.entries), event)
            for key, entry in item.entries.items():
                if node.entries.setdefault(key, entry) is entry:
                    added += _size(entry.value)
        self._count(added, event)
        return added

    def _scalar(self, event: Any, path: str) -> ScalarNode:
        style = _STYLES.get(event.style, "plain")
        line, column = _position(event)
        if style == "quoted":
            column += 1
        elif style == "block":
            line, column = self._block_start(event)
        if style == "plain":
            return ScalarNode(event.value, self._plain(event, path), style, line, column)
        text = self._whole_characters(event, Place(path, line, column))
        return ScalarNode(text, text, style, line, column)

    def _whole_characters(self, event: Any, place: Place) -> str:
        """Return a text with the halves of characters that JSON escapes put together."""
        text = str(event.value)
        if text.isascii() or not re.search(_HALF, text):
            return text
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self._problems.add("the text has half a character in it", place)
            return ""

    def _block_start(self, event: Any) -> tuple[int, int]:
        """Return the place of the first character of a block's content."""
        first = event.start_mark.line + 1
        content = next((line for line in event.value.split("\n") if line.strip()), "")
        rest = (self._lines[number] for number in range(first, len(self._lines)))
        written = next((line for line in rest if line.strip()), "")
        return first + 1, max(0, _indent(written) - _indent(content)) + 1

    def _plain(self, event: Any, path: str) -> bool | int | float | str | None:
        try:
            return resolve_plain(event.value)
        except ValueError:
            self._problems.add(
                f"the number {quoted(event.value)} is out of range",
                _place(event, path),
                hint="put it in quotes if it is text",
            )
            return 0

    def _count(self, size: int, event: Any) -> None:
        self._nodes += size
        if self._nodes > MAX_NODES:
            self._stop(f"the file expands to more than {MAX_NODES} values", event)

    def _check_depth(self, depth: int, event: Any) -> None:
        if depth > MAX_DEPTH:
            self._stop(f"the file is nested more than {MAX_DEPTH} levels deep", event)

    def _stop(self, what: str, event: Any, *, path: str = "", hint: str | None = None) -> NoReturn:
        self._problems.add(what, _place(event, path), hint=hint)
        raise StopReading


def _position(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _place(event: Any, path: str) -> Place:
    return Place(path, *_position(event))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _size(node: Node) -> int:
    """Return how many nodes a tree has; bounded, as it was counted when it was read."""
    match node:
        case ScalarNode():
            return 1
        case SequenceNode():
            return 1 + sum(_size(item) for item in node.items)
        case MappingNode():
            return 1 + sum(1 + _size(entry.value) for entry in node.entries.values())
