"""What is in an output: names, kinds, modes, and which blob holds each content."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Literal

import attrs

from swamp_driver._value import Value
from swamp_driver.host.outputs._errors import HandOverError, named

Kind = Literal["directory", "file", "symlink"]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Entry(Value):
    """A file, directory or symlink. Names that are not UTF-8 hold surrogates, as Python's do."""

    path: str
    """Relative, in its shortest form; `.` is the directory that all is in."""
    kind: Kind
    mode: int = 0
    """Permission bits, and the sticky bit. 0 for a symlink, which has none."""
    mtime: int = 0
    """Seconds since the epoch."""
    size_bytes: int = 0
    content: str = ""
    """The digest of a file's blob; where a symlink points."""

    @property
    def identity(self) -> tuple[object, ...]:
        """Return what makes it another one: all but the time."""
        return (self.path, self.kind, self.mode, self.content)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Manifest(Value):
    """The entries of an output: each directory before what is in it."""

    entries: tuple[Entry, ...]

    @property
    def size_bytes(self) -> int:
        """Return how long the files are together."""
        return sum(entry.size_bytes for entry in self.entries)

    @property
    def files(self) -> int:
        """Return how many entries are no directories."""
        return sum(entry.kind != "directory" for entry in self.entries)

    @property
    def digest(self) -> str:
        """Return a SHA-256 that two outputs share if all but the times of their files is equal."""
        import hashlib  # noqa: PLC0415 - 3 ms, and few runs need it

        digest = hashlib.sha256()
        for entry in self.entries:
            digest.update(json.dumps(entry.identity).encode() + b"\n")
        return digest.hexdigest()

    def below(self, path: str) -> Manifest:
        """Return what is at `path` and in it."""
        return Manifest(entries=tuple(one for one in self.entries if is_within(one.path, path)))


def is_within(path: str, other: str) -> bool:
    """Return whether a relative path is `other` or in it."""
    return other in (".", path) or path.startswith(f"{other}/")


def parents_of(path: str) -> Iterator[str]:
    """Yield the directories that a relative path is in, from the outermost, without `.`."""
    parts = path.split("/")
    for length in range(1, len(parts)):
        yield "/".join(parts[:length])


def sorted_manifest(entries: Iterable[Entry]) -> Manifest:
    """Return a manifest of entries in any order."""
    return Manifest(entries=tuple(sorted(entries, key=lambda entry: entry.path.split("/"))))


def manifest_to_bytes(manifest: Manifest) -> Iterator[bytes]:
    """Yield a manifest as lines of JSON, one for each entry."""
    for one in manifest.entries:
        row = [one.path, one.kind, one.mode, one.mtime, one.size_bytes, one.content]
        yield json.dumps(row, separators=(",", ":")).encode() + b"\n"


def manifest_from_bytes(lines: Iterable[bytes]) -> Manifest:
    """Return the manifest that `manifest_to_bytes` gave."""
    names = [field.name for field in attrs.fields(Entry)]
    return Manifest(
        entries=tuple(Entry(**dict(zip(names, json.loads(line), strict=True))) for line in lines)
    )


def merge(parts: Iterable[tuple[str, Manifest]]) -> Manifest:
    """Return all that several outputs hold; each comes with the name of the step that made it.

    Directories are united, with the mode that the first says; equal files are one file.

    Raises:
        HandOverError: Two outputs say different things of one path.
    """
    found: dict[str, tuple[str, Entry]] = {}
    for step, manifest in parts:
        for entry in manifest.entries:
            first, known = found.setdefault(entry.path, (step, entry))
            if not _agree(known, entry):
                raise HandOverError(_conflict(entry.path, first, step))
    for path, (step, _) in found.items():
        for parent in parents_of(path):
            if parent in found and found[parent][1].kind != "directory":
                raise HandOverError(_conflict(parent, found[parent][0], step))
    return sorted_manifest(entry for _, entry in found.values())


def _agree(one: Entry, other: Entry) -> bool:
    if one.kind == other.kind == "directory":
        return True
    return one.identity == other.identity


def _conflict(path: str, first: str, second: str) -> str:
    return (
        f"{named(path)} comes from '{first}' and from '{second}', and is not the same: "
        "let them write to different paths, or take it from one of them"
    )
