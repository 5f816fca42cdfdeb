"""Options that several commands have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import rich_click as click

F = TypeVar("F", bound=Callable[..., Any])

json_option: Callable[[F], F] = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON for programs."
)


def examples(*lines: tuple[str, str]) -> str:
    """Return help text with one example a line: the command, and what it does."""
    width = max(len(command) for command, _ in lines)
    shown = (
        f"[dim]$[/] [cyan]{command}[/]{' ' * (width - len(command))}  {what}"
        for command, what in lines
    )
    return "[b]Examples[/]\n\n\b\n" + "\n".join(shown)
