"""Bounds what an expression can come to: the engine bounds its rounds, not the size of its texts.

`replace` on `replace` multiplies: ten of them, in a line of a file, make gigabytes of a letter. The
engine lets nobody declare its functions anew, so calls of `replace` are renamed in its tree, to a
function of the same length that looks at sizes first.
"""

from __future__ import annotations

from typing import Any

from swamp_driver.spec import Json

MOST_CHARACTERS = 4 * 1024 * 1024
"""How many characters the texts of a value have at most, with those that lead to it."""

_OURS, _THEIRS = b"bounded", b"replace"
_CALL = b"\x12\x07"
"""Field 2 of `cel.expr.Expr.Call`, a text of seven bytes: the name of the function."""


def use_bounded_replace(tree: bytes) -> bytes:
    """Return a serialised tree with calls of `replace` renamed."""
    return tree.replace(_CALL + _THEIRS, _CALL + _OURS)


def bounded_replace(cel: Any) -> Any:
    """Return the declaration of the function that stands for `replace`."""
    text, number = cel.Type.STRING, cel.Type.INT
    overloads = [
        cel.Overload(
            id=f"bounded_replace_{len(parameters)}",
            return_type=text,
            parameters=parameters,
            is_member=True,
            impl=_replace,
        )
        for parameters in ([text, text, text], [text, text, text, number])
    ]
    return cel.FunctionDecl(_OURS.decode(), overloads)


def _replace(text: str, old: str, new: str, count: int = -1) -> str:
    places = len(text) + 1 if not old else text.count(old)
    if count >= 0:
        places = min(places, count)
    if len(text) + places * (len(new) - len(old)) > MOST_CHARACTERS:
        raise RuntimeError(f"'replace' gives more than {MOST_CHARACTERS} characters")
    return text.replace(old, new, count)


def size_of(value: Json) -> int:
    """Return how many characters the texts of a value have, and one for all that is no text."""
    match value:
        case str():
            return len(value)
        case list():
            return 1 + sum(map(size_of, value))
        case dict():
            return 1 + sum(len(key) + size_of(item) for key, item in value.items())
        case _:
            return 1
