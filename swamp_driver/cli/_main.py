"""The entry point: every way a command can end becomes an exit code here."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from swamp_driver.cli._app import CliState, app
from swamp_driver.cli._streams import prepare_streams, silence, stderr, stdout
from swamp_driver.cli._style import style_for
from swamp_driver.errors import SwampDriverError

INTERRUPTED = 130
BUG = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `swamp-driver` with these arguments (those of the process, if None).

    Returns the exit code: 0, 1, 2, 3 or 130. Prints errors to stderr and never raises for them. A
    reader of stdout that went away is no error.
    """
    prepare_streams()
    state = CliState()
    code = _call(arguments, state)
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        silence(sys.stdout)
    return code


def _call(arguments: Sequence[str] | None, state: CliState) -> int:
    try:
        result = app.main(arguments, prog_name="swamp-driver", standalone_mode=False, obj=state)
    except (click.Abort, KeyboardInterrupt):
        stderr().line("interrupted")
        return INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as error:  # its message is the page of help
        stdout().write(f"{error.format_message()}\n")
        return error.exit_code
    except SystemExit as error:  # click ends so where a shell asked what to complete
        return error.code if isinstance(error.code, int) else 0
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback by accident
        return _explain(error, state)
    return result if isinstance(result, int) else 0


def _explain(error: Exception, state: CliState) -> int:
    """Print what went wrong; return the exit code."""
    from swamp_driver.cli._errors import (  # noqa: PLC0415 - not where all goes well
        render_bug,
        render_error,
        render_usage_error,
    )

    style = style_for(sys.stderr)
    match error:
        case click.ClickException():
            code, lines = error.exit_code, render_usage_error(error, style=style)
        case SwampDriverError():
            code, lines = error.exit_code, render_error(error, style=style)
        case _:
            code, lines = BUG, render_bug(error, style=style, verbose=state.verbose)
    stderr().write("".join(f"{line}\n" for line in lines))
    return code
