"""What a fake driver was told, and what it should not have been told."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import attrs

from swamp_driver.spec import RunContext, RunOutcome, StepRequest, Workspace


class PolicingError(AssertionError):
    """A host broke its side of the contract."""


@attrs.frozen(kw_only=True)
class Call:
    """A hook call, as it came in."""

    hook: str
    run: RunContext
    workspace: Workspace | None = None
    step: StepRequest | None = None
    outcome: RunOutcome | None = None


class Journal:
    """The calls to all instances of one fake driver class, in order. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: list[Call] = []
        self._violations: list[str] = []

    @property
    def calls(self) -> tuple[Call, ...]:
        """Return the calls so far."""
        with self._lock:
            return tuple(self._calls)

    @property
    def hooks(self) -> tuple[str, ...]:
        """Return the names of the hooks called so far."""
        return tuple(call.hook for call in self.calls)

    @property
    def steps(self) -> tuple[StepRequest, ...]:
        """Return the steps that were run, in the order in which they started."""
        return tuple(call.step for call in self.calls if call.step is not None)

    @property
    def violations(self) -> tuple[str, ...]:
        """Return everything that a host did wrong."""
        with self._lock:
            return tuple(self._violations)

    def step(self, name: str) -> StepRequest:
        """Return the one step of that name; raise `LookupError` for none or several."""
        found = [step for step in self.steps if step.name == name]
        if len(found) != 1:
            raise LookupError(f"{len(found)} steps named '{name}' were run")
        return found[0]

    def check(self) -> None:
        """Raise `PolicingError` with everything that a host did wrong: the last line of a test."""
        if violations := self.violations:
            raise PolicingError("\n".join(violations))

    def enter(self, call: Call) -> None:
        """Write down a call."""
        with self._lock:
            self._calls.append(call)

    def police(self, hook: str, violations: Iterable[str]) -> None:
        """Write down what is wrong with a call, and raise `PolicingError` if anything is.

        Written down as well, because a host takes what a driver raises for the driver's fault.
        """
        if found := self.note(hook, violations):
            raise PolicingError("\n".join(found))

    def note(self, hook: str, violations: Iterable[str]) -> list[str]:
        """Write down what is wrong with a call; return it."""
        found = [f"{hook}: {violation}" for violation in violations]
        with self._lock:
            self._violations.extend(found)
        return found
