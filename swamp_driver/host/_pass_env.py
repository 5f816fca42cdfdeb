"""Which variables of the caller a driver's `passEnv` lets pass: decided here for all drivers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase


def passed_env(patterns: Iterable[str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables whose names match one of the patterns, in the order of `environ`."""
    wanted = tuple(patterns)
    return {
        name: value
        for name, value in environ.items()
        if any(fnmatchcase(name, pattern) for pattern in wanted)
    }
