"""Making a step's working directory, with what earlier steps hand on to it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from swamp_driver.host._blobs import BlobStore
from swamp_driver.host.outputs._archive import PART_BYTES, archive_of, in_parts, modes_of
from swamp_driver.host.outputs._beside import Beside
from swamp_driver.host.outputs._capture import argument
from swamp_driver.host.outputs._manifest import Manifest
from swamp_driver.host.outputs._scripts import APPEND, ARCHIVE, MAKE, UNPACK

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def restore(
    beside: Beside,
    directory: str,
    manifest: Manifest,
    blobs: BlobStore,
    *,
    part_bytes: int = PART_BYTES,
) -> None:
    """Make `directory`, which is new, and put there what a manifest holds.

    What fits into `part_bytes` goes along with the script that unpacks it. More is written to a
    file beside the directory first: by the host where it sees the place and may write there, else
    by one request after the other. At most two parts are in memory.

    Raises:
        HandOverError: There is no `tar`, or the files cannot be written there.
        DriverError: See `Beside.run`.
        StoreError, NotFoundError: A blob cannot be read.
    """
    if not manifest.entries:
        beside.run("in", MAKE, [directory])
        return
    lists = _lists(manifest)
    parts = in_parts(archive_of(manifest, blobs), part_bytes)
    part, is_last = next(parts)
    if is_last:
        files = {**lists, ARCHIVE: part}
        beside.run("in", UNPACK, [directory], files=files)
        return
    archive = f"{directory}.tar"
    rest = _chain(part, parts)
    with _written_here(beside, archive, rest) as is_written:
        if not is_written:
            for number, data in enumerate(rest, 1):
                files = {ARCHIVE: data}
                beside.run(f"part{number}", APPEND, [archive], files=files)
        beside.run("in", UNPACK, [directory, archive], files=lists)


def _lists(manifest: Manifest) -> dict[str, bytes]:
    """Return the files that say which directories get which modes."""
    return {
        f"mode-{number:06}-{mode:o}": b"".join(_path_bytes(path) + b"\0" for path in paths)
        for number, (mode, paths) in enumerate(modes_of(manifest))
    }


def _path_bytes(path: str) -> bytes:
    return argument(path).encode("utf-8", "surrogateescape")


def _chain(first: bytes, parts: Iterable[tuple[bytes, bool]]) -> Iterator[bytes]:
    yield first
    for part, _ in parts:
        yield part


@contextlib.contextmanager
def _written_here(beside: Beside, archive: str, parts: Iterable[bytes]) -> Iterator[bool]:
    """Write a file of the workspace from this side, if that can be; yield whether it was.

    The directory it is in may have been swapped by a step: neither it nor the file is followed.
    What is left of the file is removed.
    """
    parent = Path(archive).parent
    if not beside.opened.workspace.host_visible:
        yield False
        return
    try:
        parent_fd = os.open(parent, _DIRECTORY)
        file_fd = os.open(Path(archive).name, _NEW, 0o644, dir_fd=parent_fd)
    except OSError:
        yield False
        return
    try:
        with open(file_fd, "wb", buffering=0) as file:  # noqa: PTH123 - a descriptor
            # The step may run as another user than this process.
            os.fchmod(file_fd, 0o644)
            for part in parts:
                file.write(part)
        yield True
    finally:
        with contextlib.suppress(OSError):
            os.unlink(Path(archive).name, dir_fd=parent_fd)
        os.close(parent_fd)
