"""Mappings with a closed set of keys: declared by attrs classes, read by `Record`."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, Literal, TypeVar

import attrs

from swamp_driver.spec import Json
from swamp_driver.spec._suggest import did_you_mean, quoted
from swamp_driver.workflow._node import Entry, MappingNode, Node, place_of
from swamp_driver.workflow._problems import Place, Problems, join_path
from swamp_driver.workflow._shape import Choice, Definitions, Refused, Shape

T = TypeVar("T")

_METADATA_KEY = "swamp_driver.workflow.key"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Where:
    """Where a mapping stands, to find the places of what is in it."""

    path: str = ""
    node: MappingNode = attrs.field(factory=lambda: MappingNode({}, 0, 0), eq=False, repr=False)

    @property
    def place(self) -> Place:
        """Return the place of the mapping."""
        return place_of(self.node, self.path)

    def key(self, key: str) -> Place:
        """Return the place of a key; that of the mapping where the key is absent."""
        entry = self.node.entries.get(key)
        path = join_path(self.path, key)
        return place_of(entry, path) if entry else Place(path, self.node.line, self.node.column)

    def value(self, key: str) -> Place:
        """Return the place of a key's value; that of the mapping where the key is absent."""
        entry = self.node.entries.get(key)
        return place_of(entry.value, join_path(self.path, key)) if entry else self.key(key)

    def has(self, key: str) -> bool:
        """Return whether the key is there."""
        return key in self.node.entries


When = Literal["plan", "run", "never"]
"""When the expressions of a value are evaluated; `never`: it is compared as it is written."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Key:
    """A key of a record."""

    name: str
    field: str
    shape: Shape[Any]
    required: bool
    help: str
    when: When


def declare(
    shape: Shape[Any],
    help: str,  # noqa: A002 - the word that every option library uses
    *,
    name: str | None = None,
    required: bool = False,
    default: Any = None,
    when: When = "plan",
) -> Any:
    """Declare a key of a record; `name` is the field's in camelCase by default."""
    metadata = {_METADATA_KEY: (shape, help, name, required, when)}
    return attrs.field(default=attrs.NOTHING if required else default, metadata=metadata)


def keys_of(cls: object) -> dict[str, Key]:
    """Return the keys that a record class declares, by name."""
    return _keys_of(cls)


@functools.cache
def _keys_of(cls: object) -> dict[str, Key]:
    assert isinstance(cls, type)
    found = {}
    assert isinstance(cls, type)
    for attribute in attrs.fields(cls):
        if _METADATA_KEY in attribute.metadata:
            shape, text, name, required, when = attribute.metadata[_METADATA_KEY]
            name = name or _camel_case(attribute.name)
            found[name] = Key(
                name=name,
                field=attribute.name,
                shape=shape,
                required=required,
                help=text,
                when=when,
            )
    return found


def _camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)


class Record(Shape[T]):
    """A mapping with the keys of an attrs class, which has a field `where: Where`.

    `one_of` are keys of which exactly one must be there. `refused` gives advice for keys that are
    not ours.
    """

    def __init__(
        self,
        cls: type[T],
        *,
        words: str,
        one_of: tuple[str, ...] = (),
        refused: Mapping[str, str] | None = None,
        advice: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(advice=advice)
        self.cls = cls
        self.words = words
        self.one_of = one_of
        self.refused = refused or {}
        required = {key.field: key.shape.blank for key in keys_of(cls).values() if key.required}
        values: dict[str, Any] = {"where": Where(), **required}
        self.blank = cls(**values)

    def read(self, node: Node, path: str, problems: Problems) -> T:
        """Return the value; keys that are refused have their blank, so that the rest is checked."""
        if not isinstance(node, MappingNode):
            words = "a mapping" if self.words.startswith("'") else self.words
            raise self.refuse(node, path, problems, f"expected {words}, found {node.kind}")
        values: dict[str, Any] = {"where": Where(path=path, node=node)}
        keys = keys_of(self.cls)
        for name, entry in node.entries.items():
            if name in keys:
                values[keys[name].field] = self._value(keys[name], entry, path, problems)
            else:
                self._unknown(name, entry, path, problems)
        self._check_presence(node, path, problems, values)
        return self.cls(**values)

    def _value(self, found: Key, entry: Entry, path: str, problems: Problems) -> Any:
        try:
            return found.shape.read(entry.value, join_path(path, found.name), problems)
        except Refused:
            return found.shape.blank

    def _unknown(self, name: str, entry: Entry, path: str, problems: Problems) -> None:
        known = list(keys_of(self.cls))
        spelled = {key.lower(): key for key in known}
        close = spelled.get(name.replace("_", "").replace("-", "").lower())
        hint = (
            self.refused.get(name)
            or (f"did you mean {close!r}?" if close else did_you_mean(name, known))
            or f"{self.words} has: {', '.join(known)}"
        )
        what = f"unknown key {quoted(name)}"
        problems.add(what, place_of(entry, join_path(path, name)), hint=hint)

    def _check_presence(
        self, node: MappingNode, path: str, problems: Problems, values: dict[str, Any]
    ) -> None:
        for found in keys_of(self.cls).values():
            if found.required and found.field not in values:
                values[found.field] = found.shape.blank
                what = f"{self.words} needs the key {found.name!r}"
                hint = found.help[0].lower() + found.help[1:].rstrip(".")
                problems.add(what, place_of(node, path), hint=hint)
        present = [name for name in self.one_of if name in node.entries]
        if self.one_of and len(present) != 1:
            one_of = " or ".join(repr(name) for name in self.one_of)
            is_pair = self.one_of == self.one_of[:2]
            several, none = ("both", "neither") if is_pair else ("several", "none")
            given = f"has {several if present else none}"
            what = f"{self.words} takes either {one_of}, and this one {given}"
            problems.add(what, place_of(node, path))

    def schema(self, definitions: Definitions) -> dict[str, Json]:
        """Return a reference to the definition of the record."""
        name = self.cls.__name__
        if name not in definitions:
            definitions[name] = {}  # ends the recursion of records that hold their own kind
            definitions[name] = self._definition(definitions)
        return {"$ref": f"#/$defs/{name}"}

    def _definition(self, definitions: Definitions) -> dict[str, Json]:
        keys = keys_of(self.cls).values()
        properties: dict[str, Json] = {}
        for found in keys:
            properties[found.name] = {
                **found.shape.schema(definitions),
                "description": found.help,
            }
        required: list[Json] = [found.name for found in keys if found.required]
        result: dict[str, Json] = {
            "type": "object",
            "properties": properties,
            "additionalProperties": False,
        }
        if required:
            result["required"] = required
        if self.one_of:
            result["oneOf"] = [{"required": [name]} for name in self.one_of]
        return result


class Tagged(Shape[Any]):
    """One of several records, chosen by the word under the key `tag`, which is a key of each."""

    def __init__(
        self,
        tag: str,
        records: Mapping[str, Record[Any]],
        *,
        words: str,
        refused: Mapping[str, str] | None = None,
        advice: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(advice=advice)
        self.tag = tag
        self.records = records
        self.words = words
        self.choice = Choice(*records, refused=refused)

    def read(self, node: Node, path: str, problems: Problems) -> Any:
        """Read with the record that the tag names."""
        if not isinstance(node, MappingNode):
            raise self.refuse(node, path, problems)
        entry = node.entries.get(self.tag)
        if entry is None:
            choices = ", ".join(self.records)
            what = f"{self.words} needs the key {self.tag!r}"
            raise self.refuse(node, path, problems, what, hint=f"one of: {choices}")
        word = self.choice.read(entry.value, join_path(path, self.tag), problems)
        return self.records[word].read(node, path, problems)

    def schema(self, definitions: Definitions) -> dict[str, Json]:
        """Return the schema of any of them."""
        records = dict.fromkeys(self.records.values())
        return {"anyOf": [record.schema(definitions) for record in records]}
