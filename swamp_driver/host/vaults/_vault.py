"""What a vault is."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol


class Vault(Protocol):
    """Gives secrets by name. A distribution offers types of vaults as entry points `swamp.vaults`.

    The entry point is named as the type and names a class of this shape. It is constructed once in
    a run, when the first secret is asked for, from the options that the repository declares; its
    methods are called from one thread at a time.
    """

    config: ClassVar[type[Any]]
    """An attrs class of the options, declared as those of a driver (`swamp_driver.spec.option`)."""

    def __init__(self, config: Any, repository: str) -> None:
        """Take the options; `repository` is the directory that relative paths begin at."""
        ...

    def get(self, key: str) -> str | None:
        """Return the secret of that name, or None where there is none.

        Raises `VaultError` where the vault cannot be used.
        """
        ...
