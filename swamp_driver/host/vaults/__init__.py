"""Vaults: where `vault.get` finds secrets."""

from swamp_driver.host.vaults._vault import Vault
from swamp_driver.host.vaults._vaults import UNDECLARED, Vaults, check_vaults

__all__ = ["UNDECLARED", "Vault", "Vaults", "check_vaults"]
