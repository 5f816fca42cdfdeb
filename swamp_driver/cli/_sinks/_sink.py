"""What every view of a run can do."""

from __future__ import annotations

from enum import IntEnum
from typing import Protocol

from swamp_driver.spec import RunEvent


class Verbosity(IntEnum):
    """How much a view tells."""

    QUIET = 0
    """Failures and the last line."""
    NORMAL = 1
    VERBOSE = 2
    """Also commands, times, places and what drivers do."""


class Sink(Protocol):
    """A view of one run. It never raises because of who reads it, or fails to."""

    def on_event(self, event: RunEvent) -> None:
        """Take an event: in order, one at a time, from any thread."""
        ...

    def say(self, text: str) -> None:
        """Tell the person something that is not an event, as a diagnostic. From any thread."""
        ...

    def close(self) -> None:
        """End the view and leave the terminal as it was; twice is fine."""
        ...
