"""All mutants; importing their modules declares them."""

from __future__ import annotations

import importlib

from swamp_driver_conformance.mutants._registry import REGISTRY, Mutant

_AREAS = ("cap", "ws", "files", "exec", "env", "log", "life", "par", "result", "td", "gc", "sec")


def _declared() -> tuple[Mutant, ...]:
    for area in _AREAS:
        importlib.import_module(f"swamp_driver_conformance.mutants._{area}")
    return tuple(REGISTRY.values())


MUTANTS = _declared()
