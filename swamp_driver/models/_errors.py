"""What this package raises.

::

    ModelError
    ├─ DefinitionError   a model class is not as it must be
    ├─ SchemaError       a value is not as its schema says; `.problems` has all of it
    └─ LimitError        a result is larger than what is kept
    Cancelled            (a BaseException) the step was told to stop
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Problem(NamedTuple):
    """What is wrong with a part of a value. `path` is empty for the whole of it."""

    path: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}: {self.what}" if self.path else self.what


class ModelError(Exception):
    """Something about a model is wrong."""


class DefinitionError(ModelError):
    """A model class is not as it must be: types without a schema, names that are none."""


class SchemaError(ModelError):
    """A value is not as its schema says. `problems` has all of it, with paths."""

    def __init__(self, subject: str, problems: Sequence[Problem]) -> None:
        self.subject = subject
        self.problems = tuple(problems)
        super().__init__(f"{subject}: " + "; ".join(str(problem) for problem in problems))


class LimitError(ModelError):
    """A result is larger than what is kept."""


class Cancelled(BaseException):
    """The step was told to stop: its run was cancelled, or its time is up.

    Raised once, in the main thread, wherever the method is; what it has written is kept. Clean up
    with `finally` and let it pass: the process is killed when the time of grace is over. It is no
    `Exception`, so that `except Exception` does not swallow it.
    """
