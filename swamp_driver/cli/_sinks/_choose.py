"""Which view a run gets."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Literal, assert_never, get_args

import attrs

from swamp_driver.cli._sinks._sink import Sink, Verbosity
from swamp_driver.cli._streams import stderr, stdout
from swamp_driver.cli._style import is_terminal, style_for

Format = Literal["auto", "tty", "plain", "json", "github"]
FORMATS: tuple[Format, ...] = get_args(Format)


def choose_format(wanted: Format, *, terminal: bool, environ: Mapping[str, str]) -> Format:
    """Return the format to use: `auto` is decided by where stdout goes, never by `FORCE_COLOR`."""
    if wanted != "auto":
        return wanted
    if terminal:
        return "tty"
    return "github" if environ.get("GITHUB_ACTIONS") == "true" else "plain"


def open_sink(wanted: Format, *, verbosity: Verbosity, lines: Mapping[str, int]) -> Sink:
    """Return a view that writes to stdout and stderr as they are now.

    `lines` says where in the file the planned steps begin, by their id.
    """
    chosen = choose_format(wanted, terminal=is_terminal(sys.stdout), environ=os.environ)
    if chosen == "tty" and verbosity is Verbosity.QUIET:
        chosen = "plain"
    style = style_for(sys.stdout)
    match chosen:  # only the view that is used is loaded: rich alone takes 40 ms
        case "json":
            from swamp_driver.cli._sinks._json import JsonSink  # noqa: PLC0415 - see above
            from swamp_driver.host import event_to_json  # noqa: PLC0415 - see above

            return JsonSink(stdout(), stderr(), encode=event_to_json)
        case "github":
            from swamp_driver.cli._sinks._github import GithubSink  # noqa: PLC0415 - see above

            style = attrs.evolve(style, colour=not os.environ.get("NO_COLOR"))
            return GithubSink(
                stdout(), stderr(), style=style, verbosity=verbosity, step_lines=lines
            )
        case "tty":
            from swamp_driver.cli._sinks._tty import TtySink  # noqa: PLC0415 - see above

            return TtySink(sys.stdout, sys.stderr, style=style, verbosity=verbosity)
        case "plain" | "auto":
            from swamp_driver.cli._sinks._plain import PlainSink  # noqa: PLC0415 - see above

            return PlainSink(stdout(), stderr(), style=style, verbosity=verbosity)
        case _:
            assert_never(chosen)
