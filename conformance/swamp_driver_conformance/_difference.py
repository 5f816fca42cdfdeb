"""Two values that should be equal, cut to where they are not. Pure."""

from __future__ import annotations

from collections.abc import Mapping

_LONG = 300
_BEFORE, _AFTER = 30, 90


def where_apart(seen: object, expected: object) -> tuple[str, str]:
    """Return both values as text: of mappings what differs, of long texts where they begin to."""
    if isinstance(seen, Mapping) and isinstance(expected, Mapping):
        keys = [key for key in {**expected, **seen} if not _same(seen, expected, key)]
        if len(keys) == 1 and keys[0] in seen and keys[0] in expected:
            parts = where_apart(seen[keys[0]], expected[keys[0]])
            return f"{{{keys[0]!r}: {parts[0]}}}", f"{{{keys[0]!r}: {parts[1]}}}"
        return repr(_only(seen, keys)), repr(_only(expected, keys))
    if (isinstance(seen, str) and isinstance(expected, str)) or (
        isinstance(seen, bytes) and isinstance(expected, bytes)
    ):
        return _texts_apart(seen, expected)
    return repr(seen), repr(expected)


def _same(one: Mapping[object, object], other: Mapping[object, object], key: object) -> bool:
    return key in one and key in other and one[key] == other[key]


def _only(found: Mapping[object, object], keys: list[object]) -> dict[object, object]:
    return {key: found[key] for key in keys if key in found}


def _texts_apart(seen: str | bytes, expected: str | bytes) -> tuple[str, str]:
    if max(len(seen), len(expected)) <= _LONG:
        return repr(seen), repr(expected)
    pairs = enumerate(zip(seen, expected, strict=False))
    shorter = min(len(seen), len(expected))
    index = next((index for index, (one, other) in pairs if one != other), shorter)
    part = slice(max(0, index - _BEFORE), index + _AFTER)
    place = f" at {part.start}, of {{}} in all"
    return (
        f"…{seen[part]!r}…{place.format(len(seen))}",
        f"…{expected[part]!r}…{place.format(len(expected))}",
    )
