"""How a step or a run ended, in the words of every view."""

from __future__ import annotations

from swamp_driver.cli._run_view import RunView, StepState


def describe_end(step: StepState) -> str:
    """Return how a step ended, in words: `failed: exit code 2`, `timed out`, `skipped`."""
    ended = step.ended
    if ended is None or step.status in ("succeeded", "skipped"):
        return step.status
    words = _END_WORDS.get(str(ended.end), "failed")
    if ended.end == "signalled" and ended.signal is not None:
        words = f"killed by signal {ended.signal}"
    elif ended.end == "failed" and ended.exit_code is not None:
        words = f"failed: exit code {ended.exit_code}"
    if ended.detail:
        words += f" ({ended.detail})" if ":" in words else f": {ended.detail}"
    return f"{words} (allowed)" if step.forgiven else words


_END_WORDS = {
    "timed-out": "timed out",
    "cancelled": "cancelled",
    "out-of-memory": "out of memory",
    "lost": "lost",
}


def plural(count: int, noun: str) -> str:
    """Return `1 step`, `2 steps`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def count_steps(view: RunView) -> str:
    """Return `3 succeeded, 2 failed (1 allowed), 2 skipped`: what there is, in this order."""
    counts = view.count()
    forgiven = sum(step.forgiven for step in view.steps)
    order = ("succeeded", "failed", "cancelled", "skipped", "running", "waiting")
    words = {status: f"{counts[status]} {status}" for status in order if counts[status]}
    if forgiven:
        words["failed"] += f" ({forgiven} allowed)"
    return ", ".join(words.values())
