"""Secrets in the keyring of the user's session, through the library `keyring`."""

from __future__ import annotations

import attrs

from swamp_driver.errors import VaultError
from swamp_driver.spec import option


@attrs.frozen(kw_only=True)
class KeyringConfig:
    """Options of the vault type `keyring`."""

    service: str = option(help="The service that the entries belong to.", default="swamp-driver")


class KeyringVault:
    """The entries of one service; a key is the name of the user there."""

    config = KeyringConfig

    def __init__(self, config: KeyringConfig, repository: str) -> None:
        del repository
        self._service = config.service

    def get(self, key: str) -> str | None:
        """Return the password of the entry with that name."""
        try:
            import keyring  # noqa: PLC0415 - an extra, and it looks for backends when imported
            from keyring.errors import KeyringError  # noqa: PLC0415
        except ImportError as error:
            raise VaultError(
                "the package 'keyring' is not installed: pip install 'swamp-drivers[keyring]'"
            ) from error
        try:
            return keyring.get_password(self._service, key)
        except KeyringError as error:
            raise VaultError(f"the keyring cannot be used: {error}") from error
