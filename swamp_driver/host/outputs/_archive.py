"""A manifest -> the archive that `tar` unpacks where the next step runs, in parts."""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Iterator

from swamp_driver.host._blobs import BlobStore
from swamp_driver.host.outputs._manifest import Entry, Manifest, parents_of

PART_BYTES = 16 << 20
"""How much one request carries: it is in memory as a whole, here and in the driver."""
_BLOCK = 512
_CHUNK = 1 << 18
_OWNER_BITS = 0o700
_LATEST = (1 << 33) - 1
"""The latest time that fits into eleven octal digits, in the year 2242."""


def archive_of(manifest: Manifest, blobs: BlobStore) -> Iterator[bytes]:
    """Yield an archive of all that a manifest holds, in GNU format, which every `tar` reads.

    A directory can be written to by its owner while it is unpacked: `modes_of` says what is to be
    set then. Owners are left out. Memory does not grow with it.

    Raises:
        NotFoundError: A blob is not there any more.
        StoreError: A blob cannot be read.
    """
    newest = max((entry.mtime for entry in manifest.entries), default=0)
    for path in _missing_parents(manifest):
        yield _header(Entry(path=path, kind="directory", mode=0o755, mtime=newest))
    for entry in manifest.entries:
        yield _header(entry)
        if entry.kind == "file":
            yield from _content(entry, blobs)
    yield bytes(2 * _BLOCK)


def modes_of(manifest: Manifest) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """Return the modes of directories that their owner may not write to, the innermost first.

    BusyBox sets a directory's mode when it makes it, and could not put anything into it then.
    """
    found: list[tuple[int, list[str]]] = []
    for entry in reversed(manifest.entries):
        if entry.kind == "directory" and entry.mode & _OWNER_BITS != _OWNER_BITS:
            if not found or found[-1][0] != entry.mode:
                found.append((entry.mode, []))
            found[-1][1].append(entry.path)
    return tuple((mode, tuple(paths)) for mode, paths in found)


def in_parts(chunks: Iterable[bytes], size: int = PART_BYTES) -> Iterator[tuple[bytes, bool]]:
    """Yield the bytes of `chunks` in parts of `size`, each with whether it is the last one."""
    held = bytearray()
    for chunk in chunks:
        held += chunk
        while len(held) > size:
            with memoryview(held) as view:
                part = bytes(view[:size])
            del held[:size]
            yield part, False
    yield bytes(held), True


def _missing_parents(manifest: Manifest) -> list[str]:
    """Return the directories that are above an output: they are not part of it."""
    known = {entry.path for entry in manifest.entries}
    above = {parent for path in known for parent in parents_of(path)}
    return sorted(above - known)


def _header(entry: Entry) -> bytes:
    info = tarfile.TarInfo(entry.path)
    info.mode = entry.mode
    info.mtime = min(max(entry.mtime, 0), _LATEST)
    match entry.kind:
        case "directory":
            info.type, info.mode = tarfile.DIRTYPE, entry.mode | _OWNER_BITS
        case "symlink":
            info.type, info.mode, info.linkname = tarfile.SYMTYPE, 0o777, entry.content
        case "file":
            info.size = entry.size_bytes
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


def _content(entry: Entry, blobs: BlobStore) -> Iterator[bytes]:
    with blobs.open(entry.content) as blob:
        while chunk := blob.read(_CHUNK):
            yield chunk
    yield bytes(-entry.size_bytes % _BLOCK)
