"""The small images: busybox, an empty one, and one that is as unhelpful as images get."""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

from engine_setup import _api

RECIPE_LABEL = "swamp-test.recipe"
_PASSWD = b"root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/sh\n"
_GROUP = b"root:x:0:\nuser:x:1000:\n"

HOSTILE = (
    'ENTRYPOINT ["/bin/false"]',
    'CMD ["/bin/false"]',
    "USER 1000",
    "WORKDIR /nowhere/at/all",
    "VOLUME /data",
    "ENV PATH=/opt/image/bin:/bin",
    "ENV HOME=/nonexistent",
    "ENV IMAGE_SAYS=hello",
    "HEALTHCHECK --interval=1s CMD /bin/false",
)


def ensure_image(
    name: str, recipe: str, build: Callable[[], bytes | Path], *, changes: tuple[str, ...] = ()
) -> bool:
    """Make an image unless it is there, made by the same recipe; return whether it was made."""
    mark = hashlib.sha256("\n".join((recipe, *changes)).encode()).hexdigest()[:16]
    labels = _api.image_labels(name)
    if labels is not None and labels.get(RECIPE_LABEL) == mark:
        return False
    tar = build()
    changes = (*changes, f"LABEL {RECIPE_LABEL}={mark}")
    if isinstance(tar, Path):
        with tar.open("rb") as content:
            _api.import_image(name, content, changes=changes)
    else:
        _api.import_image(name, tar, changes=changes)
    return True


def ensure_small_images() -> list[str]:
    """Make the small images that are missing; return their names."""
    made = []
    recipe = "busybox 1"
    for name, changes in (
        ("swamp-test/busybox", ("ENV PATH=/usr/local/bin:/bin", 'CMD ["/bin/sh"]')),
        ("swamp-test/hostile", HOSTILE),
    ):
        if ensure_image(name, recipe, busybox_rootfs, changes=changes):
            made.append(name)
    if ensure_image("swamp-test/scratch", "scratch 1", empty_rootfs):
        made.append("swamp-test/scratch")
    return made


def busybox_rootfs() -> bytes:
    """Return a root file system of one static program and its names."""
    program = shutil.which("busybox") or "/bin/busybox"
    applets = subprocess.run(
        [program, "--list"], check=True, capture_output=True, text=True
    ).stdout.split()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for directory, mode in (
            ("bin", 0o755),
            ("etc", 0o755),
            ("tmp", 0o1777),
            ("root", 0o700),
            ("usr/bin", 0o755),
            ("usr/local/bin", 0o755),
        ):
            _add(tar, directory, mode=mode, kind=tarfile.DIRTYPE)
        _add(tar, "bin/busybox", Path(program).read_bytes(), mode=0o755)
        for applet in sorted({*applets, "sh"} - {"busybox"}):
            _add(tar, f"bin/{applet}", kind=tarfile.SYMTYPE, target="busybox")
        _add(tar, "usr/bin/env", kind=tarfile.SYMTYPE, target="/bin/busybox")
        _add(tar, "etc/passwd", _PASSWD)
        _add(tar, "etc/group", _GROUP)
    return out.getvalue()


def empty_rootfs() -> bytes:
    """Return a root file system with nothing that could run: one empty directory."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        _add(tar, "empty", mode=0o755, kind=tarfile.DIRTYPE)
    return out.getvalue()


def _add(
    tar: tarfile.TarFile,
    name: str,
    content: bytes = b"",
    *,
    mode: int = 0o644,
    kind: bytes = tarfile.REGTYPE,
    target: str = "",
) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.type, entry.linkname = len(content), mode, kind, target
    tar.addfile(entry, io.BytesIO(content))
