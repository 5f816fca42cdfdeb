"""A label and a text, wrapped below itself: how facts are shown that have no table."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import attrs

from swamp_driver.cli._style import Role, Style
from swamp_driver.cli._untrusted import clip, escape_controls

_NARROWEST = 24
_HANG = 2


@attrs.frozen(kw_only=True)
class Fields:
    """How fields are shown; where `width` is None (a pipe, a file) each is one line."""

    style: Style
    width: int | None
    label_width: int = 12

    def render(
        self, label: str, text: str, *, indent: int = 2, role: Role | None = None
    ) -> Iterator[str]:
        """Yield the lines of one fact. Any text: control characters are made visible."""
        padded = f"{label:<{self.label_width}}"
        lead = " " * indent + self.style.paint(padded, "quiet")
        for line in self._wrapped(escape_controls(text), indent + self.label_width):
            yield f"{lead}{self._painted(line, role)}".rstrip()
            lead = " " * (indent + self.label_width)

    def paragraph(self, text: str, *, role: Role | None = None) -> Iterator[str]:
        """Yield the lines of a text without a label."""
        yield from (self._painted(line, role) for line in self._wrapped(escape_controls(text), 0))

    def hanging(self, text: str, *, indent: int) -> Iterator[str]:
        """Yield the lines of a text whose later lines stand deeper than its first."""
        first, *more = self._wrapped(escape_controls(text), indent + _HANG)
        yield f"{' ' * indent}{first}"
        yield from (f"{' ' * (indent + _HANG)}{line}" for line in more)

    def clipped(self, text: str, *, indent: int, role: Role) -> str:
        """Return a text as one line, cut where it is too long."""
        shown = escape_controls(text)
        if self.width is not None:
            ellipsis = "…" if self.style.unicode else "."
            shown = clip(shown, max(self.width - indent, _NARROWEST), ellipsis=ellipsis)
        return f"{' ' * indent}{self._painted(shown, role)}"

    def _wrapped(self, text: str, taken: int) -> list[str]:
        if self.width is None:
            return [text]
        room = max(self.width - taken, _NARROWEST)
        return textwrap.wrap(text, room, break_on_hyphens=False) or [""]

    def _painted(self, line: str, role: Role | None) -> str:
        return self.style.paint(line, role) if role else line
