"""Two streams -> a few lines that show where they differ. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from swamp_driver.host.parity._values import StreamTrace

_MOST_LINES = 2000
"""Longer texts are compared line by line from the top: a true diff takes the square of them."""
_SHOWN_LINES = 12
_SHOWN_CHARS = 200
_CONTEXT = 1
_HUNK = re.compile(r"@@ -(\d+)")


def describe_streams(reference: StreamTrace, other: StreamTrace) -> str:
    """Return the sizes, or that they are equal."""
    if reference.size_bytes == other.size_bytes:
        return f"both {_size(reference)}, another content"
    return f"{_size(reference)} and {_size(other)}"


def _size(trace: StreamTrace) -> str:
    return f"{trace.size_bytes} bytes" if trace.size_bytes else "nothing"


def diff_streams(reference: StreamTrace, other: StreamTrace) -> tuple[str, ...]:
    """Return lines with `-`, `+` or a space before them; what is cut is said in brackets.

    What is not UTF-8 is shown with replacement characters; a stream that is no text, or that only
    differs in what was not kept, is not shown.
    """
    if b"\0" in reference.head or b"\0" in other.head:
        return ("(not text)",)
    before, after = _lines(reference), _lines(other)
    if before == after:
        if reference.is_whole and other.is_whole:
            return ("(they differ in bytes that are no text)",)
        return (f"(the first {len(reference.head)} bytes are equal)",)
    lines = list(_long(before, after) if _is_long(before, after) else _short(before, after))
    shown = [line[:_SHOWN_CHARS] for line in lines[:_SHOWN_LINES]]
    more = len(lines) - len(shown)
    return (*shown, f"({more} more lines)") if more else tuple(shown)


def _lines(trace: StreamTrace) -> list[str]:
    lines = trace.head.decode(errors="replace").split("\n")
    if lines[-1]:
        lines[-1] += " (no end of line)"
    else:
        lines.pop()
    return lines


def _is_long(before: list[str], after: list[str]) -> bool:
    return len(before) + len(after) > _MOST_LINES


def _short(before: list[str], after: list[str]) -> Iterator[str]:
    diff = difflib.unified_diff(before, after, n=_CONTEXT, lineterm="")
    for line in list(diff)[2:]:
        yield f"(line {_HUNK.match(line)[1]})" if line.startswith("@@") else line  # type: ignore[index]


def _long(before: list[str], after: list[str]) -> Iterator[str]:
    """Yield the first line that differs, of both."""
    pairs = enumerate(zip(before, after, strict=False))
    first = next((at for at, (one, other) in pairs if one != other), min(len(before), len(after)))
    yield f"(line {first + 1})"
    yield from (f"-{line}" for line in before[first : first + 1])
    yield from (f"+{line}" for line in after[first : first + 1])
