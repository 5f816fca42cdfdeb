"""Reading many parts and reporting everything that is wrong with any of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from swamp_driver.errors import Problem
from swamp_driver.spec._config import OptionField, error_text
from swamp_driver.spec._option_types import type_text

if TYPE_CHECKING:
    import cattrs

T = TypeVar("T")


class Refused(Exception):  # noqa: N818 - never leaves this package
    """A value does not fit; the problems have paths relative to the value."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        super().__init__()
        self.problems = tuple(problems)


class Gather:
    """The problems of the parts of one value."""

    def __init__(self, converter: cattrs.BaseConverter) -> None:
        self.problems: list[Problem] = []
        self._converter = converter

    def part(self, path: str, value: object, wanted: Any) -> Any:
        """Return the part as `wanted`; where it does not fit, note why and return None."""
        try:
            return self._converter.structure(value, wanted)
        except Refused as refused:
            self.problems.extend(_below(path, problem) for problem in refused.problems)
        return None

    def option(
        self, field: OptionField, value: object, values: MutableMapping[str, object]
    ) -> None:
        """Put an option that fits into `values`, under the name of its field."""
        before = len(self.problems)
        structured = self.part(field.key, value, field.type)
        if len(self.problems) == before:
            values[field.attribute.name] = structured
        elif field.spec.secret:
            self.problems[before:] = [_secret(field)]

    def done(self, result: T) -> T:
        """Return `result` if all parts did fit; raise `Refused` with everything otherwise."""
        if self.problems:
            raise Refused(self.problems)
        return result


def _below(path: str, problem: Problem) -> Problem:
    separator = "" if not problem.path or problem.path.startswith("[") else "."
    return attrs.evolve(problem, path=f"{path}{separator}{problem.path}")


def _secret(field: OptionField) -> Problem:
    what = f"expected {type_text(field.type)}, found something else"
    return Problem(path=field.key, what=what, hint="the value is secret and not shown")


def validate(
    cls: type, fields: Iterable[OptionField], values: Mapping[str, object]
) -> Iterator[Problem]:
    """Yield what the validators of the class refuse in the options that could be read.

    On an instance that lacks the others: attrs itself stops at the first validator that refuses,
    and would run none while any option is wrong.
    """
    partial: object = object.__new__(cls)
    for name, value in values.items():
        object.__setattr__(partial, name, value)
    for field in fields:
        name, validator = field.attribute.name, field.attribute.validator
        if name not in values or validator is None:
            continue
        try:
            validator(partial, field.attribute, values[name])
        except AttributeError:
            continue  # it looked at an option that is wrong itself
        except (ValueError, TypeError) as error:
            yield _refused_option(field, error)


def _refused_option(field: OptionField, error: Exception) -> Problem:
    if field.spec.secret:
        return Problem(path=field.key, what="not allowed", hint="the value is secret and not shown")
    text = error_text(error).replace(f"'{field.attribute.name}'", f"'{field.key}'")
    return Problem(path=field.key, what=text)
