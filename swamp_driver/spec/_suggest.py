"""Names that are not known: how they are shown, and what a person may have meant by them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHOWN = 60
_PLAIN = rf"[\w-]{{1,{_SHOWN}}}"


def quoted(text: object) -> str:
    """Return `text` quoted for a message, cut where it is long: it may come from anywhere."""
    shown = str(text)
    return repr(shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…")


def key_path(key: object) -> str:
    """Return a key as a part of a problem's path: quoted in brackets where it is no plain word."""
    text = str(key)
    return text if re.fullmatch(_PLAIN, text) else f"[{quoted(text)}]"


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return `did you mean 'x'?` for the known name closest to `word`, or None if none is close."""
    import difflib  # noqa: PLC0415 - needed only once something is wrong

    close = difflib.get_close_matches(word[:_SHOWN], tuple(known), n=1)
    return f"did you mean {close[0]!r}?" if close else None
