"""Drivers that are correct and do it in another way: each must be found conformant.

They keep the suite from asking for what the contract does not say.
"""

from swamp_driver_conformance.variants._all import VARIANTS, Variant

__all__ = ["VARIANTS", "Variant"]
