"""What a person reads when a command cannot do what it was asked."""

from __future__ import annotations

import traceback
from collections.abc import Iterator

import click

from swamp_driver import __version__
from swamp_driver.cli._problems import render_problems
from swamp_driver.cli._style import Style
from swamp_driver.cli._untrusted import escape_controls, escape_lines
from swamp_driver.errors import (
    ConfigError,
    LostError,
    SwampDriverError,
    TeardownError,
    UnavailableError,
    WorkflowError,
)


def render_error(error: SwampDriverError, *, style: Style) -> Iterator[str]:
    """Yield the lines for an error that was raised on purpose."""
    match error:
        case WorkflowError() | ConfigError():
            yield from render_problems(error.problems, style=style)
        case UnavailableError():
            yield from _message(error.reason, style=style)
            yield from _hint(error.fix, style=style)
        case TeardownError():
            yield from _message(str(error), style=style)
            yield from (f"    {escape_controls(left)}" for left in error.left)
        case LostError() if error.last_words:
            yield from _message(str(error), style=style)
            yield f"    it said: {escape_controls(error.last_words)}"
        case _:
            yield from _message(str(error), style=style)


def render_usage_error(error: click.ClickException, *, style: Style) -> Iterator[str]:
    """Yield the lines for a command line that cannot be understood."""
    message = error.format_message()
    yield from _message(message[:1].lower() + message[1:].rstrip("."), style=style)
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        yield f"    {' '.join(context.command.get_usage(context).split())}"
        yield f"    see '{context.command_path} --help'"


def render_bug(error: Exception, *, style: Style, verbose: bool) -> Iterator[str]:
    """Yield the lines for an error that nobody expected."""
    place = traceback.extract_tb(error.__traceback__)[-1:]
    where = f" ({place[0].filename}:{place[0].lineno})" if place else ""
    yield from _message(f"unexpected {type(error).__name__}: {error}{where}", style=style)
    if verbose:
        yield from escape_lines("".join(traceback.format_exception(error))).split("\n")
    advice = "" if verbose else "; 'swamp-driver -v ...' shows the traceback to send along"
    yield f"    this is a bug in swamp-drivers {__version__}: please report it{advice}"


def _message(text: str, *, style: Style) -> Iterator[str]:
    first, *more = escape_lines(text).split("\n")
    yield f"{style.paint('error:', 'bad')} {first}"
    yield from (f"    {line}" for line in more)


def _hint(text: str | None, *, style: Style) -> Iterator[str]:
    if text:
        yield f"    {style.paint('hint:', 'active')} {escape_controls(text)}"
