"""`swamp-driver --version`: what is installed, and what it found here."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from swamp_driver import __version__

if TYPE_CHECKING:
    from swamp_driver.host import InstalledDriver

_LOAD_LIMIT_S = 4.0
_PROBE_LIMIT_S = 5.0
_MOST_AT_ONCE = 8


def print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's call
    """Print the version, and for each driver its package and what it says of its engine; exit.

    Drivers are asked side by side, each in a process of its own and for a few seconds at most.
    """
    if not wanted or ctx.resilient_parsing:
        return
    from swamp_driver.cli._print import print_lines  # noqa: PLC0415 - only for this option

    print_lines(_head())
    print_lines(_drivers())
    ctx.exit()


def _head() -> Iterator[str]:
    system = f"{platform.system()} {platform.machine()}"
    yield f"swamp-driver {__version__} (Python {platform.python_version()}, {system})"


def _drivers() -> Iterator[str]:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - only for this option

    from swamp_driver.cli._untrusted import escape_controls  # noqa: PLC0415
    from swamp_driver.host import discover  # noqa: PLC0415

    found = sorted(discover(), key=lambda driver: driver.name)
    width = max((len(driver.name) for driver in found), default=0)
    with ThreadPoolExecutor(_MOST_AT_ONCE) as threads:
        for driver, words in zip(found, threads.map(_words, found), strict=True):
            package = f"{driver.distribution} {driver.version}" if driver.distribution else ""
            yield escape_controls(f"  {driver.name:<{width}}  {package}: {words}")


def _words(driver: InstalledDriver) -> str:
    from swamp_driver.host.doctor import Limits, ask_driver  # noqa: PLC0415 - only for this option

    limits = Limits(load=_LOAD_LIMIT_S, probe=_PROBE_LIMIT_S)
    answers = ask_driver(driver.name, config={}, roots=(), limits=limits)
    if answers.probed is not None:
        words = " ".join(str(answers.probed.get("detail", "")).split())
        return words if answers.probed.get("available") else f"cannot work here: {words}"
    if answers.was_probed:
        return "ready"
    return " ".join((answers.error or "no answer").split())
