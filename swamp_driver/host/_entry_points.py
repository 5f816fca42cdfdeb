"""Reading entry points from the metadata of what is installed, without `importlib.metadata`.

That module costs 30 ms to import, which is a fifth of what a whole `swamp-driver run` may take. Its
rules hold here too: the order of `sys.path` counts, and a distribution that is there twice counts
once. Where the path holds more than plain directories, it is asked itself.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import PathFinder

import attrs

from swamp_driver._value import Value

_SUFFIXES = (".dist-info", ".egg-info")


@attrs.frozen(eq=False, repr=False)
class FoundEntryPoint(Value):
    """An entry point and the distribution that offers it; nothing of it is imported."""

    name: str
    value: str
    distribution: str | None
    version: str | None


def find_entry_points(group: str) -> Iterator[FoundEntryPoint]:
    """Yield the entry points of a group that installed distributions offer. Imports none of them.

    Damaged metadata of a distribution hides that distribution only.
    """
    if not _is_plain(sys.path):
        yield from _ask_the_standard_library(group)
        return
    seen: set[str] = set()
    for directory in sys.path:
        for info in _list_infos(directory or "."):
            name = _canonical_stem(info)
            if name not in seen:
                seen.add(name)
                yield from _read_distribution(info, group)


def canonical_name(distribution: str) -> str:
    """Return a distribution's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _is_plain(path: Sequence[str]) -> bool:
    """Return whether distributions can only be in directories of the path.

    Not so with zip files and eggs on it, and with finders that bring distributions of their own.
    """
    finders = [finder for finder in sys.meta_path if hasattr(finder, "find_distributions")]
    return finders == [PathFinder] and not any(
        entry.endswith(".egg") or os.path.isfile(entry)  # noqa: PTH113 - pathlib is slow here
        for entry in path
    )


def _ask_the_standard_library(group: str) -> Iterator[FoundEntryPoint]:
    import importlib.metadata  # noqa: PLC0415 - see the module's docstring

    for entry_point in importlib.metadata.entry_points(group=group):
        origin = entry_point.dist
        yield FoundEntryPoint(
            name=entry_point.name,
            value=entry_point.value,
            distribution=origin.name if origin else None,
            version=origin.version if origin else None,
        )


def _list_infos(directory: str) -> list[str]:
    try:
        names = os.listdir(directory)  # noqa: PTH208 - pathlib is slow here
    except OSError:
        return []
    return [f"{directory}/{name}" for name in names if name.lower().endswith(_SUFFIXES)]


def _canonical_stem(info: str) -> str:
    stem = info.rpartition("/")[2].rpartition(".")[0]
    return canonical_name(stem.partition("-")[0])


def _read_distribution(info: str, group: str) -> Iterator[FoundEntryPoint]:
    pairs = list(_pairs_of(group, _read(f"{info}/entry_points.txt")))
    if not pairs:
        return
    headers = _read(f"{info}/METADATA") or _read(f"{info}/PKG-INFO")
    distribution, version = _header("Name", headers), _header("Version", headers)
    for name, value in pairs:
        yield FoundEntryPoint(name, value, distribution, version)


def _read(file: str) -> str:
    try:
        with open(file, encoding="utf-8", errors="replace") as opened:  # noqa: PTH123
            return opened.read()
    except OSError:
        return ""


def _pairs_of(group: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield name and value of each line in the section of the group."""
    section = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1].strip()
        elif section == group and "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            yield name.strip(), value.strip()


def _header(name: str, text: str) -> str | None:
    found = re.search(rf"^{name}:[ \t]*(\S.*?)[ \t]*$", text.partition("\n\n")[0], re.MULTILINE)
    return found[1] if found else None
