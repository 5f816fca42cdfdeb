"""What a test made beside its runs: decoys that a driver must not touch; and clearing it all."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

from swamp_driver_conformance.expect import Deviation

_CONTENT = b"not yours\n"


@attrs.frozen
class Decoy:
    """A directory with a file in it that nobody but the suite may touch."""

    path: Path

    def check(self, what: str) -> None:
        """Fail where anything of it changed."""
        file = self.path / "keep"
        try:
            seen = sorted(os.listdir(self.path)), file.read_bytes()  # noqa: PTH208
        except OSError as error:
            seen = str(error)  # type: ignore[assignment]
        if seen != (["keep"], _CONTENT):
            raise Deviation(what, seen=seen, expected=f"'{self.path}' is as the suite made it")


class Ledger:
    """The directory of one test, and the decoys in it. Nothing outside is ever removed."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def decoy(self, name: str) -> Decoy:
        """Make a decoy in the directory of the test."""
        path = self._root / name
        path.mkdir(parents=True)
        (path / "keep").write_bytes(_CONTENT)
        return Decoy(path)

    def clear(self) -> None:
        """Remove the directory of the test, as far as the rights of this process go."""
        if self._root.is_symlink() or not self._root.is_dir():
            return
        shutil.rmtree(self._root, onerror=_open_up)


def _open_up(function: Callable[..., Any], path: str, _: object) -> None:
    """Give ourselves the rights that a step took away, and try again; give up in silence."""
    parent = Path(path).parent
    try:
        parent.chmod(stat.S_IRWXU)
        if function in {os.scandir, os.listdir, os.open}:
            Path(path).chmod(stat.S_IRWXU)
            shutil.rmtree(path, ignore_errors=True)
        else:
            function(path)
    except OSError:
        pass
