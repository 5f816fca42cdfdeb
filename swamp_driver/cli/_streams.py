"""Writing to stdout and stderr, whatever becomes of whoever reads them."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
from pathlib import Path
from typing import TextIO


class Writer:
    """Writes text to a stream until nobody reads it any more.

    A reader that goes away (`| head -1`), a full disk, a closed terminal: from then on it drops
    what it is given, and never raises. So a view can never stop a run. Thread-safe.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.broken = False
        self._lock = threading.Lock()

    def write(self, text: str) -> None:
        """Write `text` at once, all of it, or drop it."""
        with self._lock:
            if self.broken or not text:
                return
            try:
                self.stream.write(text)
                self.stream.flush()
            except (OSError, ValueError):  # ValueError: the stream was closed
                self.broken = True
                silence(self.stream)

    def write_bytes(self, data: bytes) -> None:
        """Write bytes as they are, or drop them."""
        with self._lock:
            if self.broken or not data:
                return
            try:
                self.stream.flush()
                self.stream.buffer.write(data)
                self.stream.buffer.flush()
            except (OSError, ValueError):
                self.broken = True
                silence(self.stream)

    def line(self, text: str = "") -> None:
        """Write a line."""
        self.write(text + "\n")


def stdout() -> Writer:
    """Return a writer for stdout as it is now."""
    return Writer(sys.stdout)


def stderr() -> Writer:
    """Return a writer for stderr as it is now (a live view may have put itself in between)."""
    return Writer(sys.stderr)


def silence(stream: TextIO) -> None:
    """Send what is still in the stream's buffer to nowhere.

    Without it the interpreter tries again to flush at exit, and complains.
    """
    with contextlib.suppress(OSError, ValueError, AttributeError):
        target = stream.fileno()
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, target)
        os.close(null)


def prepare_streams() -> None:
    """Make stdout and stderr such that writing text to them cannot fail for what it says.

    Characters that they cannot encode are written as escapes; one that the caller closed (`>&-`)
    goes to nowhere.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
