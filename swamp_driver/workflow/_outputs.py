"""What a step wrote to `$SWAMP_OUTPUT` -> its outputs."""

from __future__ import annotations

import re

from swamp_driver.errors import SwampDriverError
from swamp_driver.spec._suggest import quoted

_KEY = r"[A-Za-z_][A-Za-z0-9_.-]*"
_PAIR = rf"(?s)({_KEY})=(.*)"
_HEREDOC = rf"({_KEY})<<(\S+)"


class OutputsError(SwampDriverError):
    """A step wrote something to `$SWAMP_OUTPUT` that cannot be understood."""

    exit_code = 1


def parse_outputs(data: bytes) -> dict[str, str]:
    """Return the outputs in the content of `$SWAMP_OUTPUT`.

    Lines are `key=value`, or `key<<WORD`, lines of a value, and `WORD` alone. Empty lines are
    passed over; the last value of a key counts. Keys are letters, digits, `_`, `-` and `.`, and
    begin with a letter or `_`. Pure; may be called from any thread.

    Raises:
        OutputsError: With the number of the first line that cannot be understood.
    """
    lines = _text(data).split("\n")
    outputs: dict[str, str] = {}
    number = 0
    while number < len(lines):
        line = lines[number].removesuffix("\r")
        number += 1
        if not line.strip():
            continue
        if heredoc := re.fullmatch(_HEREDOC, line):
            value, number = _until(lines, number, heredoc[2])
            outputs[heredoc[1]] = value
        elif pair := re.fullmatch(_PAIR, line):
            outputs[pair[1]] = pair[2]
        else:
            raise OutputsError(
                f"$SWAMP_OUTPUT: line {number} is neither 'key=value' nor 'key<<WORD': "
                f"{quoted(line)}"
            )
    return outputs


def _text(data: bytes) -> str:
    try:
        text = data.decode()
        bad = data.find(b"\0")
    except UnicodeDecodeError as error:
        bad = error.start
    if bad >= 0:
        line = data[:bad].count(b"\n") + 1
        raise OutputsError(f"$SWAMP_OUTPUT: line {line} is not UTF-8 text, or has a NUL in it")
    return text


def _until(lines: list[str], start: int, word: str) -> tuple[str, int]:
    """Return the lines before `word` as one value, and the number of the line after it."""
    for end in range(start, len(lines)):
        if lines[end].removesuffix("\r") == word:
            return "\n".join(lines[start:end]), end + 1
    raise OutputsError(
        f"$SWAMP_OUTPUT: the value that begins on line {start} has no {quoted(word)} after it"
    )
