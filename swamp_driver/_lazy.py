"""Packages that offer more than most of those who import them need."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping


def load_on_use(
    package: str, modules: Mapping[str, tuple[str, ...]]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a package (PEP 562) for names that are seldom used.

    `modules` says which module of the package has which names: it is imported when one of them is
    asked for. The package imports the same names under `TYPE_CHECKING`, for those who read types.
    """
    home = {name: f"{package}.{module}" for module, names in modules.items() for name in names}

    def get(name: str) -> object:
        if name not in home:
            raise AttributeError(f"module '{package}' has no attribute '{name}'")
        found: object = getattr(importlib.import_module(home[name]), name)
        setattr(sys.modules[package], name, found)
        return found

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *home})

    return get, names
