"""Goes through a shell script, and knows what is open at each place of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NoReturn

import attrs

MARK = "\0"
"""Stands for an expression: no script can hold it otherwise."""

_PARAM_NAME = re.compile(r"[!#]?(?:[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-])?(?=.)", re.DOTALL)

Kind = Literal["command", "double", "param", "arith", "body"]


class PlaceError(Exception):
    """No value can go where the expression with this `number` stands."""

    def __init__(self, message: str, *, number: int, hint: str) -> None:
        super().__init__(message)
        self.number = number
        self.hint = hint


@attrs.define(eq=False, repr=False)
class Heredoc:
    """A here-document whose body comes after the end of the line."""

    delimiter: str
    expands: bool
    strips_tabs: bool


@attrs.define(eq=False, repr=False)
class Frame:
    """Something that was opened and is not closed yet."""

    kind: Kind
    closer: str = ""
    quoted: bool = False
    """A parameter expansion inside of double quotes or a here-document."""
    opened: list[str] = attrs.field(factory=list)
    """In commands and arithmetic: the parentheses and `case`s that are open."""
    pending: list[Heredoc] = attrs.field(factory=list)
    heredoc: Heredoc | None = None
    at_word: bool = True
    """A word would begin here."""
    at_command: bool = True
    """A command would begin here, so that `case` and `esac` are keywords."""
    doubt: str = ""
    """Why it is not certain how the rest of it is read."""


class ShellCursor:
    """A place in a script; `names` are the variables for its marks, in order."""

    def __init__(self, text: str, names: Sequence[str]) -> None:
        self.text = text
        self.names = names
        self.used = 0
        self.position = 0
        self.out: list[str] = []
        self.stack = [Frame("command")]
        self.doubt = ""

    def peek(self, ahead: int = 0) -> str:
        """Return the character at the place, or `ahead` of it; empty at the end."""
        return self.text[self.position + ahead : self.position + ahead + 1]

    def copy(self, count: int = 1) -> None:
        """Take over so many characters as they are."""
        self.out.append(self.text[self.position : self.position + count])
        self.position += count

    def copy_match(self, pattern: re.Pattern[str]) -> bool:
        """Take over what matches here; return whether there was anything."""
        match = pattern.match(self.text, self.position)
        if match is None or match.end() == self.position:
            return False
        self.copy(match.end() - self.position)
        return True

    def put(self, before: str, after: str) -> None:
        """Put a reference to the value of the mark that is next."""
        doubt = self.doubt or next((frame.doubt for frame in self.stack if frame.doubt), "")
        if doubt:
            self.refuse(f"it is not certain how the shell reads this place: {doubt}")
        self.out.append(f"{before}${{{self.names[self.used]}}}{after}")
        self.used += 1
        self.position += 1

    def refuse(self, what: str, hint: str = "") -> NoReturn:
        """Refuse the mark that is next."""
        hint = hint or "give the value to a variable in 'env:', and use that in the script"
        raise PlaceError(what, number=self.used, hint=hint)

    def escape(self) -> None:
        """Take over a backslash and what it escapes."""
        if self.peek(1) == MARK:
            self.refuse(
                "a backslash stands before the expression",
                "take it away; write ${{ '${{' }} for the characters themselves",
            )
        for frame in self.stack:
            if frame.closer == "`":
                frame.doubt = "a backslash stands before it within backticks; use $(...)"
        self.copy(2)

    def dollar(self, *, quoted: bool) -> None:
        """Read what a `$` begins."""
        after = self.peek(1)
        if after == MARK:
            self.refuse(
                "a '$' stands directly before the expression",
                "write '\\$' for the character itself",
            )
        if self.text.startswith("$((", self.position):
            self.copy(3)
            self.stack.append(Frame("arith", closer="))"))
        elif after == "(":
            self.copy(2)
            self.stack.append(Frame("command", closer=")"))
        elif after == "{":
            self.copy(2)
            self.param_name(quoted=quoted)
        elif after == "'" and not quoted:
            self.ansi_quote()
        else:
            self.copy(2 if after and after in "#$!?@*-" else 1)

    def param_name(self, *, quoted: bool) -> None:
        """Read the name after `${`."""
        self.stack.append(Frame("param", quoted=quoted))
        self.copy_match(_PARAM_NAME)
        if self.peek() == MARK:
            self.refuse("the expression stands in the name of a parameter")

    def ansi_quote(self) -> None:
        """Read `$'...'`, which shells do not agree about."""
        end = self.text.find("'", self.position + 2)
        inside = self.text[self.position + 2 : end if end >= 0 else len(self.text)]
        if MARK in inside:
            self.refuse("the expression stands within $'...'", "use '...' or \"...\"")
        self.copy(len(inside) + 3)
        if inside.endswith("\\"):
            self.doubt = "shells do not agree where the $'...' before it ends"

    def backtick(self) -> None:
        """Open or close a command substitution of the old form."""
        self.copy()
        opened = [number for number, frame in enumerate(self.stack) if frame.closer == "`"]
        if opened:
            del self.stack[opened[-1] :]
        else:
            self.stack.append(Frame("command", closer="`"))
