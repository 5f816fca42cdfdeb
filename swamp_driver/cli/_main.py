"""The entry point: every way a command can end becomes an exit code here."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

import rich_click as click

from swamp_driver.cli._app import CliState, app
from swamp_driver.cli._errors import render_bug, render_error, render_usage_error
from swamp_driver.cli._streams import never_fail_to_encode, silence, stderr
from swamp_driver.cli._style import style_for
from swamp_driver.errors import SwampDriverError

INTERRUPTED = 130
BUG = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `swamp-driver` with these arguments (those of the process, if None).

    Returns the exit code: 0, 1, 2, 3 or 130. Prints errors to stderr and never raises for them. A
    reader of stdout that went away is no error.
    """
    never_fail_to_encode()
    state = CliState()
    code = _call(arguments, state)
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        silence(sys.stdout)
    return code


def _call(arguments: Sequence[str] | None, state: CliState) -> int:
    style = style_for(sys.stderr)
    try:
        result = app.main(arguments, prog_name="swamp-driver", standalone_mode=False, obj=state)
    except click.ClickException as error:
        _tell(render_usage_error(error, style=style))
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        _tell(["interrupted"])
        return INTERRUPTED
    except SwampDriverError as error:
        _tell(render_error(error, style=style))
        return error.exit_code
    except SystemExit as error:  # click ends so where there is nothing to do but to print help
        return error.code if isinstance(error.code, int) else 0
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback by accident
        _tell(render_bug(error, style=style, verbose=state.verbose))
        return BUG
    return result if isinstance(result, int) else 0


def _tell(lines: Iterable[str]) -> None:
    stderr().write("".join(f"{line}\n" for line in lines))
