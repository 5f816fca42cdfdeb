"""Values that must be known before the run: evaluated from the inputs alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from swamp_driver.spec import Json
from swamp_driver.spec._suggest import quoted
from swamp_driver.workflow._commands import ConfigTree
from swamp_driver.workflow._duration import parse_duration
from swamp_driver.workflow._evaluate import (
    TemplateError,
    compiled,
    evaluate,
    evaluate_part,
    note_error,
    template_error,
    template_parts,
    to_text,
    tree_references,
    tree_roots,
)
from swamp_driver.workflow._problems import Place, Problems
from swamp_driver.workflow._scan import Expression, has_expression
from swamp_driver.workflow._scope import InputsScope
from swamp_driver.workflow._template import Template
from swamp_driver.workflow._templates import templates_of

KNOWN_BEFORE = frozenset({"inputs"})
DURATION_HINT = "give milliseconds, or a text such as '90s' or '5m'"


def is_static(tree: ConfigTree) -> bool:
    """Return whether a template, or all in a tree, can be evaluated before the run.

    False also where an expression is not valid, which is noted when the file is read.
    """
    try:
        return tree_roots(tree) <= KNOWN_BEFORE
    except TemplateError:
        return False


class Static:
    """Evaluates what is known before the run, and notes what has no value."""

    def __init__(self, scope: InputsScope, problems: Problems) -> None:
        self.scope = scope
        self._problems = problems

    def knows(self, tree: ConfigTree) -> bool:
        """Return whether a template, or all in a tree, can be evaluated now."""
        return is_static(tree) and not self.scope.is_later(tree_references(tree))

    def check(self, record: Any) -> None:
        """Evaluate every expression of a record that uses nothing but inputs."""
        for spot in templates_of(record):
            if spot.when == "never":
                continue
            for error in self._errors(spot.template, before_run=spot.when == "plan"):
                note_error(error, spot.path, self._problems)

    def _errors(self, template: Template, *, before_run: bool) -> Iterator[TemplateError]:
        try:
            for part in template_parts(template):
                if isinstance(part, Expression):
                    yield from self._part_errors(template, part, before_run=before_run)
        except TemplateError as error:
            yield error

    def _part_errors(
        self, template: Template, part: Expression, *, before_run: bool
    ) -> Iterator[TemplateError]:
        program = compiled(template, part)
        if before_run and (late := self.scope.late_one(program.references)):
            yield template_error(template, part, late)
        if not program.roots <= KNOWN_BEFORE or self.scope.is_later(program.references):
            return
        try:
            evaluate_part(template, part, self.scope)
        except TemplateError as error:
            yield error

    def value(self, template: Template) -> Json:
        """Return the value of a template; null where it has none, which `check` has noted."""
        try:
            return evaluate(template, self.scope)
        except TemplateError:
            return None

    def text(self, template: Template) -> str:
        """Return a template as text."""
        return to_text(self.value(template)) if has_expression(template.text) else template.text

    def text_or_written(self, template: Template | None) -> str:
        """Return a text for people: as it is written where it must wait for the run."""
        if template is None:
            return ""
        return self.text(template) if self.knows(template) else template.text

    def flag(self, value: bool | Template, place: Place) -> bool:  # noqa: FBT001 - as written
        """Return true or false; note a value that is neither."""
        if isinstance(value, Template):
            found = self.value(value)
            if not isinstance(found, bool):
                self._wrong(found, "true or false", place)
            return found is True
        return value

    def whole(self, value: int | Template, place: Place, *, minimum: int = 0) -> int:
        """Return a whole number from `minimum` up; note a value that is none."""
        if isinstance(value, Template):
            found = self.value(value)
            if type(found) is not int or found < minimum:
                words = "a whole number" + (f" from {minimum} up" if minimum >= 0 else "")
                self._wrong(found, words, place)
                return minimum
            return found
        return value

    def timeout(self, value: int | Template | None, place: Place) -> int | Template | None:
        """Return a time-out in milliseconds, or as written where it must wait for the run."""
        if not isinstance(value, Template) or not self.knows(value):
            return value
        found = self.value(value)
        milliseconds = to_milliseconds(found)
        if milliseconds is None:
            self._wrong(found, "a duration", place, hint=DURATION_HINT)
        return milliseconds

    def _wrong(self, found: Json, words: str, place: Place, hint: str | None = None) -> None:
        if found is not None:
            what = f"expected {words}, and the expression gives {quoted(to_text(found))}"
            self._problems.add(what, place, hint=hint)


def to_milliseconds(value: Json) -> int | None:
    """Return a time-out as given by an expression in milliseconds, or None where it is none."""
    if isinstance(value, str):
        return parse_duration(value)
    if type(value) in {int, float} and value >= 1:  # type: ignore[operator]
        return round(value)  # type: ignore[arg-type]
    return None
