"""The words for how steps and runs end: the same under every driver."""

from __future__ import annotations

from enum import StrEnum


class StepEnd(StrEnum):
    """How the program of a step ended, as its driver saw it. A closed list (SWD-RESULT).

    The first six speak of the step, `LOST` of the driver: the step was running when contact with
    it was lost, so its true end is not known. A driver never guesses: a container killed from
    outside is lost, not "exit 137"; `exit 137` by the script is failed, not out of memory.
    """

    SUCCEEDED = "succeeded"
    """Exit code 0, and neither time-out nor cancel had been decided before it ended."""
    FAILED = "failed"
    """Another exit code, whatever it is: 124, 125, 126, 127, 137 and 143 have no second meaning."""
    SIGNALLED = "signalled"
    """The leader was killed by a signal that was not the driver's."""
    TIMED_OUT = "timed-out"
    """`timeout_s` passed; the driver ended it (also where the leader then exited with 0)."""
    CANCELLED = "cancelled"
    """The cancel token was set first (also where the leader then exited with 0)."""
    OUT_OF_MEMORY = "out-of-memory"
    """The leader was killed by the kernel because a memory limit of the step was reached."""
    LOST = "lost"
    """Contact was lost while it ran."""


class StepStatus(StrEnum):
    """What became of a step in its run: what conditions and expressions see."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """Any `StepEnd` but succeeded and cancelled, or a program that could not be started."""
    SKIPPED = "skipped"
    """It was never started: a condition did not hold, or its job had failed."""
    CANCELLED = "cancelled"
    """The run was cancelled before it ended."""


class RunStatus(StrEnum):
    """What became of a run."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """A job failed."""
    CANCELLED = "cancelled"
    """A person or program cancelled it."""
    BROKEN = "broken"
    """A driver or its engine broke; the steps are not to blame."""
    SUSPENDED = "suspended"
    """It waits for an approval; no process runs it, and its workspace is kept."""
    INTERRUPTED = "interrupted"
    """The process that ran it died before it could say."""
