"""`swamp-driver drivers`."""

from __future__ import annotations

import attrs
import click

from swamp_driver.cli._columns import Cell
from swamp_driver.cli._completion import complete_drivers
from swamp_driver.cli._help import TeachingGroup
from swamp_driver.cli._options import json_option
from swamp_driver.cli._print import out_style, print_columns, print_json, print_lines
from swamp_driver.cli._untrusted import escape_controls
from swamp_driver.host import DriverListing, LoadedDriver, list_drivers, load_driver
from swamp_driver.spec import OptionInfo, config_options


@click.group(
    "drivers",
    invoke_without_command=True,
    cls=TeachingGroup,
    examples=(
        ("what is installed, and what is broken", "swamp-driver drivers"),
        ("what a driver can do, and its options", "swamp-driver drivers show docker"),
    ),
)
@json_option
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """List the installed drivers, broken ones too."""
    if ctx.invoked_subcommand is not None:
        return
    listings = list_drivers()
    if as_json:
        print_json([_listing_to_json(listing) for listing in listings])
        return
    print_columns(("DRIVER", "PACKAGE", "WHERE STEPS RUN"), [_row(one) for one in listings])


@command.command("show")
@click.argument("name", shell_complete=complete_drivers)
@json_option
def show(name: str, *, as_json: bool) -> None:
    """Show what a driver can do, and a table of its options."""
    loaded = load_driver(name)
    options = config_options(loaded.info.config)
    if as_json:
        print_json(_driver_to_json(loaded, options))
        return
    style = out_style()
    facts = {
        "package": _package(loaded.installed.distribution, loaded.installed.version),
        "class": loaded.installed.entry_point,
        "contract": str(loaded.info.api),
        "can": ", ".join(sorted(loaded.info.capabilities)) or "nothing beyond the core",
    }
    name = style.paint(escape_controls(loaded.name), "strong")
    print_lines([f"{name}: {escape_controls(loaded.info.summary)}"])
    print_lines(f"  {key:<10}{escape_controls(text)}" for key, text in facts.items())
    print_lines([""])
    header = ("OPTION", "TYPE", "DEFAULT", "WHAT IT DOES")
    print_columns(header, [_option_row(option) for option in options], last="wrapped")


def _row(listing: DriverListing) -> list[Cell]:
    installed = listing.installed
    package = Cell(_package(installed.distribution, installed.version))
    if listing.info is None:
        return [Cell(installed.name, "bad"), package, Cell(f"broken: {listing.error}", "bad")]
    return [Cell(installed.name, "strong"), package, Cell(listing.info.summary)]


def _option_row(option: OptionInfo) -> list[Cell]:
    default = "required" if option.required else option.default_text
    cells = [Cell(option.type_text), Cell(default), Cell(option.help)]
    return [Cell(option.key, "strong"), *cells]


def _package(distribution: str | None, version: str | None) -> str:
    return " ".join(part for part in (distribution, version) if part) or "(none)"


def _listing_to_json(listing: DriverListing) -> dict[str, object]:
    info = listing.info
    return {
        **attrs.asdict(listing.installed),
        "usable": info is not None,
        "summary": None if info is None else info.summary,
        "api": None if info is None else str(info.api),
        "capabilities": [] if info is None else sorted(info.capabilities),
        "error": None if listing.error is None else str(listing.error),
    }


def _driver_to_json(loaded: LoadedDriver, options: tuple[OptionInfo, ...]) -> dict[str, object]:
    return {
        **_listing_to_json(DriverListing(installed=loaded.installed, info=loaded.info, error=None)),
        "options": [attrs.asdict(option) for option in options],
    }
