# ruff: noqa: RUF009 - `declare` makes an attrs field
"""Declarations of inputs as they are written, in both forms."""

from __future__ import annotations

from typing import Literal

import attrs

from swamp_driver.spec import Json
from swamp_driver.workflow import _advice as advice
from swamp_driver.workflow._collection import Later, ListOf, MapOf, Tree
from swamp_driver.workflow._node import MappingNode, Node, ScalarNode, SequenceNode
from swamp_driver.workflow._problems import Problems
from swamp_driver.workflow._record import Record, Where, declare
from swamp_driver.workflow._shape import Choice, Definitions, Flag, Number, Shape, Text, Whole
from swamp_driver.workflow._template import Template

InputType = Literal["string", "number", "integer", "boolean", "array", "object"]
_COUNT = Whole(minimum=0)
_ANYTHING = Tree()


class _FlagOrDeclaration(Shape["bool | InputDeclaration"]):
    """True, false, or what the values may be."""

    words = "true, false or a declaration"
    blank = True

    def read(self, node: Node, path: str, problems: Problems) -> bool | InputDeclaration:
        """Return it."""
        if isinstance(node, MappingNode):
            return DECLARATION.read(node, path, problems)
        if isinstance(node, ScalarNode) and isinstance(node.value, bool):
            return node.value
        raise self.refuse(node, path, problems)

    def schema(self, definitions: Definitions) -> dict[str, Json]:
        """Return the schema of either."""
        return {"anyOf": [{"type": "boolean"}, DECLARATION.schema(definitions)]}


@attrs.frozen(kw_only=True, eq=False, repr=False)
class InputDeclaration:
    """What an input, or a part of one, may be: the words of JSON Schema."""

    where: Where = Where()
    type: InputType | None = declare(
        Choice("string", "number", "integer", "boolean", "array", "object"),
        "The type; any where it is absent.",
    )
    description: Template | None = declare(Text(may_be_empty=True), "For people.")
    default: Node | None = declare(Tree(), "The value where none is given.")
    enum: tuple[Node, ...] | None = declare(ListOf(Tree(), minimum=1), "The values allowed.")
    items: InputDeclaration | None = declare(
        Later(lambda: DECLARATION), "What the entries of an array may be."
    )
    min_items: int | None = declare(_COUNT, "How many entries an array has at least.")
    max_items: int | None = declare(_COUNT, "How many entries an array has at most.")
    unique_items: bool | None = declare(Flag(), "Whether the entries must differ.")
    properties: dict[str, InputDeclaration] | None = declare(
        MapOf(Later(lambda: DECLARATION)), "The keys of an object."
    )
    required: Node | None = declare(
        Tree("list", "flag", words="a list of names, or true or false"),
        "The keys that an object must have; or, at an input, whether it must be given.",
    )
    additional_properties: bool | InputDeclaration | None = declare(
        _FlagOrDeclaration(), "Whether other keys are allowed, or what their values may be."
    )
    minimum: float | None = declare(Number(), "The least number.")
    maximum: float | None = declare(Number(), "The greatest number.")
    pattern: Template | None = declare(
        Text(), "A regular expression (RE2) that must match somewhere in a text."
    )
    min_length: int | None = declare(_COUNT, "How many characters a text has at least.")
    max_length: int | None = declare(_COUNT, "How many characters a text has at most.")
    title: Template | None = declare(Text(may_be_empty=True), "For people.", when="never")
    examples: Node | None = declare(_ANYTHING, "For people.", when="never")
    format: Node | None = declare(_ANYTHING, "For people: it is not checked.", when="never")
    comment: Node | None = declare(_ANYTHING, "For people.", name="$comment", when="never")
    deprecated: Node | None = declare(_ANYTHING, "For people.", when="never")

    @property
    def required_keys(self) -> frozenset[str]:
        """Return the keys that an object must have."""
        items = self.required.items if isinstance(self.required, SequenceNode) else []
        return frozenset(item.text for item in items if isinstance(item, ScalarNode))

    @property
    def must_be_given(self) -> bool:
        """Return whether an input of a flat map must be given: by default, if it has no default."""
        if isinstance(self.required, ScalarNode):
            return self.required.value is True
        return self.default is None


DECLARATION: Record[InputDeclaration] = Record(
    InputDeclaration,
    words="an input",
    refused=advice.INPUT_KEYS,
    advice={"text": "write '{type: string}'"},
)
_FLAT = MapOf(DECLARATION, keys=r"[A-Za-z_][A-Za-z0-9_-]*", key_words="the name of an input")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Inputs:
    """The inputs of a workflow: what both forms come to."""

    where: Where = Where()
    declarations: dict[str, InputDeclaration] = attrs.field(factory=dict)
    required: frozenset[str] = frozenset()
    open: bool | InputDeclaration = False
    """Whether inputs that are not declared may be given, or what those may be."""


class InputsShape(Shape[Inputs]):
    """`inputs:`, as a map of names or as the schema of an object."""

    words = "a mapping of names to declarations"
    blank = Inputs()

    def read(self, node: Node, path: str, problems: Problems) -> Inputs:
        """Return the inputs."""
        if not isinstance(node, MappingNode):
            raise self.refuse(node, path, problems)
        where = Where(path=path, node=node)
        if not is_object_form(node):
            flat = _FLAT.read(node, path, problems)
            required = frozenset(name for name, part in flat.items() if part.must_be_given)
            return Inputs(where=where, declarations=flat, required=required)
        whole = DECLARATION.read(node, path, problems)
        if whole.type not in (None, "object"):
            problems.add("the inputs are an object", where.value("type"), hint="write 'object'")
        return Inputs(
            where=where,
            declarations=whole.properties or {},
            required=whole.required_keys,
            open=whole.additional_properties or False,
        )

    def schema(self, definitions: Definitions) -> dict[str, Json]:
        """Return the schema of either form."""
        flat: Json = {**_FLAT.schema(definitions), "properties": {"type": {"type": "object"}}}
        return {"anyOf": [flat, DECLARATION.schema(definitions)]}


def is_object_form(node: MappingNode) -> bool:
    """Return whether `inputs:` is the schema of an object, not a map of names.

    It is where `type` is a word, or `properties` holds nothing but mappings.
    """
    if entry := node.entries.get("type"):
        return isinstance(entry.value, ScalarNode)
    entry = node.entries.get("properties")
    return (
        entry is not None
        and isinstance(entry.value, MappingNode)
        and all(isinstance(part.value, MappingNode) for part in entry.value.entries.values())
    )
