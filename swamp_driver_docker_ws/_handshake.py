"""The proof that a container and this process see the same run directory.

An engine elsewhere, in a virtual machine or confined by its packaging mounts an empty directory of
the right name, and every step would then work on nothing. So before any step, each side reads what
the other wrote.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Protocol

from swamp_driver.errors import WorkspaceError
from swamp_driver_docker_ws._refusals import not_shared

_LIMIT_BYTES = 256


class FarSide(Protocol):
    """What the handshake needs of an agent."""

    def read_file(self, path: str, *, limit_bytes: int) -> bytes:
        """Return the content of a file there."""
        ...

    def write_file(self, path: str, data: bytes, /) -> None:
        """Write a file there."""
        ...


def shake_hands(far: FarSide, *, run_dir: str) -> None:
    """Write here and read there, write there and read here; leave nothing behind.

    Raises:
        WorkspaceError: The two sides do not see the same directory, or the far side may not write.
    """
    token = os.urandom(8).hex()
    ours = Path(run_dir, "exchange", f".ours-{token}")
    theirs = Path(run_dir, "exchange", f".theirs-{token}")
    question, answer = os.urandom(16).hex().encode(), os.urandom(16).hex().encode()
    try:
        ours.write_bytes(question)
        if _read_there(far, ours, run_dir) != question:
            raise not_shared(run_dir, "it holds other files there")
        far.write_file(str(theirs), answer)
        if _read_here(theirs) != answer:
            raise not_shared(run_dir, "what the container writes does not arrive")
    except OSError as error:
        raise WorkspaceError(f"'{run_dir}' cannot be used: {error}") from error
    finally:
        for path in (ours, theirs):
            with contextlib.suppress(OSError):
                path.unlink()


def _read_there(far: FarSide, path: Path, run_dir: str) -> bytes:
    try:
        return far.read_file(str(path), limit_bytes=_LIMIT_BYTES)
    except WorkspaceError as error:
        raise not_shared(run_dir, str(error)) from error


def _read_here(path: Path) -> bytes | None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    with open(fd, "rb") as file:  # noqa: PTH123 - a descriptor, not a path
        return file.read(_LIMIT_BYTES)
