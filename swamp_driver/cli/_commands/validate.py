"""`swamp-driver validate`."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import click

from swamp_driver.cli._completion import complete_workflows
from swamp_driver.cli._help import TeachingCommand
from swamp_driver.cli._options import json_option
from swamp_driver.cli._print import err_style, out_style, print_errors, print_json, print_lines
from swamp_driver.cli._problems import render_problems
from swamp_driver.cli._untrusted import escape_controls
from swamp_driver.errors import Problem, WorkflowError
from swamp_driver.host import plan_file


@click.command(
    "validate",
    cls=TeachingCommand,
    examples=(
        ("check one file", "swamp-driver validate ci.yaml"),
        ("all problems of many files, for a program", "swamp-driver validate .ci/*.yaml --json"),
    ),
    exit_codes=(
        (0, "all files are right"),
        (2, "at least one is not"),
    ),
)
@click.argument(
    "files", nargs=-1, required=True, shell_complete=complete_workflows, metavar="FILE..."
)
@json_option
def command(files: tuple[str, ...], *, as_json: bool) -> int:
    """Check workflow files: all problems at once.

    Nothing is run. Inputs need no values for this; drivers that a file names must be installed.
    """
    found = {file: _problems(file) for file in files}
    if as_json:
        print_json({"files": [_to_json(file, problems) for file, problems in found.items()]})
    else:
        _show(found)
    return 2 if any(found.values()) else 0


def _problems(file: str) -> tuple[Problem, ...]:
    try:
        plan_file(file)
    except WorkflowError as error:
        return tuple(problem for problem in error.problems if not _is_missing_input(problem))
    return ()


def _is_missing_input(problem: Problem) -> bool:
    """Return whether a value is missing: it has no place in the file, as a wrong default has."""
    return problem.path.startswith("inputs.") and not problem.line


def _show(found: dict[str, tuple[Problem, ...]]) -> None:
    for file, problems in found.items():
        if not problems:
            print_lines([f"{out_style().mark('succeeded')} {escape_controls(file)}"])
    wrong = [problem for problems in found.values() for problem in problems]
    if wrong:
        print_errors(render_problems(wrong, style=err_style()))


def _to_json(file: str, problems: Sequence[Problem]) -> dict[str, object]:
    return {
        "file": file,
        "ok": not problems,
        "problems": [attrs.asdict(problem) for problem in problems],
    }
