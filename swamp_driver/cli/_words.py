"""How a step or a run ended, in the words of every view."""

from __future__ import annotations

from typing import Protocol

from swamp_driver.cli._run_view import RunView
from swamp_driver.spec import StepEnd, StepStatus


class Ended(Protocol):
    """What is known of a step that ended: an event and a record both have it."""

    @property
    def status(self) -> StepStatus | None:
        """Return what became of it."""

    @property
    def end(self) -> StepEnd | None:
        """Return how its program ended."""

    @property
    def exit_code(self) -> int | None:
        """Return its exit code."""

    @property
    def signal(self) -> int | None:
        """Return the signal that killed it."""

    @property
    def detail(self) -> str:
        """Return what else there is to say."""

    @property
    def allowed_failure(self) -> bool:
        """Return whether it may fail."""


def state_of(ended: Ended) -> str:
    """Return how a step stands in one word; `allowed` where it failed and may."""
    status = "running" if ended.status is None else ended.status.value
    return "allowed" if status == "failed" and ended.allowed_failure else status


def describe_end(ended: Ended) -> str:
    """Return how a step ended: `succeeded`, `failed: exit code 2`, `timed out`, `skipped`."""
    if ended.status is None:
        return ended.detail or "running"
    status = ended.status.value
    if status == "succeeded" and ended.end is StepEnd.CANCELLED:
        return "succeeded: stopped"
    if status == "succeeded":
        # what no program did says how: an approval, a `once` key
        return f"{status}: {ended.detail}" if ended.detail and ended.end is None else status
    words = _end_words(ended) if ended.end is not None else status
    if ended.detail:
        words += f" ({ended.detail})" if ": " in words else f": {ended.detail}"
    return f"{words} (allowed)" if ended.allowed_failure and status == "failed" else words


def _end_words(ended: Ended) -> str:
    match ended.end:
        case StepEnd.SIGNALLED if ended.signal is not None:
            return f"killed by signal {ended.signal}"
        case StepEnd.FAILED if ended.exit_code is not None:
            return f"failed: exit code {ended.exit_code}"
        case StepEnd.SUCCEEDED:  # its program did; something of it did not
            return "failed"
        case StepEnd.CANCELLED if ended.status is StepStatus.FAILED:  # it was of no use
            return "failed"
        case end:
            return str(end).replace("-", " ")


def count_steps(view: RunView) -> str:
    """Return `3 succeeded, 2 failed (1 allowed), 2 skipped`: what there is, in this order."""
    counts = view.count()
    forgiven = sum(step.forgiven for step in view.steps)
    order = ("succeeded", "failed", "cancelled", "skipped", "running", "asking", "waiting")
    words = {status: f"{counts[status]} {status}" for status in order if counts[status]}
    if counts["asking"]:
        words["asking"] = f"{counts['asking']} to be approved"
    if forgiven:
        words["failed"] += f" ({forgiven} allowed)"
    return ", ".join(words.values())


def plural(count: int, noun: str) -> str:
    """Return `1 step`, `2 steps`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
