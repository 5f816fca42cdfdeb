"""Reads a shell script as far as it takes to know how a word must be quoted at a place in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import ClassVar, Literal, NoReturn

import attrs

MARK = "\0"
"""Stands for an expression: no script can hold it otherwise."""

_WORD = re.compile(r"[^\s\\'\"`$#<>()|&;\0]+")
_DOUBLE = re.compile(r"[^\"\\$`\0]+")
_PARAM = re.compile(r"[^}'\"\\$`\0]+")
_ARITH = re.compile(r"[^()$`\0]+")
_BODY = re.compile(r"[^\n\\$`\0]+")
_PARAM_NAME = re.compile(r"[!#]?(?:[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-])?(?=.)", re.DOTALL)
_DELIMITER = re.compile(r"-?[ \t]*((?:[^\s\\'\"`$<>()|&;]|\\.|'[^']*'|\"[^\"]*\")*)", re.DOTALL)
_WORD_ENDS = frozenset(" \t\n;&|()<>")
_STARTS_COMMAND = frozenset(
    {"then", "do", "else", "elif", "if", "while", "until", "!", "{", "}", "fi", "done"}
)

Kind = Literal["command", "double", "param", "arith", "body"]


class PlaceError(Exception):
    """No value can go where the expression with this `number` stands."""

    def __init__(self, message: str, *, number: int, hint: str) -> None:
        super().__init__(message)
        self.number = number
        self.hint = hint


@attrs.define
class _Heredoc:
    delimiter: str
    expands: bool
    strips_tabs: bool


@attrs.define
class _Frame:
    """Something that was opened and is not closed yet."""

    kind: Kind
    closer: str = ""
    quoted: bool = False
    """A parameter expansion inside of double quotes or a here-document."""
    opened: list[str] = attrs.field(factory=list)
    """In commands and arithmetic: the parentheses and `case`s that are open."""
    pending: list[_Heredoc] = attrs.field(factory=list)
    heredoc: _Heredoc | None = None
    at_word: bool = True
    """A word would begin here."""
    at_command: bool = True
    """A command would begin here, so that `case` and `esac` are keywords."""
    doubt: str = ""
    """Why it is not certain how the rest of it is read."""


class ShellReader:
    """Rewrites one script; `names` are the variables for its marks, in order."""

    def __init__(self, text: str, names: Sequence[str]) -> None:
        self._text = text
        self._names = names
        self._used = 0
        self._position = 0
        self._out: list[str] = []
        self._stack = [_Frame("command")]
        self._doubt = ""

    def rewrite(self) -> str:
        """Return the script with references in place of the marks; raise `PlaceError`."""
        steps: dict[Kind, Callable[[_Frame], None]] = {
            "command": self._command,
            "double": self._double,
            "param": self._param,
            "arith": self._arith,
            "body": self._body,
        }
        while self._position < len(self._text) and self._used < len(self._names):
            frame = self._stack[-1]
            steps[frame.kind](frame)
        return "".join(self._out) + self._text[self._position :]

    # -- what all places have in common

    def _peek(self, ahead: int = 0) -> str:
        return self._text[self._position + ahead : self._position + ahead + 1]

    def _copy(self, count: int = 1) -> None:
        self._out.append(self._text[self._position : self._position + count])
        self._position += count

    def _copy_match(self, pattern: re.Pattern[str]) -> bool:
        match = pattern.match(self._text, self._position)
        if match is None or match.end() == self._position:
            return False
        self._copy(match.end() - self._position)
        return True

    def _put(self, before: str, after: str) -> None:
        """Put a reference to the value of the mark that is next."""
        doubt = self._doubt or next((frame.doubt for frame in self._stack if frame.doubt), "")
        if doubt:
            self._refuse(f"it is not certain how the shell reads this place: {doubt}")
        self._out.append(f"{before}${{{self._names[self._used]}}}{after}")
        self._used += 1
        self._position += 1

    def _refuse(self, what: str, hint: str = "") -> NoReturn:
        hint = hint or "give the value to a variable in 'env:', and use that in the script"
        raise PlaceError(what, number=self._used, hint=hint)

    def _escape(self) -> None:
        if self._peek(1) == MARK:
            self._refuse(
                "a backslash stands before the expression",
                "take it away; write ${{ '${{' }} for the characters themselves",
            )
        for frame in self._stack:
            if frame.closer == "`":
                frame.doubt = "a backslash stands before it within backticks; use $(...)"
        self._copy(2)

    def _dollar(self, *, quoted: bool) -> None:
        """Read what a `$` begins."""
        after = self._peek(1)
        if after == MARK:
            self._refuse(
                "a '$' stands directly before the expression",
                "write '\\$' for the character itself",
            )
        if self._text.startswith("$((", self._position):
            self._copy(3)
            self._stack.append(_Frame("arith", closer="))"))
        elif after == "(":
            self._copy(2)
            self._stack.append(_Frame("command", closer=")"))
        elif after == "{":
            self._copy(2)
            self._param_name(quoted=quoted)
        elif after == "'" and not quoted:
            self._ansi_quote()
        else:
            self._copy(2 if after and after in "#$!?@*-" else 1)

    def _param_name(self, *, quoted: bool) -> None:
        self._stack.append(_Frame("param", quoted=quoted))
        self._copy_match(_PARAM_NAME)
        if self._peek() == MARK:
            self._refuse("the expression stands in the name of a parameter")

    def _ansi_quote(self) -> None:
        """Read `$'...'`, which shells do not agree about."""
        end = self._text.find("'", self._position + 2)
        inside = self._text[self._position + 2 : end if end >= 0 else len(self._text)]
        if MARK in inside:
            self._refuse("the expression stands within $'...'", "use '...' or \"...\"")
        self._copy(len(inside) + 3)
        if inside.endswith("\\"):
            self._doubt = "shells do not agree where the $'...' before it ends"

    def _backtick(self) -> None:
        self._copy()
        opened = [number for number, frame in enumerate(self._stack) if frame.closer == "`"]
        if opened:
            del self._stack[opened[-1] :]
        else:
            self._stack.append(_Frame("command", closer="`"))

    # -- commands

    def _command(self, frame: _Frame) -> None:
        if match := _WORD.match(self._text, self._position):
            self._copy(match.end() - match.start())
            self._word(frame, match[0])
            return
        letter = self._peek()
        reader = self._COMMAND.get(letter)
        if reader is not None:
            reader(self, frame)
        else:
            self._blank(frame)

    def _word(self, frame: _Frame, word: str) -> None:
        """Take note of a word, or of a part of one."""
        whole = frame.at_word and (not self._peek() or self._peek() in _WORD_ENDS)
        keyword = whole and frame.at_command
        frame.at_word = False
        if keyword and word == "case":
            frame.opened.append("case")
        elif keyword and word == "esac" and frame.opened[-1:] == ["case"]:
            frame.opened.pop()
        in_case = whole and word == "in" and frame.opened[-1:] == ["case"]
        frame.at_command = in_case or (keyword and word in _STARTS_COMMAND)

    def _blank(self, frame: _Frame) -> None:
        """Read a blank, or an operator that ends a word."""
        letter = self._peek()
        self._copy()
        frame.at_word = True
        if letter in ";&|\n":
            frame.at_command = True
        if letter == "\n" and frame.pending:
            self._open_bodies(frame)

    def _open_bodies(self, frame: _Frame) -> None:
        bodies = [
            _Frame("body", heredoc=heredoc, quoted=True) for heredoc in reversed(frame.pending)
        ]
        frame.pending.clear()
        self._stack += bodies
        self._line_start(self._stack[-1])

    def _command_mark(self, frame: _Frame) -> None:
        self._put('"', '"')
        frame.at_word = frame.at_command = False

    def _command_escape(self, frame: _Frame) -> None:
        self._escape()
        frame.at_word = frame.at_command = False

    def _single_quote(self, frame: _Frame) -> None:
        frame.at_word = frame.at_command = False
        self._copy()
        while (letter := self._peek()) and letter != "'":
            if letter == MARK:
                self._put("'\"", "\"'")
                continue
            if letter == "`" and any(other.closer == "`" for other in self._stack):
                self._doubt = "a backtick stands in quotes within backticks; use $(...)"
            self._copy()
        self._copy()

    def _double_quote(self, frame: _Frame) -> None:
        frame.at_word = frame.at_command = False
        self._copy()
        self._stack.append(_Frame("double"))

    def _command_dollar(self, frame: _Frame) -> None:
        frame.at_word = frame.at_command = False
        self._dollar(quoted=False)

    def _command_backtick(self, frame: _Frame) -> None:
        frame.at_word = frame.at_command = False
        self._backtick()

    def _hash(self, frame: _Frame) -> None:
        if not frame.at_word:
            self._copy()
            return
        while (letter := self._peek()) and letter != "\n":
            if letter == MARK:
                self._put("", "")
            else:
                self._copy()

    def _less(self, frame: _Frame) -> None:
        frame.at_word = True
        if self._text.startswith("<<<", self._position):
            self._copy(3)
        elif self._text.startswith("<<", self._position):
            self._copy(2)
            self._heredoc(frame)
        else:
            self._copy()

    def _heredoc(self, frame: _Frame) -> None:
        match = _DELIMITER.match(self._text, self._position)
        assert match is not None  # it matches the empty text
        if MARK in match[0] or self._text.startswith(("$", "`"), match.end()):
            self._refuse("an expression stands in the delimiter of a here-document")
        word = match[1]
        plain = re.sub(r"\\(.)|['\"]", r"\1", word, flags=re.DOTALL)
        frame.pending.append(
            _Heredoc(plain, expands=plain == word, strips_tabs=match[0].startswith("-"))
        )
        self._copy(match.end() - match.start())
        frame.at_word = False

    def _open_paren(self, frame: _Frame) -> None:
        if frame.at_command and self._peek(1) == "(":
            self._copy(2)
            self._stack.append(_Frame("arith", closer="))"))
            return
        self._copy()
        frame.opened.append("(")
        frame.at_word = frame.at_command = True

    def _close_paren(self, frame: _Frame) -> None:
        self._copy()
        frame.at_word = frame.at_command = True
        if frame.opened[-1:] == ["("]:
            frame.opened.pop()
        elif not frame.opened and frame.closer == ")":
            self._stack.pop()
            commands = [other for other in self._stack if other.kind == "command"]
            commands[-1].pending += frame.pending

    _COMMAND: ClassVar[dict[str, Callable[[ShellReader, _Frame], None]]] = {
        MARK: _command_mark,
        "\\": _command_escape,
        "'": _single_quote,
        '"': _double_quote,
        "$": _command_dollar,
        "`": _command_backtick,
        "#": _hash,
        "<": _less,
        "(": _open_paren,
        ")": _close_paren,
    }

    # -- within quotes and expansions

    def _double(self, _: _Frame) -> None:
        if self._copy_match(_DOUBLE):
            return
        if self._peek() == '"':
            self._copy()
            self._stack.pop()
        else:
            self._quoted_special()

    def _quoted_special(self) -> None:
        match self._peek():
            case "\\":
                self._escape()
            case "$":
                self._dollar(quoted=True)
            case "`":
                self._backtick()
            case _:
                self._put("", "")

    def _param(self, frame: _Frame) -> None:
        if self._copy_match(_PARAM):
            return
        letter = self._peek()
        if letter == "}":
            self._copy()
            self._stack.pop()
        elif letter in {"'", '"'} and frame.quoted:
            frame.doubt = "a quote stands within ${...} within quotes"
            self._copy()
        elif frame.quoted:
            self._quoted_special()
        else:
            self._COMMAND[letter](self, frame)

    def _arith(self, frame: _Frame) -> None:
        if self._copy_match(_ARITH):
            return
        match self._peek():
            case "(":
                frame.opened.append("(")
                self._copy()
            case ")" if frame.opened:
                frame.opened.pop()
                self._copy()
            case ")":
                self._copy(2)
                self._stack.pop()
            case "$":
                self._dollar(quoted=True)
            case "`":
                self._backtick()
            case _:
                self._refuse(
                    "the expression stands in arithmetic, where a value could be more than a number"
                )

    def _body(self, frame: _Frame) -> None:
        """Read a part of a here-document."""
        assert frame.heredoc is not None
        if self._copy_match(_BODY):
            return
        letter = self._peek()
        if letter == "\n":
            self._copy()
            self._line_start(frame)
        elif not frame.heredoc.expands:
            if letter == MARK:
                self._refuse(
                    "the expression stands in a here-document with a quoted delimiter",
                    f"write the delimiter without quotes: <<{frame.heredoc.delimiter}",
                )
            self._copy()
        else:
            self._quoted_special()

    def _line_start(self, frame: _Frame) -> None:
        """Close here-documents whose delimiter stands on the line that begins here."""
        heredoc = frame.heredoc
        assert heredoc is not None
        end = self._text.find("\n", self._position)
        line = self._text[self._position : end if end >= 0 else len(self._text)]
        if (line.lstrip("\t") if heredoc.strips_tabs else line) != heredoc.delimiter:
            return
        self._stack.pop()
        self._copy(len(line) + 1)
        if self._stack[-1].kind == "body":
            self._line_start(self._stack[-1])
        else:
            self._stack[-1].at_word = self._stack[-1].at_command = True
