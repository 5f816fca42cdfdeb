"""The types of vaults: those of this package, and what is installed beside it."""

from __future__ import annotations

import functools
import importlib
from typing import Any

from swamp_driver.errors import VaultError
from swamp_driver.host._entry_points import find_entry_points
from swamp_driver.spec._suggest import did_you_mean

GROUP = "swamp.vaults"
_OWN = {
    "env": "swamp_driver.host.vaults._env:EnvVault",
    "file": "swamp_driver.host.vaults._file:FileVault",
    "keyring": "swamp_driver.host.vaults._keyring:KeyringVault",
}


def vault_type(name: str) -> Any:
    """Return the class of a type of vaults. Those of this package come first.

    Raises:
        VaultError: there is none of that name, several distributions offer it, or it cannot be
            loaded.
    """
    value = _OWN.get(name) or _installed(name)
    module, _, attribute = value.partition(":")
    try:
        found = functools.reduce(getattr, attribute.split("."), importlib.import_module(module))
    except Exception as error:  # importing runs whatever its author wrote
        raise VaultError(f"the vault type '{name}' cannot be loaded: {error!r}") from error
    if not callable(getattr(found, "get", None)) or not isinstance(
        getattr(found, "config", None), type
    ):
        raise VaultError(f"the vault type '{name}' ({value}) needs 'config' and 'get'")
    return found


def _installed(name: str) -> str:
    found = {point.value: point for point in find_entry_points(GROUP)}
    values = [value for value, point in found.items() if point.name == name]
    if len(values) == 1:
        return values[0]
    if values:
        raise VaultError(f"several packages offer the vault type '{name}': {', '.join(values)}")
    names = sorted({*_OWN, *(point.name for point in found.values())})
    hint = did_you_mean(name, names) or f"there are: {', '.join(names)}"
    raise VaultError(f"unknown vault type '{name}' ({hint})")
