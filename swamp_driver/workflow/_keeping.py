"""How long data is kept, and how many versions of it, as people write it."""

from __future__ import annotations

import re
from typing import Literal

import attrs

from swamp_driver._value import Value
from swamp_driver.spec import Json

KEPT_VERSIONS = 10
"""How many versions of a name are kept where nothing is said."""
LIFETIME_WORDS = "'infinite', 'workflow', 'ephemeral', 'job', or a duration such as '30d'"
GARBAGE_WORDS = "a number of versions from 1 up, or a duration such as '30d'"

_DURATION = r"([0-9]{1,6})(s|m|h|d|w|mo|y)"
_DAY_S = 86_400
_UNITS_S = {
    "s": 1,
    "m": 60,
    "h": 3600,
    "d": _DAY_S,
    "w": 7 * _DAY_S,
    "mo": 30 * _DAY_S,
    "y": 365 * _DAY_S,
}
_BOUNDS: dict[str, Literal["run", "job"] | None] = {
    "infinite": None,
    "workflow": "run",
    "ephemeral": "run",
    "job": "job",
}


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Lifetime(Value):
    """How long a version is there, whatever comes after it."""

    bound: Literal["run", "job"] | None = None
    """It ends with the run, or with the job, that wrote it."""
    seconds: int | None = None
    """It ends so long after it was written."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class GarbageRule(Value):
    """Which older versions go when a new one is written. The newest always stays."""

    versions: int | None = None
    """So many stay, the newest among them."""
    seconds: int | None = None
    """Older ones go."""


def parse_lifetime(text: str) -> Lifetime | None:
    """Return what a lifetime means, or None where it is none: see `LIFETIME_WORDS`."""
    if text in _BOUNDS:
        return Lifetime(bound=_BOUNDS[text])
    seconds = _seconds(text)
    return None if seconds is None else Lifetime(seconds=seconds)


def parse_garbage_rule(value: Json) -> GarbageRule | None:
    """Return what `garbageCollection` means, or None where it is none: see `GARBAGE_WORDS`.

    The number may come as text: it is a lenient text in workflow files.
    """
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:9])
    if type(value) is int:
        return GarbageRule(versions=value) if value >= 1 else None
    seconds = _seconds(value) if isinstance(value, str) else None
    return None if seconds is None else GarbageRule(seconds=seconds)


def varied_name(name: str, values: tuple[str, ...]) -> str:
    """Return the name of data that `vary` makes several: `result` and `sonnet` → `result-sonnet`.

    `values` are in the order of `vary`; an empty one counts.
    """
    return "-".join((name, *values))


def _seconds(text: str) -> int | None:
    found = re.fullmatch(_DURATION, text, re.ASCII)
    return (int(found[1]) * _UNITS_S[found[2]] or None) if found else None
