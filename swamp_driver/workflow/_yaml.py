"""YAML text -> a tree with places; the only module that knows the YAML library.

Reads the library's events, not its values: so budgets hold while the text is read, all duplicate
keys are found, and no tag is ever obeyed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NoReturn

from swamp_driver.spec._suggest import quoted
from swamp_driver.workflow._node import Entry, MappingNode, Node, ScalarNode, SequenceNode, Style
from swamp_driver.workflow._plain_scalar import resolve_plain
from swamp_driver.workflow._problems import Place, Problems

MAX_BYTES = 1024 * 1024
MAX_NODES = 50_000
"""Nodes after aliases and merge keys are expanded."""
MAX_DEPTH = 64

_TUPLE = re.compile(r"\('(<[^']*>)',\)")
"""What the library puts around the name of a token in some of its messages."""
_STYLES: dict[str | None, Style] = {"'": "quoted", '"': "quoted", "|": "block", ">": "block"}


class _StopReading(Exception):  # noqa: N818 - it is no error: the problem is noted
    """Reading cannot go on; the problem is noted."""


def parse_yaml(text: str, problems: Problems) -> Node | None:
    """Return the tree of the one document in `text`; None where a problem was noted instead.

    Scalars are those of the YAML 1.2 core schema. Duplicate keys, tags, several documents and what
    is over the budgets are problems; a duplicate key alone still gives a tree.
    """
    if len(text) > MAX_BYTES or len(text.encode(errors="replace")) > MAX_BYTES:
        problems.add(f"the file is larger than {MAX_BYTES // 1024} KiB", Place("", 1, 1))
        return None
    try:
        return _Builder(_events(text, problems), text, problems).document()
    except _StopReading:
        return None


def _events(text: str, problems: Problems) -> Iterator[Any]:
    """Yield the events of the library, its errors translated."""
    from ruamel.yaml import YAML  # noqa: PLC0415 - 30 ms, and only loading a file needs it
    from ruamel.yaml.error import MarkedYAMLError, YAMLError  # noqa: PLC0415
    from ruamel.yaml.reader import ReaderError  # noqa: PLC0415

    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place("", mark.line + 1, mark.column + 1) if mark else Place("", 1, 1)
        what = _TUPLE.sub(r"\1", str(error.problem or error.context or "cannot be read")).strip()
        problems.add(f"YAML: {what}", place, hint=_syntax_hint(what))
        raise _StopReading from error
    except ReaderError as error:
        before = text[: error.position]
        place = Place("", before.count("\n") + 1, error.position - (before.rfind("\n") + 1) + 1)
        code = error.character if isinstance(error.character, int) else ord(error.character)
        problems.add(f"YAML: the character U+{code:04X} is not allowed", place)
        raise _StopReading from error
    except (YAMLError, ValueError, LookupError, AssertionError, TypeError) as error:
        problems.add("YAML: the text cannot be read", Place("", 1, 1))
        raise _StopReading from error


def _syntax_hint(what: str) -> str | None:
    for sign, hint in _HINTS:
        if sign in what:
            return hint
    return None


_HINTS = (
    ("mapping values are not allowed", "put a value that contains ': ' in quotes"),
    ("'\\t'", "indent with spaces, not with tabs"),
    ("could not find expected ':'", "a key needs a ':' after it; a text of several lines, a '|'"),
    ("expected <block end>", "the indentation does not fit the lines above"),
    ("found unexpected end of stream", "close the quote or bracket"),
    ("'`'", "put the value in quotes"),
    ("'@'", "put the value in quotes"),
    ("'%'", "put the value in quotes"),
    ("expected ',' or", "close the bracket, or put a value with ',' or '[' in quotes"),
    ("undefined alias", "an alias (*name) needs an anchor (&name) before it; else use quotes"),
    ("escape", "in double quotes '\\' begins an escape; use single quotes or '|'"),
)


class _Builder:
    """Builds the tree of one document from events."""

    def __init__(self, events: Iterator[Any], text: str, problems: Problems) -> None:
        self._events = events
        self._problems = problems
        self._lines = text.split("\n")
        self._anchors: dict[str, tuple[Node, int, int] | None] = {}
        self._nodes = 0

    def document(self) -> Node | None:
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
                root = self._node(event, 1)[0]
        if root is None or (isinstance(root, ScalarNode) and root.value is None):
            self._problems.add("the file is empty", Place("", 1, 1))
            return None
        return root

    def _node(self, event: Any, depth: int) -> tuple[Node, int, int]:
        """Return a node, how many nodes it expands to, and how deep it goes."""
        if type(event).__name__ == "AliasEvent":
            return self._alias(event, depth)
        self._count(1, event)
        self._check_depth(depth, event)
        if event.tag is not None:
            self._problems.add(
                f"the tag {quoted(event.tag)} is not allowed",
                _place(event),
                hint="a tag is not needed: put text in quotes",
            )
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        built = self._built(event, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = built
        return built

    def _built(self, event: Any, depth: int) -> tuple[Node, int, int]:
        match type(event).__name__:
            case "ScalarEvent":
                return self._scalar(event), 1, 1
            case "SequenceStartEvent":
                return self._sequence(event, depth)
            case _:
                return self._mapping(event, depth)

    def _alias(self, event: Any, depth: int) -> tuple[Node, int, int]:
        if event.anchor not in self._anchors:
            self._stop(
                f"the alias {quoted('*' + event.anchor)} has no anchor before it",
                event,
                hint=f"write '&{event.anchor[:40]}' before a value, or put the text in quotes",
            )
        target = self._anchors[event.anchor]
        if target is None:
            self._stop(f"the alias {quoted('*' + event.anchor)} contains itself", event)
        node, size, height = target
        self._count(size, event)
        self._check_depth(depth + height - 1, event)
        return node, size, height

    def _sequence(self, event: Any, depth: int) -> tuple[Node, int, int]:
        node = SequenceNode([], event.start_mark.line + 1, event.start_mark.column + 1)
        size, height = 1, 0
        for child in self._children():
            item, item_size, item_height = self._node(child, depth + 1)
            node.items.append(item)
            size += item_size
            height = max(height, item_height)
        return node, size, height + 1

    def _mapping(self, event: Any, depth: int) -> tuple[Node, int, int]:
        node = MappingNode({}, event.start_mark.line + 1, event.start_mark.column + 1)
        merged: list[tuple[Node, Any]] = []
        size, height = 1, 0
        for key_event in self._children():
            key, key_size, _ = self._node(key_event, depth + 1)
            value, value_size, value_height = self._node(next(self._events), depth + 1)
            size += key_size + value_size
            height = max(height, value_height)
            if isinstance(key, ScalarNode) and key.text == "<<" and key.style == "plain":
                merged.append((value, key_event))
            elif (name := self._key(key, key_event)) is not None:
                self._put(node, Entry(name, value, *_position(key_event)), key_event)
        for value, key_event in merged:
            size += self._merge(node, value, key_event)
        return node, size, height + 1

    def _children(self) -> Iterator[Any]:
        for event in self._events:
            if type(event).__name__ in {"SequenceEndEvent", "MappingEndEvent"}:
                return
            yield event

    def _key(self, key: Node, event: Any) -> str | None:
        if isinstance(key, ScalarNode) and isinstance(key.value, str):
            return key.value
        self._problems.add(
            f"a key must be text, found {key.kind}", _place(event), hint="put the key in quotes"
        )
        return None

    def _put(self, node: MappingNode, entry: Entry, event: Any) -> None:
        first = node.entries.setdefault(entry.key, entry)
        if first is not entry:
            self._problems.add(
                f"the key {quoted(entry.key)} stands here a second time",
                _place(event),
                hint=f"it is first on line {first.line}",
            )

    def _merge(self, node: MappingNode, source: Node, event: Any) -> int:
        """Take over what `<<: source` brings; return the size that it adds."""
        added = 0
        sources = source.items if isinstance(source, SequenceNode) else [source]
        for item in sources:
            if not isinstance(item, MappingNode):
                self._problems.add(
                    f"'<<' takes a mapping or a list of them, found {item.kind}", _place(event)
                )
                continue
            self._count(len(item.entries), event)
            for key, entry in item.entries.items():
                if node.entries.setdefault(key, entry) is entry:
                    added += _size(entry.value)
        self._count(added, event)
        return added

    def _scalar(self, event: Any) -> ScalarNode:
        style = _STYLES.get(event.style, "plain")
        line, column = _position(event)
        if style == "quoted":
            column += 1
        elif style == "block":
            line, column = self._block_start(event)
        value = self._plain(event) if style == "plain" else event.value
        return ScalarNode(event.value, value, style, line, column)

    def _block_start(self, event: Any) -> tuple[int, int]:
        """Return the place of the first character of a block's content."""
        first = event.start_mark.line + 1
        content = next((line for line in event.value.split("\n") if line.strip()), "")
        written = next((line for line in self._lines[first:] if line.strip()), "")
        return first + 1, max(0, _indent(written) - _indent(content)) + 1

    def _plain(self, event: Any) -> bool | int | float | str | None:
        try:
            return resolve_plain(event.value)
        except ValueError:
            self._problems.add(
                f"the number {quoted(event.value)} is out of range",
                _place(event),
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

    def _stop(self, what: str, event: Any, *, hint: str | None = None) -> NoReturn:
        self._problems.add(what, _place(event), hint=hint)
        raise _StopReading


def _position(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _place(event: Any) -> Place:
    return Place("", *_position(event))


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
