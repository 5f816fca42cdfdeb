"""Annotations as types, also where they are text and Python is too old for `int | None`."""

from __future__ import annotations

import ast
import dataclasses
import sys
from collections.abc import Mapping
from typing import Any, Union

from swamp_driver.models._errors import DefinitionError


def evaluate(annotation: Any, names: Mapping[str, Any]) -> Any:
    """Return the type that an annotation is; `names` are those that a textual one may use.

    Raises:
        DefinitionError: It uses a name that is not there.
    """
    if not isinstance(annotation, str):
        return annotation
    try:
        tree: ast.Expression = ast.parse(annotation, mode="eval")
        tree = ast.fix_missing_locations(_Unions().visit(tree))
        code = compile(tree, "<annotation>", "eval")
        return eval(code, {**names, "__swamp_Union": Union})  # noqa: S307 - the author's own code
    except Exception as error:
        raise DefinitionError(f"the type {annotation!r} cannot be evaluated: {error}") from error


class _Unions(ast.NodeTransformer):
    """Writes `a | b` as `Union[a, b]`, which every Python knows; leaves `Literal[...]` alone."""

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        if not isinstance(node.op, ast.BitOr):
            return node
        parts: list[Any] = [self.visit(node.left), self.visit(node.right)]
        both = ast.Tuple(elts=parts, ctx=ast.Load())
        union = ast.Name(id="__swamp_Union", ctx=ast.Load())
        return ast.Subscript(value=union, slice=both, ctx=ast.Load())


def fields_of(cls: type[Any], names: Mapping[str, Any]) -> list[tuple[dataclasses.Field[Any], Any]]:
    """Return the fields of a dataclass that its constructor takes, with their types."""
    known: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        module = sys.modules.get(base.__module__)
        known.update(vars(module) if module else {})
    known.update(names)
    return [(field, evaluate(field.type, known)) for field in dataclasses.fields(cls) if field.init]
