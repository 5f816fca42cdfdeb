# ruff: noqa: D101, D102, D103, D106, E501 - models and helpers of tests
"""Descriptions of model classes: what annotations come to, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from swamp_driver.models import DefinitionError, File, Model, Resource, method
from swamp_driver.models._describe import describe


@dataclass
class Checkout:
    path: str
    size: int | None = None


class Git(Model):
    """Clones repositories."""

    type = "ci/git"
    version = "2026.11.28"

    @dataclass
    class Arguments:
        url: str
        ref: str = "main"
        labels: dict[str, list[str]] = field(default_factory=dict)

    resources = {"checkout": Resource(Checkout, lifetime="30d", garbage_collection=10)}  # noqa: RUF012
    files = {"log": File(content_type="text/plain", tags={"kind": "log"})}  # noqa: RUF012

    @method
    def clone(self, depth: int = 1, mode: Literal["full", "bare"] = "full") -> None:
        """Clone it."""

    @method
    def compare(self, other: Checkout, extra: Any = None) -> None: ...

    def not_a_method(self) -> None: ...


def closed(required: list[str], **properties: object) -> dict[str, object]:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


CHECKOUT = closed(
    ["path"], path={"type": "string"}, size={"type": ["integer", "null"], "default": None}
)


def test_a_class_is_described_by_its_annotations() -> None:
    """Both sides of a step check against this and nothing else."""
    assert describe(Git) == {
        "type": "ci/git",
        "version": "2026.11.28",
        "description": "Clones repositories.",
        "arguments": closed(
            ["url"],
            url={"type": "string"},
            ref={"type": "string", "default": "main"},
            labels={
                "type": "object",
                "additionalProperties": {"type": "array", "items": {"type": "string"}},
            },
        ),
        "methods": {
            "clone": {
                "description": "Clone it.",
                "inputs": closed(
                    [],
                    depth={"type": "integer", "default": 1},
                    mode={"enum": ["full", "bare"], "default": "full"},
                ),
            },
            "compare": {
                "description": "",
                "inputs": closed(["other"], other=CHECKOUT, extra={"default": None}),
            },
        },
        "resources": {
            "checkout": {
                "schema": CHECKOUT,
                "description": "",
                "lifetime": "30d",
                "garbageCollection": 10,
                "tags": {},
            }
        },
        "files": {
            "log": {
                "contentType": "text/plain",
                "description": "",
                "lifetime": "infinite",
                "garbageCollection": None,
                "tags": {"kind": "log"},
            }
        },
    }


def test_a_subclass_has_the_methods_of_its_base() -> None:
    """Models of a kind share what they do; the last definition of a name counts."""

    class Fork(Git):
        type = "ci/fork"

        def compare(self) -> None: ...  # type: ignore[override]

    assert list(describe(Fork)["methods"]) == ["clone"]


def make(**content: object) -> type[Model]:
    return type("Made", (Model,), {"type": "ci/made", **content})


def takes_path(self: Model, where: Path) -> None: ...


def takes_untyped(self, where) -> None: ...  # type: ignore[no-untyped-def]


def takes_any_number(self: Model, *where: str) -> None: ...


def takes_wrong_default(self: Model, depth: int = "one") -> None: ...  # type: ignore[assignment]


def takes_unknown(self: Model, depth: Nowhere) -> None: ...  # type: ignore[name-defined]  # noqa: F821


@dataclass
class Tree:
    children: list[Tree]


def takes_tree(self: Model, tree: Tree) -> None: ...


SUPPORTED = (
    "(use str, int, float, bool, None, list[...], dict[str, ...], Literal[...], Optional, unions, "
    "Any and dataclasses)"
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"type": "Ci Git"}, "Made: 'type' must be a text such as 'ci/git', found 'Ci Git'"),
        ({"version": 3}, "ci/made: 'version' must be a text, found '3'"),
        ({"Arguments": dict}, "ci/made: 'Arguments' must be a dataclass (write '@dataclass')"),
        (
            {"run_it": method(takes_path)},
            (
                f"ci/made: run_it.where: the type 'Path' has no schema {SUPPORTED}; "
                "write 'str' and make a Path of it"
            ),
        ),
        (
            {"run_it": method(takes_untyped)},
            "ci/made: run_it.where: the parameter has no type (write 'where: str')",
        ),
        (
            {"run_it": method(takes_any_number)},
            "ci/made: run_it.where: a method takes parameters by name only",
        ),
        (
            {"run_it": method(takes_wrong_default)},
            (
                "ci/made: run_it.depth: the default is wrong: expected a whole number, found the text "
                "'one'"
            ),
        ),
        (
            {"run_it": method(takes_unknown)},
            "the type 'Nowhere' cannot be evaluated: name 'Nowhere' is not defined",
        ),
        (
            {"run_it": method(takes_tree)},
            "ci/made: run_it.tree.children: the dataclass 'Tree' holds its own kind",
        ),
        (
            {"resources": {"a": Resource({"type": "object", "propertys": {}})}},
            (
                "ci/made: resources.a: unknown word of JSON Schema 'propertys' "
                "(did you mean 'properties'?)"
            ),
        ),
        (
            {
                "resources": {
                    "a": Resource(
                        {"type": "object", "properties": {"x": {"type": "text", "minLength": -1}}}
                    )
                }
            },
            (
                "ci/made: resources.a: properties.x.type: expected one of: string, integer, number, "
                "boolean, array, object, null, found the text 'text'; "
                "properties.x.minLength: expected at least 0, found -1"
            ),
        ),
        ({"resources": {"a": "b"}}, "ci/made: resources.a: expected a Resource, found 'b'"),
        ({"resources": {"a/b": Resource()}}, "ci/made: resources: 'a/b' cannot be a name"),
        (
            {"files": {"log": File(content_type="text")}},
            "ci/made: files.log: 'text' is no content type (write 'text/plain')",
        ),
        (
            {"files": {"log": File(garbage_collection=1.5)}},  # type: ignore[arg-type]
            (
                "ci/made: files.log: garbageCollection: expected text or a whole number or nothing, "
                "found the number 1.5"
            ),
        ),
    ],
)
def test_what_has_no_schema_is_refused_with_its_place(
    content: dict[str, object], message: str
) -> None:
    """An author must find the parameter from the message alone."""
    with pytest.raises(DefinitionError) as caught:
        describe(make(**content))
    assert str(caught.value) == message
