"""Problems point at the place, and their text cannot harm the terminal."""

from __future__ import annotations

from typing import Any

from swamp_driver.cli._problems import render_problem, render_problems
from swamp_driver.cli._style import Style
from swamp_driver.errors import Problem

STYLE = Style(colour=False)


def problem(**fields: Any) -> Problem:
    """Return a problem in line 14 of `ci.yaml`."""
    place = {"file": "ci.yaml", "line": 14, "column": 13, "path": "jobs[0].driver"}
    return Problem(**{"what": "unknown driver 'dokcer'", **place, **fields})


def lines(one: Problem) -> list[str]:
    """Return a problem as it is printed without colour."""
    return list(render_problem(one, style=STYLE))


def test_a_problem_has_place_line_caret_and_hint() -> None:
    """Where, what, and what instead: enough to repair it without looking anything up."""
    one = problem(source_line="    driver: dokcer", hint="did you mean 'docker'?")
    assert lines(one) == [
        "ci.yaml:14:13: jobs[0].driver: unknown driver 'dokcer'",
        "   14 |     driver: dokcer",
        "      |             ^",
        "    hint: did you mean 'docker'?",
    ]


def test_a_problem_without_a_place_is_one_line() -> None:
    """An option on the command line has no line."""
    one = Problem(what="input 'repo' is missing", path="inputs.repo")
    assert lines(one) == ["inputs.repo: input 'repo' is missing"]


def test_the_caret_stands_under_wide_characters_and_tabs() -> None:
    """The column counts characters; the terminal counts columns."""
    one = problem(source_line="\t日本: x", column=6)
    assert lines(one)[1:] == ["   14 |  日本: x", "      |        ^"]


def test_only_the_part_around_the_place_of_a_long_line_is_shown() -> None:
    """A line of 4 MiB must not scroll everything else away."""
    one = problem(source_line="a" * 500 + "HERE" + "b" * 500, column=501)
    source, caret = lines(one)[1:]
    assert source[caret.index("^") :].startswith("HERE")
    assert len(source) < 120


def test_controls_in_a_file_are_made_visible() -> None:
    """A workflow file may come from a stranger."""
    one = problem(source_line="x: \x1b[2J", what="a\x1b[31m", hint="b\x07", column=4)
    assert lines(one) == [
        "ci.yaml:14:4: jobs[0].driver: a^[[31m",
        "   14 | x: ^[[2J",
        "      |    ^",
        "    hint: b^G",
    ]


def test_a_hint_of_several_lines_is_kept_together() -> None:
    """Hints may show an example."""
    assert lines(problem(hint="write:\nrun: x"))[1:] == ["    hint: write:", "          run: x"]


def test_the_last_line_counts() -> None:
    """After a screen of problems a person wants to know how many, and of which files."""
    both = [problem(), problem(file="other.yaml")]
    assert list(render_problems(both, style=STYLE))[-1] == (
        "error: 2 problems in ci.yaml, other.yaml"
    )
