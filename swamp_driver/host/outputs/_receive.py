"""A tar stream -> blobs and a manifest. The stream comes from where a step ran: it may lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from swamp_driver.host._blobs import BlobStore
from swamp_driver.host.outputs._errors import HandOverError, named
from swamp_driver.host.outputs._limits import Limits
from swamp_driver.host.outputs._manifest import (
    Entry,
    Manifest,
    is_within,
    parents_of,
    sorted_manifest,
)
from swamp_driver.host.outputs._tar_reader import Member, read_tar

_MODE_BITS = 0o1777
"""What is kept of a mode: a file that is handed on must not become another user by itself."""
_LONGEST = 4095


def receive(
    source: BinaryIO, roots: Sequence[str], blobs: BlobStore, limits: Limits | None = None
) -> Manifest:
    """Read an archive of `roots` to its end, keep its contents, and return what was in it.

    Nothing is written but blobs, so no name in it can lead anywhere. What is returned can be
    written anywhere as well: every entry is at or below one of `roots`, once, and below directories
    only. Hard links become files of their own. Memory grows with the number of entries alone.

    Raises:
        HandOverError: It is broken, too large, or holds what must not be in it.
        StoreError: The contents cannot be kept.
    """
    limits = limits or Limits()
    entries: dict[str, Entry] = {}
    for member in read_tar(source, limits):
        path = _path(member.name)
        _check_place(path, roots, entries)
        if len(entries) >= limits.entries:
            raise HandOverError(f"the outputs are more than {limits.entries} files")
        entries[path] = _entry(path, member, entries, blobs)
    return sorted_manifest(entries.values())


def _path(name: str) -> str:
    """Return a member's name as a relative path in its shortest form."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or ".." in parts or len(name) > _LONGEST:
        raise HandOverError(f"the archive has {named(name)} in it, which leads elsewhere")
    return "/".join(parts) or "."


def _check_place(path: str, roots: Sequence[str], entries: dict[str, Entry]) -> None:
    root = next((root for root in roots if is_within(path, root)), None)
    if root is None:
        raise HandOverError(f"the archive has {named(path)} in it, which was not asked for")
    if path in entries:
        raise HandOverError(f"the archive has {named(path)} in it twice")
    for parent in parents_of(path):
        known = entries.get(parent)
        if is_within(parent, root) and (known is None or known.kind != "directory"):
            raise HandOverError(
                f"the archive has {named(path)} in it, but no directory {named(parent)}"
            )


def _entry(path: str, member: Member, entries: dict[str, Entry], blobs: BlobStore) -> Entry:
    mode = member.mode & _MODE_BITS
    match member.kind:
        case "directory":
            return Entry(path=path, kind="directory", mode=mode, mtime=member.mtime)
        case "symlink":
            if not 0 < len(member.link) <= _LONGEST:
                raise HandOverError(f"the symlink {named(path)} points nowhere")
            return Entry(path=path, kind="symlink", mtime=member.mtime, content=member.link)
        case "hard link":
            origin = entries.get(_path(member.link))
            if origin is None or origin.kind != "file":
                raise HandOverError(
                    f"{named(path)} is a link to {named(member.link)}, which is no file here"
                )
            return Entry(
                path=path,
                kind="file",
                mode=origin.mode,
                mtime=origin.mtime,
                size_bytes=origin.size_bytes,
                content=origin.content,
            )
        case "file":
            blob = blobs.put(member.content)
            return Entry(
                path=path,
                kind="file",
                mode=mode,
                mtime=member.mtime,
                size_bytes=blob.size_bytes,
                content=blob.digest,
            )
