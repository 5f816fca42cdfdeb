"""The reference of the command line, written from the commands themselves.

`python -m tests.unit.cli.reference` brings `docs/reference/cli.md` up to date.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import click

from swamp_driver.cli._app import app
from swamp_driver.cli._help import TeachingCommand, TeachingGroup, prompted

DOCUMENT = Path(__file__).resolve().parents[3] / "docs/reference/cli.md"
MARK = "<!-- What follows is written by `python -m tests.unit.cli.reference`. -->\n"


def render_reference() -> str:
    """Return the Markdown for all commands."""
    context = click.Context(app, info_name="swamp-driver")
    return "\n".join(_commands(app, context)).rstrip() + "\n"


def _commands(group: click.Group, context: click.Context) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=context)
        yield from _command(command, inner)
        if isinstance(command, click.Group):
            yield from _commands(command, inner)


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    depth = len(context.command_path.split())
    usage = " ".join(command.get_usage(context).split()).removeprefix("Usage: ")
    yield f"{'#' * min(depth, 4)} `{context.command_path}`\n"
    yield f"{inspect.cleandoc(command.help or '')}\n"
    yield f"```text\n{usage}\n```\n"
    yield from _options(command)
    if isinstance(command, TeachingCommand | TeachingGroup):
        yield from _lessons(command)


def _options(command: click.Command) -> Iterator[str]:
    options = [param for param in command.params if isinstance(param, click.Option)]
    if not options:
        return
    yield "| Option | |"
    yield "|---|---|"
    for option in options:
        names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
        value = "" if option.is_flag else f" `{_value(option)}`"
        default = f" Default: `{option.default}`." if option.show_default else ""
        yield f"| {names}{value} | {option.help}{default} |"
    yield ""


def _value(option: click.Option) -> str:
    if isinstance(option.type, click.Choice):
        return " / ".join(option.type.choices)
    return option.metavar or option.type.name.upper()


def _lessons(command: TeachingCommand | TeachingGroup) -> Iterator[str]:
    if command.examples:
        lines = ["\n".join([f"# {wanted}", *prompted(line)]) for wanted, line in command.examples]
        yield "```text\n" + "\n".join(lines) + "\n```\n"
    if command.exit_codes:
        yield "| Exit code | |"
        yield "|---|---|"
        yield from (f"| {code} | {what} |" for code, what in command.exit_codes)
        yield ""


if __name__ == "__main__":
    written = DOCUMENT.read_text(encoding="utf-8").partition(MARK)[0]
    DOCUMENT.write_text(f"{written}{MARK}\n{render_reference()}", encoding="utf-8")
