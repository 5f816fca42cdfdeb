"""Colours and symbols: by role, and off where nobody wants them."""

from __future__ import annotations

import os
import zlib
from typing import Literal, TextIO

import attrs

from swamp_driver._value import Value
from swamp_driver.cli._untrusted import RESET

Role = Literal["good", "bad", "warn", "active", "quiet", "strong", "stderr"]

_CODES: dict[Role, str] = {
    "good": "32",
    "bad": "31",
    "warn": "33",
    "active": "36",
    "quiet": "2",
    "strong": "1",
    "stderr": "33",
}
_PREFIX_CODES = ("36", "35", "34", "32", "33", "96", "95", "94", "92", "93")


@attrs.frozen(eq=False, repr=False)
class Style(Value):
    """How text is decorated for one output stream."""

    colour: bool = attrs.field(default=False, kw_only=True)
    unicode: bool = attrs.field(default=True, kw_only=True)

    def paint(self, text: str, role: Role) -> str:
        """Return `text` in the colour of `role`, or as it is."""
        return f"\x1b[{_CODES[role]}m{text}{RESET}" if self.colour and text else text

    def paint_name(self, text: str, *, of: str) -> str:
        """Return `text` in a colour that only depends on `of`: a step keeps its colour."""
        if not self.colour:
            return text
        number = zlib.crc32(of.encode(errors="replace"))
        return f"\x1b[{_PREFIX_CODES[number % len(_PREFIX_CODES)]}m{text}{RESET}"

    def symbol(self, status: str) -> str:
        """Return one column that says how something stands."""
        rich_symbol, plain_symbol = _SYMBOLS.get(status, ("?", "?"))
        return rich_symbol if self.unicode else plain_symbol

    def mark(self, status: str) -> str:
        """Return the symbol of `status` in its colour."""
        return self.paint(self.symbol(status), STATUS_ROLES.get(status, "warn"))


_SYMBOLS = {
    "succeeded": ("✓", "+"),
    "failed": ("✗", "x"),
    "broken": ("✗", "x"),
    "interrupted": ("✗", "x"),
    "cancelled": ("■", "#"),
    "suspended": ("?", "?"),
    "asking": ("?", "?"),
    "skipped": ("○", "o"),
    "waiting": ("·", "."),
    "running": ("●", "*"),
    "allowed": ("!", "!"),
}

STATUS_ROLES: dict[str, Role] = {
    "succeeded": "good",
    "failed": "bad",
    "broken": "bad",
    "interrupted": "bad",
    "cancelled": "warn",
    "suspended": "warn",
    "asking": "warn",
    "skipped": "quiet",
    "waiting": "quiet",
    "running": "active",
    "allowed": "warn",
}


def style_for(stream: TextIO) -> Style:
    """Return the style for `stream`: colour on a terminal, unless `NO_COLOR` says no.

    `FORCE_COLOR` asks for colour on a pipe. (<https://no-color.org>, <https://force-color.org>)
    """
    return Style(colour=_wants_colour(stream), unicode=_can_show(stream, "✓●·…"))


def is_terminal(stream: TextIO) -> bool:
    """Return whether a person looks at `stream` through a terminal that can move its cursor."""
    return stream.isatty() and os.environ.get("TERM", "") != "dumb"


def _wants_colour(stream: TextIO) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    forced = os.environ.get("FORCE_COLOR", "")
    if forced:
        return forced != "0"
    return is_terminal(stream)


def _can_show(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
