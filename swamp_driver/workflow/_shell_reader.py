"""Reads a shell script as far as it takes to know how a word must be quoted at a place in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ClassVar

from swamp_driver.workflow._shell_cursor import MARK, Frame, Heredoc, Kind, ShellCursor

_WORD = re.compile(r"[^\s\\'\"`$#<>()|&;\0]+")
_DOUBLE = re.compile(r"[^\"\\$`\0]+")
_PARAM = re.compile(r"[^}'\"\\$`\0]+")
_ARITH = re.compile(r"[^()$`\0]+")
_BODY = re.compile(r"[^\n\\$`\0]+")
_DELIMITER = re.compile(r"-?[ \t]*((?:[^\s\\'\"`$<>()|&;]|\\.|'[^']*'|\"[^\"]*\")*)", re.DOTALL)
_WORD_ENDS = frozenset(" \t\n;&|()<>")
_STARTS_COMMAND = frozenset(
    {"then", "do", "else", "elif", "if", "while", "until", "!", "{", "}", "fi", "done"}
)


class ShellReader(ShellCursor):
    """Rewrites one script."""

    def rewrite(self) -> str:
        """Return the script with references in place of the marks; raise `PlaceError`."""
        steps: dict[Kind, Callable[[Frame], None]] = {
            "command": self._command,
            "double": self._double,
            "param": self._param,
            "arith": self._arith,
            "body": self._body,
        }
        while self.position < len(self.text) and self.used < len(self.names):
            frame = self.stack[-1]
            steps[frame.kind](frame)
        return "".join(self.out) + self.text[self.position :]

    # -- commands

    def _command(self, frame: Frame) -> None:
        if match := _WORD.match(self.text, self.position):
            self.copy(match.end() - match.start())
            self._word(frame, match[0])
            return
        letter = self.peek()
        reader = self._COMMAND.get(letter)
        if reader is not None:
            reader(self, frame)
        else:
            self._blank(frame)

    def _word(self, frame: Frame, word: str) -> None:
        """Take note of a word, or of a part of one."""
        whole = frame.at_word and (not self.peek() or self.peek() in _WORD_ENDS)
        keyword = whole and frame.at_command
        frame.at_word = False
        if keyword and word == "case":
            frame.opened.append("case")
        elif keyword and word == "esac" and frame.opened[-1:] == ["case"]:
            frame.opened.pop()
        in_case = whole and word == "in" and frame.opened[-1:] == ["case"]
        frame.at_command = in_case or (keyword and word in _STARTS_COMMAND)

    def _blank(self, frame: Frame) -> None:
        """Read a blank, or an operator that ends a word."""
        letter = self.peek()
        self.copy()
        frame.at_word = True
        if letter in ";&|\n":
            frame.at_command = True
        if letter == "\n" and frame.pending:
            self._open_bodies(frame)

    def _open_bodies(self, frame: Frame) -> None:
        bodies = [
            Frame("body", heredoc=heredoc, quoted=True) for heredoc in reversed(frame.pending)
        ]
        frame.pending.clear()
        self.stack += bodies
        self._line_start(self.stack[-1])

    def _command_mark(self, frame: Frame) -> None:
        self.put('"', '"')
        frame.at_word = frame.at_command = False

    def _command_escape(self, frame: Frame) -> None:
        self.escape()
        frame.at_word = frame.at_command = False

    def _single_quote(self, frame: Frame) -> None:
        frame.at_word = frame.at_command = False
        self.copy()
        while (letter := self.peek()) and letter != "'":
            if letter == MARK:
                self.put("'\"", "\"'")
                continue
            if letter == "`" and any(other.closer == "`" for other in self.stack):
                self.doubt = "a backtick stands in quotes within backticks; use $(...)"
            self.copy()
        self.copy()

    def _double_quote(self, frame: Frame) -> None:
        frame.at_word = frame.at_command = False
        self.copy()
        self.stack.append(Frame("double"))

    def _command_dollar(self, frame: Frame) -> None:
        frame.at_word = frame.at_command = False
        self.dollar(quoted=False)

    def _command_backtick(self, frame: Frame) -> None:
        frame.at_word = frame.at_command = False
        self.backtick()

    def _hash(self, frame: Frame) -> None:
        if not frame.at_word:
            self.copy()
            return
        while (letter := self.peek()) and letter != "\n":
            if letter == MARK:
                self.put("", "")
            else:
                self.copy()

    def _less(self, frame: Frame) -> None:
        frame.at_word = True
        if self.text.startswith("<<<", self.position):
            self.copy(3)
        elif self.text.startswith("<<", self.position):
            self.copy(2)
            self._heredoc(frame)
        else:
            self.copy()

    def _heredoc(self, frame: Frame) -> None:
        match = _DELIMITER.match(self.text, self.position)
        assert match is not None  # it matches the empty text
        if MARK in match[0] or self.text.startswith(("$", "`"), match.end()):
            self.refuse("an expression stands in the delimiter of a here-document")
        word = match[1]
        plain = re.sub(r"\\(.)|['\"]", r"\1", word, flags=re.DOTALL)
        frame.pending.append(
            Heredoc(plain, expands=plain == word, strips_tabs=match[0].startswith("-"))
        )
        self.copy(match.end() - match.start())
        frame.at_word = False

    def _open_paren(self, frame: Frame) -> None:
        if frame.at_command and self.peek(1) == "(":
            self.copy(2)
            self.stack.append(Frame("arith", closer="))"))
            return
        self.copy()
        frame.opened.append("(")
        frame.at_word = frame.at_command = True

    def _close_paren(self, frame: Frame) -> None:
        self.copy()
        frame.at_word = frame.at_command = True
        if frame.opened[-1:] == ["("]:
            frame.opened.pop()
        elif not frame.opened and frame.closer == ")":
            self.stack.pop()
            commands = [other for other in self.stack if other.kind == "command"]
            commands[-1].pending += frame.pending

    _COMMAND: ClassVar[dict[str, Callable[[ShellReader, Frame], None]]] = {
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

    def _double(self, _: Frame) -> None:
        if self.copy_match(_DOUBLE):
            return
        if self.peek() == '"':
            self.copy()
            self.stack.pop()
        else:
            self._quoted_special()

    def _quoted_special(self) -> None:
        match self.peek():
            case "\\":
                self.escape()
            case "$":
                self.dollar(quoted=True)
            case "`":
                self.backtick()
            case _:
                self.put("", "")

    def _param(self, frame: Frame) -> None:
        if self.copy_match(_PARAM):
            return
        letter = self.peek()
        if letter == "}":
            self.copy()
            self.stack.pop()
        elif letter in {"'", '"'} and frame.quoted:
            frame.doubt = "a quote stands within ${...} within quotes"
            self.copy()
        elif frame.quoted:
            self._quoted_special()
        else:
            self._COMMAND[letter](self, frame)

    def _arith(self, frame: Frame) -> None:
        if self.copy_match(_ARITH):
            return
        match self.peek():
            case "(":
                frame.opened.append("(")
                self.copy()
            case ")" if frame.opened:
                frame.opened.pop()
                self.copy()
            case ")" if self.peek(1) == ")":
                self.copy(2)
                self.stack.pop()
            case ")":  # then it is a subshell in a substitution, to some shells
                frame.doubt = "a '$((' before it does not end with '))'"
                self.copy()
            case "$":
                self.dollar(quoted=True)
            case "`":
                self.backtick()
            case _:
                self.refuse(
                    "the expression stands in arithmetic, where a value could be more than a number"
                )

    def _body(self, frame: Frame) -> None:
        """Read a part of a here-document."""
        assert frame.heredoc is not None
        if self.copy_match(_BODY):
            return
        letter = self.peek()
        if letter == "\n":
            self.copy()
            self._line_start(frame)
        elif not frame.heredoc.expands:
            if letter == MARK:
                self.refuse(
                    "the expression stands in a here-document with a quoted delimiter",
                    f"write the delimiter without quotes: <<{frame.heredoc.delimiter}",
                )
            self.copy()
        else:
            self._quoted_special()

    def _line_start(self, frame: Frame) -> None:
        """Close here-documents whose delimiter stands on the line that begins here."""
        heredoc = frame.heredoc
        assert heredoc is not None
        end = self.text.find("\n", self.position)
        line = self.text[self.position : end if end >= 0 else len(self.text)]
        if (line.lstrip("\t") if heredoc.strips_tabs else line) != heredoc.delimiter:
            return
        self.stack.pop()
        self.copy(len(line) + 1)
        if self.stack[-1].kind == "body":
            self._line_start(self.stack[-1])
        else:
            self.stack[-1].at_word = self.stack[-1].at_command = True
