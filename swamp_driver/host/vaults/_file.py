"""Secrets in files: one for each key, in a directory, as containers and clusters mount them."""

from __future__ import annotations

import os
import re
import stat

import attrs

from swamp_driver.errors import VaultError
from swamp_driver.spec import option

_KEY = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
_MOST_BYTES = 1024 * 1024
_OF_OTHERS = 0o077


@attrs.frozen(kw_only=True)
class FileConfig:
    """Options of the vault type `file`."""

    directory: str = option(
        help="The directory with a file for each key; a relative path begins at the repository."
    )
    check_mode: bool = option(
        help="Refuse files that others than their owner can read or write.", default=True
    )


class FileVault:
    """A directory with a file for each key. The line end at the end of a file is left out."""

    config = FileConfig

    def __init__(self, config: FileConfig, repository: str) -> None:
        self._directory = os.path.join(repository, os.path.expanduser(config.directory))  # noqa: PTH111, PTH118 - joins absolute paths too
        self._check_mode = config.check_mode

    def get(self, key: str) -> str | None:
        """Return what is in the file of that name."""
        if not re.fullmatch(_KEY, key, re.ASCII):
            raise VaultError(f"'{key}' cannot be the name of a file with a secret")
        path = os.path.join(self._directory, key)  # noqa: PTH118 - as above
        try:
            return self._read(path)
        except FileNotFoundError:
            if not os.path.isdir(self._directory):  # noqa: PTH112 - as above
                raise VaultError(f"there is no directory '{self._directory}'") from None
            return None
        except OSError as error:
            raise VaultError(f"'{path}' cannot be read: {error.strerror}") from error

    def _read(self, path: str) -> str:
        # NONBLOCK: a named pipe would be waited for.
        number = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(number, "rb") as file:  # noqa: PTH123 - a descriptor
            found = os.fstat(number)
            if not stat.S_ISREG(found.st_mode):
                raise VaultError(f"'{path}' is not a file")
            if self._check_mode and found.st_mode & _OF_OTHERS:
                raise VaultError(
                    f"others than its owner can use '{path}' (mode {found.st_mode & 0o777:o}): "
                    "write 'chmod 600' for it, or 'checkMode: false' in the vault's options"
                )
            data = file.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise VaultError(f"'{path}' is larger than {_MOST_BYTES} bytes")
        try:
            text = data.decode()
        except UnicodeDecodeError:
            raise VaultError(f"'{path}' is not UTF-8 text") from None
        return text.removesuffix("\n").removesuffix("\r")
