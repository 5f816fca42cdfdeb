"""What was found, and what a person can do."""

from __future__ import annotations

from typing import Literal

import attrs

Level = Literal["ok", "skipped", "warning", "problem"]
"""`warning`: it works, and may surprise. `problem`: runs will fail. `skipped`: not looked at."""


@attrs.frozen(kw_only=True)
class Finding:
    """One thing that was looked at."""

    check: str
    """Two or three words: what was looked at."""
    level: Level
    what: str
    """What was found, in one line."""
    fix: str | None = None
    """What a person can do."""


@attrs.frozen(kw_only=True)
class Section:
    """What belongs together: this host, or one driver."""

    name: str
    findings: tuple[Finding, ...]

    @property
    def has_problem(self) -> bool:
        """Return whether something is wrong, and not only odd."""
        return any(one.level == "problem" for one in self.findings)
