"""Files as the engine takes them: a tar archive."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Sequence

from swamp_driver_docker_ws._engine_api import ArchiveEntry


def tar_of(entries: Sequence[ArchiveEntry]) -> bytes:
    """Return an archive of the entries with paths relative to the root directory."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for entry in entries:
            info = tarfile.TarInfo(entry.path.lstrip("/"))
            info.mode, info.uid, info.gid = entry.mode, entry.uid, entry.gid
            info.type = tarfile.DIRTYPE if entry.content is None else tarfile.REGTYPE
            info.size = len(entry.content or b"")
            tar.addfile(info, io.BytesIO(entry.content or b""))
    return out.getvalue()
