"""What expressions of the framework may say beyond the language, brought into its form.

* `vault.get(main, API_KEY)`: bare words are the names themselves.
* `data.latest(...)` of data that is not there: an expression that compares it with `null`, or goes
  on with `.?`, has thought of that.
"""

from __future__ import annotations

import re
from typing import Literal

Absent = Literal["error", "null", "empty"]

_BARE = r"[A-Za-z_][A-Za-z0-9_-]*"
_ARGUMENT = rf"""(?:{_BARE}(?![\w.(\[-])|[^,()]*)"""
_VAULT = re.compile(rf"\bvault\.get\(\s*({_ARGUMENT})\s*,\s*({_ARGUMENT})\s*\)")
_DATA = r"\bdata\.(?:latest|version)\((?:[^()\"']|\"[^\"\\]*\"|'[^'\\]*')*\)"
_THEN_OPTIONAL = re.compile(rf"{_DATA}\s*\.\?")
_WITH_NULL = re.compile(rf"{_DATA}\s*[!=]=\s*null\b|\bnull\s*[!=]=\s*{_DATA}")


def in_language(text: str) -> str:
    """Return an expression with the bare words of `vault.get` in quotes.

    A word that stands anywhere else in the expression is a name of it: the variable of a macro.
    """
    if "vault.get" not in text:
        return text
    others = set(re.findall(_BARE, _VAULT.sub("", text)))

    def quoted(match: re.Match[str]) -> str:
        first, second = (
            f"'{part}'" if re.fullmatch(_BARE, part) and part not in others else part
            for part in (match[1].strip(), match[2].strip())
        )
        return f"vault.get({first}, {second})"

    return _VAULT.sub(quoted, text)


def when_absent(text: str) -> Absent:
    """Return what data is, in an expression, that is not there."""
    if "data." not in text:
        return "error"
    if _THEN_OPTIONAL.search(text):
        return "empty"
    return "null" if _WITH_NULL.search(text) else "error"
