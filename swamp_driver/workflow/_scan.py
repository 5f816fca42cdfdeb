"""Finds the expressions in a text: `${{ ... }}`, whatever strings and brackets are in them."""

from __future__ import annotations

import re

import attrs

from swamp_driver._value import Value

OPEN = "${{"
CLOSE = "}}"

_LEXEME = r"""
      [rR]?[bB]?[rR]?(?P<quote>\"\"\"|'''|\"|')   # a string begins
    | (?P<comment>//)
    | (?P<open>[(\[{])
    | (?P<close>\}\}|[)\]}])
    | [A-Za-z_0-9]+                                # so that the r of "for'..." begins no string
    """


@attrs.frozen(eq=False, repr=False)
class Literal(Value):
    """Text between expressions; `start` is its offset in the whole."""

    text: str
    start: int


@attrs.frozen(eq=False, repr=False)
class Expression(Value):
    """An expression, without its braces and the blanks inside them.

    `start` is the offset of `${{` in the whole text, `inner` that of the expression itself.
    """

    text: str
    start: int
    inner: int


class ScanError(Exception):
    """An expression is empty or does not end; `offset` is where it begins.

    `parts` are those before it.
    """

    def __init__(self, message: str, *, offset: int, hint: str) -> None:
        super().__init__(message)
        self.offset = offset
        self.hint = hint
        self.parts: list[Literal | Expression] = []


def has_expression(text: str) -> bool:
    """Return whether there is anything to evaluate in `text`."""
    return OPEN in text


def is_whole_expression(text: str) -> bool:
    """Return whether `text` is one expression and nothing else, so that it keeps its type."""
    if not text.strip().startswith(OPEN):
        return False
    try:
        return whole_expression(scan(text)) is not None
    except ScanError:
        return True  # whatever it shall be: the error is reported where it is evaluated


def whole_expression(parts: list[Literal | Expression]) -> Expression | None:
    """Return the expression that `parts` consist of, if they are one with at most blanks around."""
    found: Expression | None = None
    for part in parts:
        if isinstance(part, Expression):
            if found is not None:
                return None
            found = part
        elif part.text.strip():
            return None
    return found


def scan(text: str) -> list[Literal | Expression]:
    """Return the parts of a text in order. Empty literals are left out.

    Raises `ScanError` where an expression does not end or is empty.
    """
    parts: list[Literal | Expression] = []
    position = 0
    while (start := text.find(OPEN, position)) >= 0:
        if start > position:
            parts.append(Literal(text[position:start], position))
        try:
            end = _end(text, start)
            parts.append(_expression(text, start, end))
        except ScanError as error:
            error.parts = parts
            raise
        position = end + len(CLOSE)
    if position < len(text):
        parts.append(Literal(text[position:], position))
    return parts


def _expression(text: str, start: int, end: int) -> Expression:
    raw = text[start + len(OPEN) : end]
    if not raw.strip():
        raise ScanError(
            "the expression is empty",
            offset=start,
            hint="write ${{ '${{' }} for the characters themselves",
        )
    blanks = len(raw) - len(raw.lstrip())
    return Expression(raw.strip(), start, start + len(OPEN) + blanks)


def _end(text: str, start: int) -> int:
    """Return the offset of the `}}` that ends the expression at `start`."""
    lexeme = re.compile(_LEXEME, re.VERBOSE)  # made once, by the first text with an expression
    depth = 0
    position = start + len(OPEN)
    while match := lexeme.search(text, position):
        position = match.end()
        if quote := match["quote"]:
            position = _string_end(text, position, quote, raw="r" in match[0].lower())
            if position < 0:
                break
        elif match["comment"]:
            position = _comment_end(text, position)
        elif match["open"]:
            depth += 1
        elif match["close"] == CLOSE and depth == 0:
            return match.start()
        elif match["close"]:
            position = match.start() + 1
            depth = max(0, depth - 1)
    raise _not_closed(text, start)


def _not_closed(text: str, start: int) -> ScanError:
    if CLOSE in text[start:]:
        hint = "close the bracket or the quote in it"
    else:
        hint = "end it with '}}'; write ${{ '${{' }} for the characters themselves"
    return ScanError("the expression is not closed", offset=start, hint=hint)


def _string_end(text: str, position: int, quote: str, *, raw: bool) -> int:
    while position < len(text):
        if text.startswith(quote, position):
            return position + len(quote)
        position += 2 if text[position] == "\\" and not raw else 1
    return -1


def _comment_end(text: str, position: int) -> int:
    """Return where a comment ends: at the end of its line, or where the expression does."""
    ends = [end for end in (text.find("\n", position), text.find(CLOSE, position)) if end >= 0]
    return min(ends, default=len(text))
