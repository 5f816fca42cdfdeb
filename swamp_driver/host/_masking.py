"""Hiding secret values in output, also where one is split over two reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from swamp_driver.spec import Json

MASK = b"***"
SHORTEST = 4
"""Shorter values are not masked: they would blot out half of any text."""

_SECRET_NAMES = (
    "*TOKEN*",
    "*SECRET*",
    "*PASSWORD*",
    "*PASSWD*",
    "*CREDENTIAL*",
    "*_KEY",
    "*APIKEY*",
)


def looks_secret(name: str) -> bool:
    """Return whether a variable of that name, forwarded from the caller, is taken for a secret."""
    return any(fnmatchcase(name.upper(), pattern) for pattern in _SECRET_NAMES)


def maskable(values: Iterable[str]) -> frozenset[bytes]:
    """Return what to look for: each line of each value, where it is long enough.

    A value of several lines rarely comes out as one piece, so each of its lines is a secret.
    """
    lines = (line.strip() for value in values for line in value.splitlines())
    return frozenset(line.encode() for line in lines if len(line) >= SHORTEST)


def maskable_anywhere(values: Iterable[str]) -> frozenset[bytes]:
    """Return what to look for where values may also have been written into JSON: see `maskable`."""
    plain = maskable(values)
    escaped = (
        json.dumps(line.decode(), ensure_ascii=ascii_)[1:-1].encode()
        for line in plain
        for ascii_ in (False, True)
    )
    return plain | frozenset(escaped)


def too_short(values: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the values that are too short to be masked."""
    return tuple(name for name, value in values.items() if 0 < len(value.strip()) < SHORTEST)


class Masker:
    """Masks one stream. Feed it with pieces in order, from one thread at a time, then flush it."""

    def __init__(self, secrets: frozenset[bytes]) -> None:
        # Longest first, so that a secret that contains another one is masked whole.
        ordered = sorted(secrets, key=len, reverse=True)
        self._pattern = re.compile(b"|".join(re.escape(secret) for secret in ordered))
        self._secrets = ordered
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Return what can be shown: all but an end that may be the beginning of a secret."""
        masked = self._pattern.sub(MASK, self._held + data)
        end = len(masked) - _overlap(masked, self._secrets)
        self._held = masked[end:]
        return masked[:end]

    def flush(self) -> bytes:
        """Return the rest; call it once, at the end of the stream."""
        rest, self._held = self._held, b""
        return rest


def _overlap(text: bytes, secrets: Iterable[bytes]) -> int:
    """Return the length of the longest end of `text` that begins a secret without being one."""
    longest = 0
    for secret in secrets:
        for size in range(min(len(secret) - 1, len(text)), longest, -1):
            if text.endswith(secret[:size]):
                longest = size
                break
    return longest


def mask_json(value: Json, secrets: frozenset[bytes]) -> Json:
    """Return a JSON value with the secrets masked in all of its texts, keys included."""
    match value:
        case str():
            return mask_text(value, secrets)
        case list():
            return [mask_json(item, secrets) for item in value]
        case dict():
            return {
                mask_text(key, secrets): mask_json(item, secrets) for key, item in value.items()
            }
        case _:
            return value


def mask_text(text: str, secrets: frozenset[bytes]) -> str:
    """Return `text` with the secrets masked."""
    if not secrets:
        return text
    masker = Masker(secrets)
    data = masker.feed(text.encode(errors="surrogateescape")) + masker.flush()
    return data.decode(errors="replace")
