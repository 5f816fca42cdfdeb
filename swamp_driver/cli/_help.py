"""Commands that teach: options in panels, examples and exit codes below them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich_click import RichCommandPanel

Example = tuple[str, str]
"""What one wants, and the command line for it (several lines where it is long)."""
ExitCode = tuple[int, str]


class Teaching(click.Command):
    """What commands and groups have in common.

    `command_panels`: the commands of a group in each panel of its help, by title.
    """

    def __init__(
        self,
        *args: Any,
        examples: Sequence[Example] = (),
        exit_codes: Sequence[ExitCode] = (),
        command_panels: Mapping[str, Sequence[str]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)
        self.exit_codes = tuple(exit_codes)
        self._command_panels = command_panels or {}

    @property
    def panels(self) -> list[RichCommandPanel]:
        """Return the panels of commands as rich-click takes them from a command."""
        from rich_click import RichCommandPanel  # noqa: PLC0415 - see get_help

        return [
            RichCommandPanel(title, commands=list(names))
            for title, names in self._command_panels.items()
        ]

    def get_help(self, ctx: click.Context) -> str:
        """Return the page of help as it looks on stdout."""
        from swamp_driver.cli._help_page import render_help  # noqa: PLC0415 - rich takes 60 ms

        return render_help(self, ctx)


class TeachingCommand(Teaching):
    """A command with `examples` and `exit_codes`."""


class TeachingGroup(Teaching, click.Group):
    """A group of commands with `examples` and `exit_codes`."""

    command_class = TeachingCommand


class PanelOption(click.Option):
    """An option that help shows in the panel of that title."""

    def __init__(self, *args: Any, panel: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.panel = panel


def prompted(command: str) -> list[str]:
    """Return the lines of an example; each that does not continue one before has a prompt."""
    lines = command.split("\n")
    continues = [False, *(line.endswith("\\") for line in lines)]
    return [f"{'  ' if more else '$ '}{line}" for line, more in zip(lines, continues, strict=False)]
