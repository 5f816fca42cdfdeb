"""Templates -> values: what a text with expressions comes to in a scope."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from swamp_driver.errors import ProblemKind
from swamp_driver.spec import Json
from swamp_driver.workflow._cel import (
    Compiled,
    ExpressionError,
    compile_expression,
    evaluate_expression,
)
from swamp_driver.workflow._commands import ConfigTree
from swamp_driver.workflow._problems import Place, Problems
from swamp_driver.workflow._scan import OPEN, Expression, Literal, ScanError, scan, whole_expression
from swamp_driver.workflow._syntax_tree import Reference
from swamp_driver.workflow._template import Template


class Scope(Protocol):
    """What expressions know at some time."""

    def variables(self, references: tuple[Reference, ...]) -> Mapping[str, Json]:
        """Return the values of the names referred to, those that there are."""
        ...

    def explain(self, references: tuple[Reference, ...], missing: str) -> ExpressionError | None:
        """Return a better error where evaluation failed for want of the key or name `missing`."""
        ...

    def call(self, function: str, arguments: tuple[Json, ...]) -> Json:
        """Return what a function gives that asks the run; raise `ExpressionError`."""
        ...


class TemplateError(Exception):
    """A template has no value; `start` is where the expression begins in it, `offset` the place."""

    parts: Sequence[Literal | Expression] = ()
    """Where an expression does not end, the parts before it."""
    kind: ProblemKind = "wrong"

    def __init__(
        self, message: str, template: Template, *, start: int, offset: int, hint: str | None
    ) -> None:
        super().__init__(message)
        self.template = template
        self.start = start
        self.offset = offset
        self.hint = hint


@functools.lru_cache(maxsize=4096)
def _parts(text: str) -> list[Literal | Expression]:
    return scan(text)


def template_parts(template: Template) -> list[Literal | Expression]:
    """Return the parts of a template; raise `TemplateError` where an expression does not end."""
    if OPEN not in template.text:
        return [Literal(template.text, 0)] if template.text else []
    try:
        return _parts(template.text)
    except ScanError as error:
        wrong = TemplateError(
            str(error), template, start=error.offset, offset=error.offset, hint=error.hint
        )
        wrong.parts = error.parts
        raise wrong from error


def compiled(template: Template, part: Expression) -> Compiled:
    """Return an expression of a template ready to be evaluated; raise `TemplateError`."""
    try:
        return compile_expression(part.text)
    except ExpressionError as error:
        raise template_error(template, part, error) from error


def evaluate_part(template: Template, part: Expression, scope: Scope) -> Json:
    """Return the value of one expression of a template; raise `TemplateError` if it has none."""
    program = compiled(template, part)
    try:
        return evaluate_expression(program, scope.variables(program.references), scope.call)
    except ExpressionError as error:
        better = error.missing and scope.explain(program.references, error.missing)
        raise template_error(template, part, better or error) from error


def template_error(template: Template, part: Expression, error: ExpressionError) -> TemplateError:
    """Return what is wrong with an expression as an error of its template."""
    found = TemplateError(
        str(error),
        template,
        start=part.start,
        offset=part.inner + error.offset,
        hint=error.hint,
    )
    found.kind = error.kind
    return found


def evaluate(template: Template, scope: Scope) -> Json:
    """Return the value of a template: of any type where it is one whole expression, else text."""
    parts = template_parts(template)
    if (whole := whole_expression(parts)) is not None:
        return evaluate_part(template, whole, scope)
    return "".join(
        part.text if isinstance(part, Literal) else to_text(evaluate_part(template, part, scope))
        for part in parts
    )


def evaluate_text(template: Template, scope: Scope) -> str:
    """Return the value of a template as text."""
    return to_text(evaluate(template, scope))


def evaluate_tree(tree: ConfigTree, scope: Scope) -> Json:
    """Return the value of a tree with all its templates evaluated."""
    match tree:
        case Template():
            return evaluate(tree, scope)
        case list():
            return [evaluate_tree(item, scope) for item in tree]
        case dict():
            return {key: evaluate_tree(item, scope) for key, item in tree.items()}
        case _:
            return tree


def to_text(value: Json) -> str:
    """Return a value as it stands in a text: null is empty, lists and maps are JSON."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004 - exact below
            return str(int(value))
        case int() | float():
            return str(value)
        case _:
            return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def tree_references(tree: ConfigTree) -> Iterator[Reference]:
    """Yield the names in all templates of a tree; raise `TemplateError` where one is not valid."""
    match tree:
        case Template():
            for part in template_parts(tree):
                if isinstance(part, Expression):
                    yield from compiled(tree, part).references
        case list():
            for item in tree:
                yield from tree_references(item)
        case dict():
            for item in tree.values():
                yield from tree_references(item)


def tree_roots(tree: ConfigTree) -> frozenset[str]:
    """Return the first parts of the names in all templates of a tree."""
    return frozenset(reference.root for reference in tree_references(tree))


def note_error(error: TemplateError, path: str, problems: Problems) -> None:
    """Note what is wrong with a template, at the expression where its place can be known."""
    place = error_place(error, path, problems)
    problems.add(str(error), place, hint=error.hint, kind=error.kind)


def error_place(error: TemplateError, path: str, problems: Problems | None = None) -> Place:
    """Return the place of an error.

    In a folded or escaped text the places of a file cannot be counted from the text: where the
    file is at hand and has no `${{` at the place counted, it is the beginning of the scalar.
    """
    template = error.template
    line, column = _position(template, error.start)
    if problems is not None and not problems.has_text_at(line, column, OPEN):
        return Place(path, template.line, template.column)
    return Place(path, *_position(template, error.offset))


def _position(template: Template, offset: int) -> tuple[int, int]:
    before = template.text[:offset]
    breaks = before.count("\n")
    if not template.line:
        return 0, 0
    return template.line + breaks, template.column + offset - (before.rfind("\n") + 1)
