"""`swamp-driver doctor`."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import rich_click as click

from swamp_driver.cli._assignments import read_assignments
from swamp_driver.cli._completion import complete_drivers
from swamp_driver.cli._doctor_lines import render_sections, sections_to_json
from swamp_driver.cli._fields import Fields
from swamp_driver.cli._help import TeachingCommand
from swamp_driver.cli._options import json_option
from swamp_driver.cli._print import out_style, print_errors, print_json, print_lines
from swamp_driver.cli._signals import cancel_on_signals
from swamp_driver.cli._style import is_terminal
from swamp_driver.host import HostSettings, discover
from swamp_driver.host.doctor import Section, ask_driver, judge_driver, judge_host, survey_host
from swamp_driver.spec import CancelToken, Json

_AT_ONCE = 4
_INTERRUPTED = 130


@click.command(
    "doctor",
    cls=TeachingCommand,
    examples=(
        ("this host and all drivers", "swamp-driver doctor"),
        (
            "whether steps run in containers of this image",
            "swamp-driver doctor docker-session -c image=node:20",
        ),
        ("for a program", "swamp-driver doctor --json | jq '.sections[].findings[]'"),
    ),
    exit_codes=(
        (0, "runs can work here; there may be warnings"),
        (2, "the options are wrong"),
        (3, "there is a problem"),
        (130, "interrupted"),
    ),
)
@click.argument("drivers", nargs=-1, shell_complete=complete_drivers, metavar="[DRIVER]...")
@click.option(
    "--driver-config",
    "-c",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set an option of the drivers named; `DRIVER:NAME=VALUE` sets it for one of them. With "
    "all that a driver requires, a step is run.",
)
@json_option
def command(drivers: tuple[str, ...], *, driver_config: tuple[str, ...], as_json: bool) -> int:
    """Find out why runs do not work here, and what to do.

    Looks at the directories of runs and records, space, clock and limits; imports each driver in a
    process of its own, with a time limit; asks it whether it can work; and where its options are
    enough, lets it run a step, which proves that its place sees the same files. What that makes is
    removed.
    """
    settings = HostSettings.from_environment()
    names = drivers or _installed()
    configs = _configs(drivers, driver_config)
    cancel = CancelToken()
    with (
        cancel_on_signals(cancel, say=lambda text: print_errors([text])),
        tempfile.TemporaryDirectory(prefix="swamp-doctor-") as place,
    ):
        roots = str(settings.root), os.path.realpath(place)
        sections = [
            judge_host(survey_host(settings, os.environ)),
            *_drivers(names, configs, roots, cancel),
        ]
    if cancel.cancelled:
        return _INTERRUPTED
    if as_json:
        print_json(sections_to_json(sections))
    else:
        width = shutil.get_terminal_size().columns if is_terminal(sys.stdout) else None
        print_lines(
            render_sections(sections, fields=Fields(style=out_style(), width=width, label_width=13))
        )
    return 3 if any(section.has_problem for section in sections) else 0


def _installed() -> tuple[str, ...]:
    """Return all drivers by name, and by distribution where several offer the name."""
    found = discover()
    counts = Counter(one.name for one in found)
    return tuple(one.name if counts[one.name] == 1 else one.selector for one in found)


def _drivers(
    names: Sequence[str],
    configs: Mapping[str, dict[str, Json]],
    roots: tuple[str, str],
    cancel: CancelToken,
) -> list[Section]:
    """Ask all drivers, some at once."""
    here, others = roots[:1], roots[1:]

    def ask(name: str) -> Section:
        config = configs.get(name, {})
        answers = ask_driver(name, config=config, roots=here, shared=others, cancel=cancel)
        return judge_driver(answers)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(ask, names))


def _configs(drivers: Sequence[str], arguments: Sequence[str]) -> dict[str, dict[str, Json]]:
    """Return the options by driver: those for one, and those for all that are named."""
    assigned: dict[str, list[str]] = {name: [] for name in drivers}
    for argument in arguments:
        one = next((name for name in drivers if argument.startswith(f"{name}:")), None)
        if not drivers:
            raise click.UsageError("--driver-config needs the names of drivers before it")
        for name in [one] if one else drivers:
            assigned[name].append(argument.removeprefix(f"{one}:") if one else argument)
    return {
        name: read_assignments(values, option="--driver-config")
        for name, values in assigned.items()
    }
