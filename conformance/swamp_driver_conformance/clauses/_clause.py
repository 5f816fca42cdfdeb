"""What a clause is."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import attrs

Level = Literal["MUST", "SHOULD", "MAY"]
"""As in RFC 2119. Only a MUST decides the verdict; a SHOULD that fails is reported beside it."""

Status = Literal["active", "provisional", "retired"]
"""`provisional` is run and listed and does not count, for one minor version of the contract;
`retired` is not run, and its id is never used again."""


@attrs.frozen(kw_only=True)
class Clause:
    """One thing that a driver promises."""

    id: str
    """`SWD-<AREA>-<NNN>`; never used for anything else again."""
    level: Level
    text: str
    """What the driver does, in one or two sentences."""
    why: str
    """What goes wrong for whom where it does not; with the place where it did."""
    capability: str | None = None
    """It holds for drivers that declare this capability; None: for every driver."""
    without: str | None = None
    """It holds for drivers that do *not* declare this capability."""
    since: str = "1.0"
    """The version of the contract that it came with."""
    status: Status = "active"
    untested: str = ""
    """Why the suite cannot test it, and who can; empty: the suite tests it."""
    unmutated: str = ""
    """Why no broken driver of the self-test breaks it; empty: one does."""

    @property
    def area(self) -> str:
        """Return the middle part of the id."""
        return self.id.split("-")[1]

    @property
    def profile(self) -> str:
        """Return `core` where it holds for every driver, else the capability that decides."""
        if self.capability is not None:
            return self.capability
        return "core" if self.without is None else f"without {self.without}"

    def applies_to(self, capabilities: Collection[str]) -> bool:
        """Return whether it holds for a driver that declares these capabilities."""
        declared = self.capability is None or self.capability in capabilities
        return declared and (self.without is None or self.without not in capabilities)


@attrs.frozen(kw_only=True)
class Area:
    """Clauses that belong together."""

    name: str
    """The middle part of their ids."""
    title: str
    intro: str
    clauses: tuple[Clause, ...]
