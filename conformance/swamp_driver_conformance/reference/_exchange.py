"""The exchange directory of a step."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from swamp_driver.spec import StepRequest, WorkspaceRequest
from swamp_driver_conformance.reference._tree import TreeRemoval

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Exchange:
    """The exchange directory of one step: new before it, gone after it."""

    removal: type[TreeRemoval] = TreeRemoval

    def __init__(self, request: WorkspaceRequest, step: StepRequest) -> None:
        self.request = request
        self.step = step
        self.path = Path(step.exchange)

    def make(self) -> None:
        """Make it, with the files and directories that the step wants."""
        self.path.parent.mkdir(exist_ok=True)
        self.clear()
        self.path.mkdir()
        self._give(self.path, 0o755)
        for name in self.step.directories:
            (self.path / name).mkdir()
            self._give(self.path / name, 0o755)
        for name, content in self.step.files.items():
            self.write(self.path / name, content)
            self._give(self.path / name, 0o644)

    def clear(self) -> None:
        """Remove what an earlier step put in its place."""
        self.removal(deadline_s=30).remove(str(self.path))

    def write(self, path: Path, content: bytes) -> None:
        """Write one of the files."""
        path.write_bytes(content)

    def _give(self, path: Path, mode: int) -> None:
        path.chmod(mode)
        os.chown(path, self.request.uid, self.request.gid)

    def collect(self) -> tuple[dict[str, bytes], dict[str, str]]:
        """Return the files that the step wants read, and why some are not."""
        files: dict[str, bytes] = {}
        problems: dict[str, str] = {}
        with contextlib.suppress(OSError), self._opened() as fd:
            for name in self.step.collect:
                try:
                    found = self.read(name, fd)
                except FileNotFoundError:
                    continue
                except OSError as error:
                    found = str(error.strerror).lower()
                if isinstance(found, bytes):
                    files[name] = found
                else:
                    problems[name] = found
        return files, problems

    @contextlib.contextmanager
    def _opened(self) -> Iterator[int]:
        fd = os.open(self.path, _DIRECTORY)
        try:
            yield fd
        finally:
            os.close(fd)

    def read(self, name: str, fd: int) -> bytes | str:
        """Return the content of a file, or why it is not read."""
        kind = stat.S_IFMT(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode)
        if kind != stat.S_IFREG:
            return "it is not a regular file"
        limit = self.step.collect_limit_bytes
        with open(os.open(name, _READ, dir_fd=fd), "rb") as file:  # noqa: PTH123 - a descriptor
            content = file.read(limit + 1)
        return content if len(content) <= limit else f"it is larger than {limit} bytes"

    def remove(self) -> list[str]:
        """Remove it; return what could not be removed."""
        try:
            return self.removal(deadline_s=30).remove(str(self.path))
        except OSError as error:
            return [f"'{self.path}' is not removed: {str(error.strerror).lower()}"]
