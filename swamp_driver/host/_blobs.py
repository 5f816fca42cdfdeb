"""Contents kept once: files that are named by the SHA-256 of what is in them.

A blob never changes: it is written beside its name and renamed to it, so that a reader sees all
of it or nothing. Any number of processes may share a store.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO

import attrs

from swamp_driver._value import Value
from swamp_driver.errors import NotFoundError, StoreError

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_BLOCK = 1 << 18
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_UNFINISHED = ".part-"
_ABANDONED_S = 24 * 3600.0
"""A file that is still being written after a day belongs to a process that died."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Blob(Value):
    """A content in a store."""

    digest: str
    """SHA-256, 64 hexadecimal digits in lower case."""
    size_bytes: int


class BlobStore:
    """The blobs below one directory, which is made when the first one is written.

    All methods may be called from any thread and from several processes at once.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def put(self, source: BinaryIO) -> Blob:
        """Read `source` to its end, keep what it holds, and say what that is called.

        Content that is already there is not kept twice; it counts as new for `remove_unused`.
        Memory stays below a megabyte whatever the size. What `source.read` raises passes through,
        and nothing is kept then.

        Raises:
            StoreError: It cannot be written.
        """
        number, unfinished = self._new_file()
        try:
            with open(number, "wb", buffering=0) as file:  # noqa: PTH123 - a descriptor
                blob = self._fill(file, source)
            self._publish(unfinished, blob)
        except BaseException:
            Path(unfinished).unlink(missing_ok=True)
            raise
        return blob

    def open(self, digest: str) -> BinaryIO:
        """Return a blob for reading, to be closed by the caller.

        It stays readable when it is removed meanwhile. `digest` may come from anywhere.

        Raises:
            NotFoundError: There is none of that name.
            StoreError: It cannot be read.
        """
        path = self._path(digest)
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            return open(os.open(path, flags), "rb")  # noqa: PTH123 - a descriptor
        except FileNotFoundError as error:
            raise NotFoundError(f"there is no blob '{digest}'") from error
        except OSError as error:
            raise StoreError(f"the blob '{digest}' cannot be read: {error.strerror}") from error

    def path(self, digest: str) -> Path:
        """Return where a blob is or would be; never write there.

        Raises:
            NotFoundError: `digest` is no digest.
        """
        return self._path(digest)

    def remove_unused(self, used: Collection[str], older_than_s: float = 3600.0) -> int:
        """Remove the blobs that are not in `used`, and return how many bytes that freed.

        A blob that was written less than `older_than_s` seconds ago stays: who wrote it may not
        have noted its name yet. So do files that are none of the store's. What was abandoned half
        written is removed after a day.

        Raises:
            StoreError: One cannot be removed.
        """
        now = time.time()
        freed = 0
        for path in self._files():
            age_s = _ABANDONED_S if path.name.startswith(_UNFINISHED) else older_than_s
            if path.name not in used:
                freed += _remove_older(path, now - age_s)
        return freed

    # Names are plain texts from here on: there may be a hundred thousand of them, and making paths
    # of them took half of the time.
    def _new_file(self) -> tuple[int, str]:
        name = f"{self._directory}/{_UNFINISHED}{os.urandom(12).hex()}"
        try:
            try:
                return os.open(name, _NEW, 0o600), name
            except FileNotFoundError:
                self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                return os.open(name, _NEW, 0o600), name
        except OSError as error:
            raise self._unwritable(error) from error

    def _fill(self, file: BinaryIO, source: BinaryIO) -> Blob:
        import hashlib  # noqa: PLC0415 - 3 ms, and few runs need it

        digest = hashlib.sha256()
        size = 0
        while block := source.read(_BLOCK):
            digest.update(block)
            size += len(block)
            self._write_all(file, block)
        return Blob(digest=digest.hexdigest(), size_bytes=size)

    def _write_all(self, file: BinaryIO, block: bytes) -> None:
        left = memoryview(block)
        try:
            while left:
                left = left[file.write(left) :]
        except OSError as error:
            raise self._unwritable(error) from error

    def _publish(self, unfinished: str, blob: Blob) -> None:
        """Give a finished file its name; what is there is replaced by the same content.

        It is replaced because its time must be now: it may be about to be removed as old.
        """
        parent = f"{self._directory}/{blob.digest[:2]}"
        path = f"{parent}/{blob.digest}"
        try:
            try:
                os.rename(unfinished, path)  # noqa: PTH104 - see _new_file
            except FileNotFoundError:
                Path(parent).mkdir(mode=0o700, exist_ok=True)
                os.rename(unfinished, path)  # noqa: PTH104
        except OSError as error:
            raise self._unwritable(error) from error

    def _path(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise NotFoundError(f"there is no blob '{digest}'")
        return self._directory / digest[:2] / digest

    def _files(self) -> Iterator[Path]:
        try:
            for entry in sorted(self._directory.iterdir()):
                if entry.name.startswith(_UNFINISHED):
                    yield entry
                elif len(entry.name) == 2 and entry.is_dir() and not entry.is_symlink():  # noqa: PLR2004
                    yield from (path for path in entry.iterdir() if _DIGEST.fullmatch(path.name))
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError(f"the blobs cannot be listed: {error.strerror}") from error

    def _unwritable(self, error: OSError) -> StoreError:
        return StoreError(f"nothing can be kept in '{self._directory}': {error.strerror}")


def _remove_older(path: Path, before_s: float) -> int:
    """Remove a file that was last written before a time; return its size, or 0 if it stays."""
    try:
        found = path.lstat()
        if found.st_mtime >= before_s:
            return 0
        path.unlink()
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise StoreError(f"'{path}' cannot be removed: {error.strerror}") from error
    return found.st_size
