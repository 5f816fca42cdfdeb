"""A problem in a file, with the line it is about and a caret under the place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from swamp_driver.cli._style import Style
from swamp_driver.cli._untrusted import cell_width, escape_controls, escape_lines
from swamp_driver.cli._words import plural
from swamp_driver.errors import Problem

_SHOWN_BEFORE = 40
_SHOWN = 100


def render_problem(problem: Problem, *, style: Style) -> Iterator[str]:
    """Yield `file:line:column: path: what`, the source line, a caret, and the hint."""
    where = ":".join(str(part) for part in (problem.file, problem.line, problem.column) if part)
    head = [style.paint(escape_controls(where), "strong")] if where else []
    head += [escape_controls(problem.path)] if problem.path else []
    what, *more = escape_lines(problem.what).split("\n")
    yield ": ".join([*head, style.paint(what, "bad")])
    yield from (f"    {line}" for line in more)
    if problem.source_line is not None:
        yield from _source(problem.source_line, problem.line, problem.column, style)
    if problem.hint:
        first, *rest = escape_lines(problem.hint).split("\n")
        yield f"    {style.paint('hint:', 'active')} {first}"
        yield from (f"          {line}" for line in rest)


def _source(text: str, line: int, column: int, style: Style) -> Iterator[str]:
    start = max(column - 1 - _SHOWN_BEFORE, 0) if len(text) > _SHOWN else 0
    shown = text.rstrip("\r\n").replace("\t", " ")[start : start + _SHOWN]
    before = escape_controls(shown[: max(column - 1 - start, 0)])
    gutter = f"{line or '':>5} "
    yield f"{style.paint(gutter + '|', 'quiet')} {escape_controls(shown)}"
    if column:
        caret = style.paint("^", "bad")
        yield f"{style.paint(' ' * len(gutter) + '|', 'quiet')} {' ' * cell_width(before)}{caret}"


def render_problems(problems: Sequence[Problem], *, style: Style) -> Iterator[str]:
    """Yield all problems, and a last line that counts them."""
    for problem in problems:
        yield from render_problem(problem, style=style)
    files = sorted({problem.file for problem in problems if problem.file})
    where = f" in {escape_controls(', '.join(files))}" if files else ""
    yield f"{style.paint('error:', 'bad')} {plural(len(problems), 'problem')}{where}"
