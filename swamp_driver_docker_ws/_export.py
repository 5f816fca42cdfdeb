"""Unpacking what an engine packed: a tar stream whose content is not to be trusted."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from swamp_driver.errors import WorkspaceError

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MODE_BITS = 0o7777


def unpack(chunks: Iterator[bytes], directory: str) -> None:
    """Put the files of a packed directory into `directory`, which is empty.

    The packed directory itself is left out. Modes, symlinks and empty directories are kept; owners
    are not. Written in order, with nothing followed: a name, or a symlink that was unpacked before,
    cannot lead out of `directory`.

    Raises:
        WorkspaceError: The stream is broken, an entry would leave `directory` or is a device, or it
            cannot be written.
    """
    root = os.path.realpath(directory)
    modes: list[tuple[Path, int]] = []
    try:
        with tarfile.open(fileobj=_Chunks(chunks), mode="r|") as tar:
            for member in tar:
                relative = _below(member.name)
                if relative is not None:
                    target = _inside(root, relative)
                    _unpack_one(tar, member, target, root)
                    if member.isdir():
                        modes.append((target, member.mode & _MODE_BITS))
        # Last and from the inside out: a directory may forbid what is still to be written.
        for path, mode in reversed(modes):
            path.chmod(mode)
    except tarfile.TarError as error:
        raise WorkspaceError(f"the engine's archive cannot be read: {error}") from error
    except OSError as error:
        where = error.filename or directory
        raise WorkspaceError(f"'{where}' cannot be written: {error.strerror}") from error


def _below(name: str) -> PurePosixPath | None:
    """Return a name without the packed directory's own; None for that directory itself."""
    parts = PurePosixPath(name).parts[1:]
    return PurePosixPath(*parts) if parts else None


def _inside(root: str, relative: PurePosixPath) -> Path:
    """Return where an entry goes, if that is really inside."""
    parent = os.path.realpath(Path(root) / relative.parent)
    if ".." in relative.parts or os.path.commonpath([root, parent]) != root:
        raise WorkspaceError(f"'{relative}' would be written outside of '{root}'")
    return Path(parent, relative.name)


def _unpack_one(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path, root: str) -> None:
    if member.isdir():
        target.mkdir(mode=0o700)
    elif member.issym():
        target.symlink_to(member.linkname)
    elif member.islnk():
        origin = _below(member.linkname)
        if origin is None:
            raise WorkspaceError(f"'{member.name}' is a link to no file")
        os.link(_inside(root, origin), target, follow_symlinks=False)
    elif member.isfile():
        content = tar.extractfile(member)
        assert content is not None
        with open(os.open(target, _NEW, 0o600), "wb") as out:  # noqa: PTH123 - a descriptor
            shutil.copyfileobj(content, out)
            os.fchmod(out.fileno(), member.mode & _MODE_BITS)
    elif member.isfifo():
        os.mkfifo(target, member.mode & _MODE_BITS)
    else:
        raise WorkspaceError(f"'{member.name}' is a device, which cannot be copied")


class _Chunks(io.RawIOBase):
    """Chunks as a file that is read in order."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """Return `size` bytes, fewer only at the end."""
        parts = [self._rest]
        have = len(self._rest)
        while size < 0 or have < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            parts.append(chunk)
            have += len(chunk)
        data = b"".join(parts)
        self._rest = data[size:] if size >= 0 else b""
        return data[:size] if size >= 0 else data
