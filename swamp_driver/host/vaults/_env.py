"""Secrets in the environment of the caller."""

from __future__ import annotations

import os

import attrs

from swamp_driver.spec import option


@attrs.frozen(kw_only=True)
class EnvConfig:
    """Options of the vault type `env`."""

    prefix: str = option(help="What the names of the variables begin with.", default="")


class EnvVault:
    """The variables that `swamp-driver` was started with."""

    config = EnvConfig

    def __init__(self, config: EnvConfig, repository: str) -> None:
        del repository
        self._prefix = config.prefix

    def get(self, key: str) -> str | None:
        """Return the variable of that name."""
        return os.environ.get(self._prefix + key)
