"""The proof that both sides see the same directory."""

from __future__ import annotations

import shutil
from pathlib import Path

import attrs
import pytest

from swamp_driver.errors import WorkspaceError
from swamp_driver_docker_ws._handshake import shake_hands


@attrs.frozen
class Far:
    """A far side that sees `there` where this side sees `here`."""

    here: str
    there: str

    def _path(self, path: str) -> Path:
        return Path(path.replace(self.here, self.there))

    def read_file(self, path: str, *, limit_bytes: int) -> bytes:
        """Read a file there."""
        try:
            return self._path(path).read_bytes()[:limit_bytes]
        except OSError as error:
            raise WorkspaceError(f"'{path}': ENOENT") from error

    def write_file(self, path: str, data: bytes, /) -> None:
        """Write a file there."""
        self._path(path).write_bytes(data)


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """Return a run directory."""
    (tmp_path / "run/exchange").mkdir(parents=True)
    return tmp_path / "run"


def test_the_same_directory_passes_and_stays_clean(run_dir: Path) -> None:
    """Nothing of the handshake is left for the steps to see."""
    shake_hands(Far(str(run_dir), str(run_dir)), run_dir=str(run_dir))
    assert list((run_dir / "exchange").iterdir()) == []


def test_another_directory_does_not_pass(run_dir: Path, tmp_path: Path) -> None:
    """An empty one of the same name is what a confined or remote engine mounts."""
    (tmp_path / "other/exchange").mkdir(parents=True)
    with pytest.raises(WorkspaceError, match="not the same directory") as caught:
        shake_hands(Far(str(run_dir), str(tmp_path / "other")), run_dir=str(run_dir))
    assert str(run_dir) in str(caught.value)
    assert list((run_dir / "exchange").iterdir()) == []


def test_a_copy_does_not_pass(run_dir: Path, tmp_path: Path) -> None:
    """It has our files, but what is written there never arrives."""

    class Copying(Far):
        """Copies this side's files before each read."""

        def read_file(self, path: str, *, limit_bytes: int) -> bytes:
            shutil.copytree(self.here, self.there, dirs_exist_ok=True)
            return super().read_file(path, limit_bytes=limit_bytes)

    with pytest.raises(WorkspaceError, match="does not arrive"):
        shake_hands(Copying(str(run_dir), str(tmp_path / "copy")), run_dir=str(run_dir))
