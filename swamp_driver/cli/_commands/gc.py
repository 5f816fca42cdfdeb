"""`swamp-driver gc`."""

from __future__ import annotations

import time

import click

from swamp_driver.cli._columns import Cell
from swamp_driver.cli._durations import format_age, format_bytes
from swamp_driver.cli._help import TeachingCommand
from swamp_driver.cli._options import json_option
from swamp_driver.cli._print import print_columns, print_errors, print_json, print_lines
from swamp_driver.errors import DriverError, TeardownError
from swamp_driver.host import (
    FoundLeftover,
    HostSettings,
    LeftoverReport,
    RegistryCatalog,
    discover,
    find_leftovers,
    open_store,
)
from swamp_driver.host.data import Collected, collect_data_garbage
from swamp_driver.spec import Json


@click.command(
    "gc",
    cls=TeachingCommand,
    examples=(
        ("what dead runs left behind, and what stays", "swamp-driver gc --dry-run"),
        ("remove it", "swamp-driver gc"),
    ),
    exit_codes=(
        (0, "nothing is left of dead runs"),
        (3, "something could not be removed, or a driver could not be asked"),
    ),
)
@click.option("--dry-run", "-n", is_flag=True, help="Only say what would be removed.")
@json_option
@click.pass_context
def command(ctx: click.Context, *, dry_run: bool, as_json: bool) -> None:
    """Remove what runs left behind whose process was killed: directories, containers, volumes.

    So do files that were on their way from step to step. Data that has expired goes too, as with
    `swamp-driver data gc`.

    Safe at any time: what belongs to a live run, to another machine, or was preserved stays; to
    delete a preserved workspace use `swamp-driver workspace remove`.
    """
    settings = HostSettings.from_environment()
    with open_store(settings) as store:
        store.close_interrupted()
        drivers = tuple(dict.fromkeys(one.name for one in discover()))
        report = find_leftovers(settings, store, RegistryCatalog(), drivers)
        data = collect_data_garbage(settings, store, dry_run=dry_run)
    said = [(one, _settle(one, dry_run=dry_run)) for one in report.found]
    if as_json:
        print_json(
            {
                "leftovers": [_to_json(one, what) for one, what in said],
                "unasked": dict(report.unasked),
                "data": {"versions": data.versions, "freedBytes": data.freed_bytes},
            }
        )
    else:
        _print(said)
        _print_data(data, dry_run=dry_run)
    print_errors(f"warning: driver '{name}': {why}" for name, why in report.unasked.items())
    ctx.exit(3 if _is_incomplete(report, [what for _, what in said]) else 0)


_FAILED = "not removed: "


def _settle(found: FoundLeftover, *, dry_run: bool) -> str:
    """Remove one thing where it may go; return what became of it."""
    if found.keep_reason is not None:
        return f"kept: {found.keep_reason}"
    if dry_run:
        return "would be removed"
    try:
        return "removed" if found.remove() else "kept: it changed hands"
    except TeardownError as error:
        return f"{_FAILED}{'; '.join(error.left) or error}"
    except DriverError as error:
        return f"{_FAILED}{error}"


def _print(said: list[tuple[FoundLeftover, str]]) -> None:
    if not said:
        print_lines(["nothing is left of any run"])
        return
    header = ("KIND", "RUN", "AGE", "SIZE", "OWNER", "WHAT BECAME OF IT", "NAME")
    print_columns(header, [_row(one, what) for one, what in said])


def _print_data(data: Collected, *, dry_run: bool) -> None:
    if data.versions or data.freed_bytes:
        verb = "would be removed" if dry_run else "removed"
        freed = f" ({format_bytes(data.freed_bytes)} freed)" if data.freed_bytes else ""
        print_lines([f"data that has expired: {data.versions} {verb}{freed}"])


def _row(found: FoundLeftover, what: str) -> list[Cell]:
    one = found.leftover
    return [
        Cell(one.kind),
        Cell(one.run_id, "strong"),
        Cell("-" if one.created_at is None else format_age(time.time() - one.created_at)),
        Cell("-" if one.size_bytes is None else format_bytes(one.size_bytes)),
        Cell("-" if one.owner is None else f"{one.owner.host}/{one.owner.pid}"),
        Cell(what),
        Cell(one.name),
    ]


def _to_json(found: FoundLeftover, what: str) -> dict[str, Json]:
    one = found.leftover
    return {
        "kind": one.kind,
        "name": one.name,
        "runId": one.run_id,
        "driver": found.driver,
        "createdAt": one.created_at,
        "sizeBytes": one.size_bytes,
        "ownerHost": None if one.owner is None else one.owner.host,
        "ownerPid": None if one.owner is None else one.owner.pid,
        "preserved": one.preserved,
        "result": what,
    }


def _is_incomplete(report: LeftoverReport, results: list[str]) -> bool:
    return bool(report.unasked) or any(what.startswith(_FAILED) for what in results)
