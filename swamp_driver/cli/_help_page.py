"""The page that `--help` prints, laid out by rich.

The parts of rich-click that lay out help take the commands of click as they are. Its own commands
would make every start of the command line load them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from rich_click import RichHelpConfiguration, RichHelpFormatter
from rich_click.rich_help_rendering import get_rich_help_text
from rich_click.rich_panel import construct_panels

from swamp_driver.cli._help import prompted

if TYPE_CHECKING:
    from rich.panel import Panel

    from swamp_driver.cli._help import Teaching


def render_help(command: Teaching, ctx: click.Context) -> str:
    """Return usage, text, options, commands, examples and exit codes of a command.

    For stdout as it is: with colours on a terminal, and as wide as that, up to 100 columns.
    """
    look = RichHelpConfiguration.load_from_globals(
        text_markup="rich",
        style_options_panel_box="SIMPLE",
        style_commands_panel_box="SIMPLE",
        max_width=100,
        style_helptext="",
    )
    formatter = RichHelpFormatter(config=look)
    command.format_usage(ctx, formatter)
    get_rich_help_text(command, ctx, formatter)  # type: ignore[arg-type]  # see the module
    for panel in _panels(command, ctx, formatter):
        formatter.write(panel)
    for lesson in _lessons(command):
        formatter.write(Padding(lesson, (0, 1, 1, 1)))
    return formatter.getvalue().rstrip("\n")


def _panels(command: Teaching, ctx: click.Context, formatter: RichHelpFormatter) -> Iterator[Panel]:
    """Yield the panels of options and commands that have something in them."""
    for panel in construct_panels(command, ctx, formatter):  # type: ignore[arg-type]  # see there
        shown = panel.render(command, ctx, formatter)  # type: ignore[arg-type]  # see there
        if not isinstance(shown.renderable, Table) or shown.renderable.rows:
            yield shown


def _lessons(command: Teaching) -> Iterator[Text]:
    if command.examples:
        lines = [Text("Examples", "bold")]
        for wanted, example in command.examples:
            lines.append(Text(f"  # {wanted}", "dim"))
            lines += [Text(f"  {line}", "cyan") for line in prompted(example)]
        yield Text("\n").join(lines)
    if command.exit_codes:
        codes = [
            Text.assemble((f"{code:>5}", "bold"), f"  {what}") for code, what in command.exit_codes
        ]
        yield Text("\n").join([Text("Exit codes", "bold"), *codes])
