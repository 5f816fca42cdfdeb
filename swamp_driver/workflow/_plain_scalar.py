"""What a scalar without quotes means: the core schema of YAML 1.2 (chapter 10.3)."""

from __future__ import annotations

import math
import re

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBER_STARTS = frozenset("-+.0123456789")
_INT = r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"
_FLOAT = r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
_NOT_FINITE = r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
_BASES = {"0o": 8, "0x": 16}
_LONGEST_INT = 30


def resolve_plain(text: str) -> bool | int | float | str | None:
    """Return the value; raise `ValueError` for numbers that 64 bits do not hold."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    if re.fullmatch(_INT, text):
        return _integer(text)
    if re.fullmatch(_FLOAT, text):
        return _finite(float(text))
    return _finite(math.inf) if re.fullmatch(_NOT_FINITE, text) else text


def _integer(text: str) -> int:
    base = _BASES.get(text[:2], 10)
    # a very long text is not converted: that takes quadratic time
    number = int(text, base) if len(text) < _LONGEST_INT else 2**63
    if not -(2**63) <= number < 2**63:
        raise ValueError(text)
    return number


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError(number)
    return number
