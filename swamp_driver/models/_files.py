"""Files that methods write."""

from __future__ import annotations

from typing import IO, Any, Callable


class FileWriter:
    """Writes one file of a method; kept when it is closed. Made by `Model.create_file_writer`."""

    def __init__(self, name: str, keep: Callable[[IO[bytes]], None]) -> None:
        self.name = name
        self._keep = keep
        import tempfile  # noqa: PLC0415 - 10 ms, and not every method writes files

        self._file: IO[bytes] | None = tempfile.TemporaryFile()  # noqa: SIM115 - closed below

    def write(self, data: bytes | str) -> int:
        """Append bytes, or text as UTF-8; return how many bytes."""
        return self._open.write(data.encode() if isinstance(data, str) else data)

    def flush(self) -> None:
        """Hand over what is buffered to the file."""
        self._open.flush()

    def fileno(self) -> int:
        """Return the descriptor, for a `subprocess` that writes into it."""
        self._open.flush()
        return self._open.fileno()

    def close(self) -> None:
        """Keep the file as it is now; twice is fine.

        Raises:
            LimitError: It is too large to be kept.
        """
        file, self._file = self._file, None
        if file is not None:
            with file:
                file.flush()
                file.seek(0)
                self._keep(file)

    @property
    def _open(self) -> IO[bytes]:
        if self._file is None:
            raise ValueError(f"the file {self.name!r} is closed")
        return self._file

    def __enter__(self) -> FileWriter:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
