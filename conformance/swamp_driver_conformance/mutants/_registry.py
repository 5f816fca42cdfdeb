"""How mutants are declared: a part of the reference driver, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from swamp_driver.spec import DriverInfo
from swamp_driver_conformance.reference import (
    Exchange,
    OutputPump,
    ReferenceDriver,
    RunFiles,
    StepRun,
    TreeRemoval,
)

EVERYTHING = "SWD-*"
"""In `also`: what it breaks is so common that any other clause may suffer."""


@attrs.frozen(kw_only=True)
class Mutant:
    """A driver that breaks the contract on purpose."""

    name: str
    object_path: str
    story: str
    """What it does, in a few words."""
    kills: frozenset[str]
    """The clauses that must be red."""
    also: frozenset[str] = frozenset()
    """The clauses that may be."""
    needs: tuple[str, ...] = ()
    """What has to be there for it: `root`, `linux`, a utility."""

    @property
    def area(self) -> str:
        """Return the area of the first clause that it breaks."""
        return min(self.kills).split("-")[1]


REGISTRY: dict[str, Mutant] = {}

Decorator = Callable[[Any], type[ReferenceDriver]]


def mutant(
    story: str, *, kills: str, also: str = "", needs: str = "", base: type | None = None
) -> Decorator:
    """Declare a mutant; `kills` and `also` are ids without `SWD-`, with spaces between them.

    The class below is a driver, or a part of one (a `StepRun`, an `Exchange`, an `OutputPump`, a
    `RunFiles`, a `TreeRemoval`), of which a driver is then made: of `base`, the reference driver
    if None.
    """

    def declare(part: Any) -> type[ReferenceDriver]:
        cls: type[ReferenceDriver] = _driver_of(part, base or ReferenceDriver)
        name = part.__name__
        cls.__name__ = cls.__qualname__ = name
        cls.__module__ = part.__module__
        REGISTRY[name] = Mutant(
            name=name,
            object_path=f"{part.__module__}:{name}",
            story=story,
            kills=_ids(kills),
            also=_ids(also),
            needs=tuple(needs.split()),
        )
        return cls

    return declare


def _driver_of(part: type, base: type) -> Any:
    if issubclass(part, ReferenceDriver):
        return part
    members: dict[str, Any] = {}
    if issubclass(part, RunFiles):
        members["files_class"] = part
    elif issubclass(part, TreeRemoval):
        members["files_class"] = type("Files", (RunFiles,), {"removal": part})
    elif issubclass(part, StepRun):
        members["step_class"] = part
    elif issubclass(part, Exchange):
        members["step_class"] = type("Step", (StepRun,), {"exchange_class": part})
    elif issubclass(part, OutputPump):
        members["step_class"] = type("Step", (StepRun,), {"pump_class": part})
    else:
        raise TypeError(f"'{part.__name__}' is no part of the reference driver")
    return type(part.__name__, (base,), members)


def _ids(words: str) -> frozenset[str]:
    return frozenset(word if word == EVERYTHING else f"SWD-{word}" for word in words.split())


def declares(*capabilities: str, without: str = "", **changes: Any) -> DriverInfo:
    """Return the info of the reference driver with more or fewer capabilities."""
    held = (ReferenceDriver.info.capabilities | set(capabilities)) - {without}
    return attrs.evolve(ReferenceDriver.info, capabilities=held, **changes)
