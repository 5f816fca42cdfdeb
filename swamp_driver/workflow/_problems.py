"""Problems of one file, gathered while it is read."""

from __future__ import annotations

import re
from collections.abc import Iterable

import attrs

from swamp_driver._value import Value
from swamp_driver.errors import Problem, ProblemKind, WorkflowError

_LINE_BREAK = re.compile(r"\r\n|\n|\r")
_KEPT_LINE = 1000


@attrs.frozen(eq=False, repr=False)
class Place(Value):
    """Where something stands: `line` and `column` count from 1, 0 where it is in no file.

    `file` is set where it is another file than the one that the problems are of.
    """

    path: str = ""
    line: int = 0
    column: int = 0
    file: str = ""


def join_path(path: str, key: str) -> str:
    """Return the dotted path of `key` in `path`; the empty key is `path` itself."""
    return f"{path}.{key}" if path and key else path or key


class Problems:
    """Collects what is wrong with one file, so that all of it is said at once.

    Not thread-safe: it belongs to one call of `parse_workflow`, `plan_workflow` or `bind_step`.
    """

    def __init__(self, *, file: str, text: str = "") -> None:
        self.file = file
        self._lines = _LINE_BREAK.split(text) if text else []
        self._others: dict[str, list[str]] = {}
        self._found: list[Problem] = []

    def __len__(self) -> int:
        return len(self._found)

    def know_file(self, file: str, text: str) -> None:
        """Take the text of another file, so that problems in it can be shown with their lines."""
        self._others[file] = _LINE_BREAK.split(text)

    def add(
        self, what: str, place: Place, *, hint: str | None = None, kind: ProblemKind = "wrong"
    ) -> None:
        """Take note of a problem; one that is known already is not said twice.

        What is `absent` is said once for a file, at the first place that names it.
        """
        problem = Problem(
            what=what,
            path=place.path,
            hint=hint,
            file=place.file or self.file,
            line=place.line,
            column=place.column,
            source_line=self.source_line(place.line, file=place.file),
            kind=kind,
        )
        if problem not in self._found and not (kind == "absent" and self._is_said(problem)):
            self._found.append(problem)

    def _is_said(self, problem: Problem) -> bool:
        return any(
            (one.kind, one.what, one.file) == (problem.kind, problem.what, problem.file)
            for one in self._found
        )

    @property
    def found(self) -> tuple[Problem, ...]:
        """Return what was found, in the order in which it was."""
        return tuple(self._found)

    def take(self, problems: Iterable[Problem]) -> None:
        """Take over what was found elsewhere."""
        self._found.extend(problem for problem in problems if problem not in self._found)

    def source_line(self, line: int, *, file: str = "") -> str | None:
        """Return the text of a line (from 1), or None where there is none or it is very long."""
        lines = self._others.get(file, []) if file else self._lines
        if not 1 <= line <= len(lines):
            return None
        text = lines[line - 1]
        return text if len(text) <= _KEPT_LINE else None

    def has_text_at(self, line: int, column: int, text: str) -> bool:
        """Return whether `text` stands in the file at that line and column."""
        if not 1 <= line <= len(self._lines):
            return False
        return self._lines[line - 1].startswith(text, column - 1)

    def error(self) -> WorkflowError:
        """Return an error with all problems, in the order of the file."""
        return WorkflowError(
            sorted(
                self._found, key=lambda one: (one.file != self.file, one.file, one.line, one.column)
            )
        )

    def raise_any(self) -> None:
        """Raise `WorkflowError` if anything was found."""
        if self._found:
            raise self.error()
