"""What may stand where in a workflow file: shapes read it and describe themselves to editors.

A shape is the one declaration of its part of the format: `read` makes values of it and notes what
is wrong, `schema` gives the JSON Schema of the same thing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from swamp_driver.spec import Json
from swamp_driver.spec._suggest import did_you_mean, quoted
from swamp_driver.workflow._node import Node, ScalarNode, place_of
from swamp_driver.workflow._problems import Problems
from swamp_driver.workflow._scan import is_whole_expression
from swamp_driver.workflow._template import Template

T = TypeVar("T")

Definitions = dict[str, Json]
EXPRESSION_SCHEMA: Json = {"type": "string", "pattern": r"^\s*\$\{\{"}


class Refused(Exception):  # noqa: N818 - it is no error: the problem is noted
    """The value is not of the shape; the problem is noted."""


class Shape(ABC, Generic[T]):
    """A part of the format. `words` says what is expected; `advice` what to write instead.

    `advice` maps the kind of what was found (`text`, `a mapping`, ...) to a hint.
    """

    words = ""
    blank: Any = None
    """What stands for a value that was refused, so that the rest can still be checked."""

    def __init__(self, *, advice: Mapping[str, str] | None = None) -> None:
        self.advice = advice or {}

    @abstractmethod
    def read(self, node: Node, path: str, problems: Problems) -> T:
        """Return the value; note what is wrong and raise `Refused`."""

    @abstractmethod
    def schema(self, definitions: Definitions) -> dict[str, Json]:
        """Return its JSON Schema; named parts go into `definitions`."""

    def refuse(
        self, node: Node, path: str, problems: Problems, what: str = "", hint: str | None = None
    ) -> Refused:
        """Note that the value is not of this shape; return what is to be raised."""
        what = what or f"expected {self.words}, found {node.kind}"
        kind = "text" if isinstance(node, ScalarNode) and isinstance(node.value, str) else node.kind
        problems.add(what, place_of(node, path), hint=hint or self.advice.get(kind))
        return Refused()


class Text(Shape[Template]):
    """A text that may hold expressions; `lenient`: also numbers and truth values, as written."""

    words = "text"
    blank = Template("")

    def __init__(
        self,
        *,
        lenient: bool = False,
        may_be_empty: bool = False,
        advice: Mapping[str, str] | None = None,
    ) -> None:
        self.lenient = lenient
        self.may_be_empty = may_be_empty or lenient
        empty = (
            'write "" for an empty text' if self.may_be_empty else "leave the key out, or fill it"
        )
        super().__init__(advice={"nothing": empty, **(advice or {})})

    def read(self, node: Node, path: str, problems: Problems) -> Template:
        """Return the text as it is written."""
        if not isinstance(node, ScalarNode) or node.value is None:
            raise self.refuse(node, path, problems)
        if not isinstance(node.value, str) and not self.lenient:
            raise self.refuse(node, path, problems, hint=f'put it in quotes: "{node.text[:60]}"')
        if not self.may_be_empty and not node.text.strip():
            raise self.refuse(node, path, problems, "the text is empty")
        return node.template

    def schema(self, _: Definitions) -> dict[str, Json]:
        """Return the schema of a text."""
        if self.lenient:
            return {"type": ["string", "number", "boolean"]}
        return {"type": "string"} if self.may_be_empty else {"type": "string", "pattern": r"\S"}


class Flag(Shape[bool | Template]):
    """True or false, or an expression that gives it."""

    words = "true or false"
    blank = False

    def __init__(self) -> None:
        super().__init__(advice={"text": "write true or false, without quotes"})

    def read(self, node: Node, path: str, problems: Problems) -> bool | Template:
        """Return it, or the expression."""
        if isinstance(node, ScalarNode):
            if isinstance(node.value, bool):
                return node.value
            if isinstance(node.value, str) and is_whole_expression(node.text):
                return node.template
        raise self.refuse(node, path, problems)

    def schema(self, _: Definitions) -> dict[str, Json]:
        """Return the schema."""
        return {"anyOf": [{"type": "boolean"}, EXPRESSION_SCHEMA]}


class Whole(Shape[int | Template]):
    """A whole number of at least `minimum` (at most `maximum`), or an expression that gives it."""

    blank = 0

    def __init__(
        self,
        *,
        minimum: int,
        maximum: int | None = None,
        advice: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(advice=advice)
        self.minimum = minimum
        self.maximum = maximum
        self.words = f"a whole number from {minimum} up" if minimum >= 0 else "a whole number"
        if maximum is not None:
            self.words = f"a whole number from {minimum} to {maximum}"

    def read(self, node: Node, path: str, problems: Problems) -> int | Template:
        """Return it, or the expression."""
        if isinstance(node, ScalarNode):
            if isinstance(node.value, str) and is_whole_expression(node.text):
                return node.template
            if type(node.value) is int and self._is_within(node.value):
                return node.value
        raise self.refuse(node, path, problems)

    def schema(self, _: Definitions) -> dict[str, Json]:
        """Return the schema."""
        number: dict[str, Json] = {"type": "integer", "minimum": self.minimum}
        if self.maximum is not None:
            number["maximum"] = self.maximum
        return {"anyOf": [number, EXPRESSION_SCHEMA]}

    def _is_within(self, value: int) -> bool:
        return self.minimum <= value and (self.maximum is None or value <= self.maximum)


class Number(Shape[int | float]):
    """A number, as it stands."""

    words = "a number"
    blank = 0

    def read(self, node: Node, path: str, problems: Problems) -> int | float:
        """Return it."""
        if isinstance(node, ScalarNode) and type(node.value) in {int, float}:
            return node.value  # type: ignore[return-value]
        raise self.refuse(node, path, problems)

    def schema(self, _: Definitions) -> dict[str, Json]:
        """Return the schema."""
        return {"type": "number"}


class Choice(Shape[str]):
    """One of a closed list of words; `refused` gives advice for other words."""

    def __init__(
        self,
        *choices: str,
        refused: Mapping[str, str] | None = None,
        advice: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(advice=advice)
        self.choices = choices
        self.refused = refused or {}
        self.words = "one of: " + ", ".join(choices)
        self.blank = choices[0]

    def read(self, node: Node, path: str, problems: Problems) -> str:
        """Return the word."""
        if not isinstance(node, ScalarNode) or not isinstance(node.value, str):
            raise self.refuse(node, path, problems)
        if node.text in self.choices:
            return node.text
        hint = self.refused.get(node.text) or did_you_mean(node.text, self.choices)
        what = f"{quoted(node.text)} is none of: {', '.join(self.choices)}"
        raise self.refuse(node, path, problems, what, hint)

    def schema(self, _: Definitions) -> dict[str, Json]:
        """Return the schema."""
        return {"enum": list(self.choices)}
