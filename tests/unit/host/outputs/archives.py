"""Archives as a friend or an enemy would write them."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

from swamp_driver.host._blobs import BlobStore
from swamp_driver.host.outputs._limits import Limits
from swamp_driver.host.outputs._manifest import Entry, Manifest
from swamp_driver.host.outputs._receive import receive


def member(name: str, content: bytes | None = b"x", **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    """Return an entry of an archive: a file, or whatever `fields` make of it."""
    info = tarfile.TarInfo(name)
    info.size = len(content or b"")
    info.mtime = 1_000_000_000
    for key, value in fields.items():
        setattr(info, key, value)
    return info, content or b""


def directory(name: str, mode: int = 0o755) -> tuple[tarfile.TarInfo, bytes]:
    """Return a directory of an archive."""
    return member(name, None, type=tarfile.DIRTYPE, mode=mode)


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    """Return a symlink or a hard link of an archive."""
    return member(name, None, type=kind, linkname=target)


def archive(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.GNU_FORMAT) -> bytes:
    """Return an archive of these entries, in their order."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        for info, content in members:
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def take(data: bytes, store: Path, *roots: str, limits: Limits | None = None) -> Manifest:
    """Receive an archive of these roots, or of all."""
    return receive(io.BytesIO(data), roots or (".",), BlobStore(store), limits)


def a_file(path: str, content: str = "digest", **fields: Any) -> Entry:
    """Return a file of a manifest."""
    return Entry(**{"path": path, "kind": "file", "mode": 0o644, "content": content, **fields})


def a_directory(path: str, mode: int = 0o755) -> Entry:
    """Return a directory of a manifest."""
    return Entry(path=path, kind="directory", mode=mode)


def a_symlink(path: str, target: str) -> Entry:
    """Return a symlink of a manifest."""
    return Entry(path=path, kind="symlink", content=target)
