"""Unpacking an archive that an engine made of what steps made."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from swamp_driver.errors import WorkspaceError
from swamp_driver_docker_ws._export import unpack


def entry(name: str, content: bytes = b"", **changes: object) -> tuple[tarfile.TarInfo, bytes]:
    """Return an entry of an archive."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o644
    for key, value in changes.items():
        setattr(info, key, value)
    return info, content


def directory(name: str, mode: int = 0o755) -> tuple[tarfile.TarInfo, bytes]:
    """Return a directory."""
    return entry(name, type=tarfile.DIRTYPE, mode=mode)


def chunks(*entries: tuple[tarfile.TarInfo, bytes], size: int = 700) -> Iterator[bytes]:
    """Return an archive in chunks."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for info, content in entries:
            tar.addfile(info, io.BytesIO(content))
    data = out.getvalue()
    return (data[at : at + size] for at in range(0, len(data), size))


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Return an empty directory."""
    path = tmp_path / "target"
    path.mkdir()
    return path


def test_what_was_packed_is_there_again(target: Path) -> None:
    """Bytes, modes, symlinks as they are, hard links, empty directories, and forbidding ones."""
    unpack(
        chunks(
            directory("workspace"),
            directory("workspace/shut", 0o555),
            entry("workspace/shut/file", b"x" * 5000, mode=0o751),
            directory("workspace/empty"),
            entry("workspace/link", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
            entry("workspace/hard", type=tarfile.LNKTYPE, linkname="workspace/shut/file"),
        ),
        str(target),
    )
    assert (target / "shut/file").read_bytes() == b"x" * 5000
    assert (target / "shut/file").stat().st_mode & 0o7777 == 0o751
    assert (target / "shut").stat().st_mode & 0o7777 == 0o555
    assert list((target / "empty").iterdir()) == []
    assert str((target / "link").readlink()) == "/etc/passwd"
    assert (target / "hard").samefile(target / "shut/file")
    (target / "shut").chmod(0o755)


@pytest.mark.parametrize(
    "hostile",
    [
        [entry("workspace/../../outside")],
        [entry("workspace/out", type=tarfile.SYMTYPE, linkname=".."), entry("workspace/out/x")],
        [entry("workspace/out", type=tarfile.SYMTYPE, linkname="/tmp"), entry("workspace/out/x")],
        [entry("workspace/a", type=tarfile.LNKTYPE, linkname="workspace/../../secret")],
        [entry("workspace/dev", type=tarfile.CHRTYPE)],
        [entry("workspace/twice"), entry("workspace/twice")],
        [
            entry("workspace/out", type=tarfile.SYMTYPE, linkname="../outside"),
            entry("workspace/out", b"through"),
        ],
    ],
)
def test_nothing_is_written_outside(
    target: Path, hostile: list[tuple[tarfile.TarInfo, bytes]]
) -> None:
    """Steps make the workspace, and may make it for this moment."""
    (target.parent / "secret").touch()
    with pytest.raises(WorkspaceError):
        unpack(chunks(directory("workspace"), *hostile), str(target))
    assert {path.name for path in target.parent.iterdir()} == {"target", "secret"}
    assert (target.parent / "secret").stat().st_nlink == 1


def test_a_broken_archive_is_told(target: Path) -> None:
    """An engine that dies in the middle must not leave half a result that looks whole."""
    whole = b"".join(chunks(directory("workspace"), entry("workspace/f", b"x" * 3000)))
    with pytest.raises(WorkspaceError):
        unpack(iter([whole[:2500]]), str(target))
