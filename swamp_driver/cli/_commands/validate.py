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
        ("files of others, without the models they use", "swamp-driver validate --shape *.yaml"),
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
@click.option(
    "--shape",
    is_flag=True,
    help="Judge the files alone: what they name may be absent here.",
)
@json_option
def command(files: tuple[str, ...], *, shape: bool, as_json: bool) -> int:
    """Check workflow files: all problems at once.

    Nothing is run. Inputs need no values for this; what a file names must be here: models,
    workflows, reports, vaults, drivers. With `--shape`, what is not here is told and no problem.
    """
    found = [_checked(file, shape=shape) for file in files]
    if as_json:
        print_json({"files": [one.to_json() for one in found]})
    else:
        _show(found)
    return 2 if any(one.problems for one in found) else 0


@attrs.frozen
class _Checked:
    """A file, what is wrong with it, and what it names that is not here and need not be."""

    file: str
    problems: Sequence[Problem] = ()
    absent: Sequence[Problem] = ()

    def to_json(self) -> dict[str, object]:
        return {
            "file": self.file,
            "ok": not self.problems,
            "problems": [attrs.asdict(problem) for problem in self.problems],
            "absent": [attrs.asdict(problem) for problem in self.absent],
        }


def _checked(file: str, *, shape: bool) -> _Checked:
    try:
        plan_file(file)
    except WorkflowError as error:
        found = [problem for problem in error.problems if problem.kind != "input"]
        absent = [problem for problem in found if shape and problem.kind == "absent"]
        return _Checked(file, [problem for problem in found if problem not in absent], absent)
    return _Checked(file)


def _show(found: Sequence[_Checked]) -> None:
    for one in found:
        if not one.problems:
            print_lines([f"{out_style().mark('succeeded')} {escape_controls(one.file)}"])
            print_lines(
                [
                    f"    {out_style().paint(escape_controls(problem.what), 'quiet')}"
                    for problem in one.absent
                ]
            )
    wrong = [problem for one in found for problem in one.problems]
    if wrong:
        print_errors(render_problems(wrong, style=err_style()))
