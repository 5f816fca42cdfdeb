"""Drivers that are wrong in one way each: they prove that the suite finds it.

Each says which clauses it breaks (`kills`) and which others may suffer from it (`also`); the
self-test holds it to that: `kills <= red <= kills | also`.
"""

from swamp_driver_conformance.mutants._all import MUTANTS
from swamp_driver_conformance.mutants._registry import EVERYTHING, Mutant

__all__ = ["EVERYTHING", "MUTANTS", "Mutant"]
