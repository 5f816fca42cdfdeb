"""`swamp-driver conformance`: does a driver keep the contract?"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from swamp_driver.cli._columns import Cell
from swamp_driver.cli._completion import complete_drivers
from swamp_driver.cli._help import TeachingGroup
from swamp_driver.cli._options import json_option
from swamp_driver.cli._print import print_columns, print_json, print_lines
from swamp_driver.errors import NotFoundError, UnavailableError

if TYPE_CHECKING:
    from swamp_driver_conformance.clauses import Clause
    from swamp_driver_conformance.selftest import Outcome

_PATH = click.Path(path_type=Path)
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group(
    "conformance",
    cls=TeachingGroup,
    examples=(
        ("judge an installed driver", "swamp-driver conformance run raw"),
        (
            "with options of it, and reports to publish",
            "swamp-driver conformance run docker --config docker.yaml --report reports/docker",
        ),
        ("one clause: what, why, how it is tested", "swamp-driver conformance explain SWD-TD-003"),
    ),
    exit_codes=(
        (0, "conformant (of `run`), or nothing to complain about"),
        (1, "not conformant, or the reports differ"),
        (3, "incomplete: not everything could be run here; the output says what"),
    ),
)
def command() -> None:
    """Find out whether a driver keeps the contract, clause by clause.

    Needs the extra: `pip install 'swamp-drivers[conformance]'`.
    """


@command.command("run")
@click.argument("name", required=False, shell_complete=complete_drivers)
@click.option("--object", "object_path", metavar="MODULE:CLASS", help="Judge this class instead.")
@click.option("--config", type=_FILE, help="Options of the driver (.json, .toml, .yaml).")
@click.option(
    "--sample",
    "samples",
    multiple=True,
    metavar="CAPABILITY=FILE",
    help="Options for `user` or `memory-limit`, where the driver has no sample of that title.",
)
@click.option("--profile", default="core", show_default=True, help="The kind of driver it is.")
@click.option("--report", type=_PATH, help="Write JSON, Markdown, JUnit and a badge there.")
@click.option("--require-env", multiple=True, metavar="WORD", help="Fail where this is missing.")
@click.option("--known-failures", type=_FILE, help="What is excused, with reasons and dates.")
@click.option("--clause", "clauses", multiple=True, metavar="ID", help="Only this clause.")
@click.option("--quick", is_flag=True, help="Small sizes, for a first look.")
@click.option("--jobs", "-j", default=1, help="Processes that run tests; needs pytest-xdist.")
@click.option("--root", type=_PATH, help="Where runs are made; a temporary directory otherwise.")
def run(*, name: str | None, object_path: str | None, **options: Any) -> int:
    """Judge a driver and print the verdict."""
    if (name is None) == (object_path is None):
        raise click.UsageError("name a driver, or give --object")
    with _suite():
        from swamp_driver_conformance.judge import JudgeOptions, judge  # noqa: PLC0415 - an extra

    _check_clauses(options["clauses"])
    judgement = judge(JudgeOptions(name=name or "", object_path=object_path or "", **options))
    if options["clauses"] and judgement.tests_passed:
        return 0
    return judgement.exit_code


@command.command("list")
@click.option("--area", help="Only clauses of this area (WS, EXEC, ...).")
@json_option
def list_(*, area: str | None, as_json: bool) -> None:
    """List the clauses."""
    with _suite():
        from swamp_driver_conformance.clauses import CLAUSES  # noqa: PLC0415 - an extra

    chosen = [one for one in CLAUSES if area is None or one.area == area.upper()]
    if as_json:
        print_json([attrs.asdict(one) for one in chosen])
    else:
        print_columns(("CLAUSE", "LEVEL", "FOR", "TEXT"), [_row(one) for one in chosen])


def _row(clause: Clause) -> list[Cell]:
    text = " ".join(clause.text.split())
    return [Cell(clause.id, "strong"), Cell(clause.level), Cell(clause.profile), Cell(text)]


@command.command("explain")
@click.argument("clause_id", metavar="ID")
def explain_(clause_id: str) -> None:
    """Show one clause, why it is there, its tests, and which broken drivers prove them."""
    with _suite():
        from swamp_driver_conformance.clauses import clause_by_id  # noqa: PLC0415 - an extra
        from swamp_driver_conformance.explain import explain  # noqa: PLC0415 - an extra

    _check_clauses((clause_id,))
    print_lines(explain(clause_by_id(clause_id)))


@command.command("selftest")
@click.option(
    "--quick",
    is_flag=True,
    help="Over broken drivers only the tests of what they break, and few correct drivers.",
)
@click.option("--shard", default="1/1", show_default=True, metavar="K/N", help="Part K of N.")
@click.option("--jobs", "-j", type=int, help="Drivers at once; by default what fits this machine.")
@click.option("--json", "file", type=_PATH, help="Write what was found into this file.")
def selftest(*, quick: bool, shard: str, jobs: int | None, file: Path | None) -> int:
    """Prove the suite: broken drivers have to be found, correct ones that differ have to pass."""
    with _suite():
        from swamp_driver_conformance import selftest as work  # noqa: PLC0415 - an extra

    subjects = work.choose(quick=quick, shard=_parse_shard(shard))
    outcomes = work.run_selftest(
        subjects,
        jobs=jobs or work.default_jobs(),
        focused=quick,
        tell=lambda outcome: print_lines(_outcome_lines(outcome)),
    )
    unproven = work.unproven()
    wrong = [outcome for outcome in outcomes if outcome.problems]
    left_out = [outcome.name for outcome in outcomes if outcome.not_run]
    print_lines([f"not run: {', '.join(left_out)}"] if left_out else [])
    print_lines(f"{clause_id} has no broken driver and no reason" for clause_id in unproven)
    print_lines([f"{len(outcomes)} drivers, {len(wrong)} not as they have to be"])
    if file is not None:
        text = json.dumps([attrs.asdict(outcome) for outcome in outcomes], indent=2)
        file.write_text(f"{text}\n", encoding="utf-8")
    return 1 if wrong or unproven else 0


def _parse_shard(text: str) -> tuple[int, int]:
    try:
        number, count = (int(part) for part in text.split("/"))
    except ValueError:
        number, count = 0, 0
    if not 1 <= number <= count:
        raise click.UsageError(f"a shard is K/N with K from 1 to N, not '{text}'")
    return number, count


def _outcome_lines(outcome: Outcome) -> Iterator[str]:
    if outcome.not_run:
        yield f"not run  {outcome.name}: {outcome.not_run}"
        return
    sign = "WRONG" if outcome.problems else "ok   "
    found = ", ".join(outcome.red) if outcome.red else "conformant"
    more = " (the second time)" if outcome.repeated else ""
    yield f"{sign}    {outcome.name} ({outcome.story}): {found}{more}"
    yield from (f"             {problem}" for problem in outcome.problems)


@command.command("diff")
@click.argument("before", type=_FILE)
@click.argument("after", type=_FILE)
def diff(before: Path, after: Path) -> int:
    """Show what changed between two reports (report.json); the exit code is 1 where they differ."""
    with _suite():
        from swamp_driver_conformance.judge import read_report  # noqa: PLC0415 - an extra
        from swamp_driver_conformance.reporting import diff_reports  # noqa: PLC0415 - an extra

    lines = diff_reports(read_report(before), read_report(after))
    print_lines(lines or ["no difference"])
    return 1 if lines else 0


def _check_clauses(ids: tuple[str, ...]) -> None:
    from swamp_driver_conformance.clauses import CLAUSES  # noqa: PLC0415 - an extra

    known = {clause.id for clause in CLAUSES}
    for clause_id in ids:
        if clause_id not in known:
            raise NotFoundError(
                f"there is no clause '{clause_id}' ('swamp-driver conformance list' shows all)"
            )


@contextlib.contextmanager
def _suite() -> Iterator[None]:
    """Say how to install the suite where it cannot be imported."""
    try:
        yield
    except ImportError as error:
        raise UnavailableError(
            f"the conformance suite cannot be imported: {error}",
            fix="pip install 'swamp-drivers[conformance]'",
        ) from error
