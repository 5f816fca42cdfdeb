"""RunFacts -> a Mermaid flow chart, for places that draw them: READMEs, issues, wikis."""

from __future__ import annotations

from collections.abc import Iterator

from swamp_driver.cli._durations import format_duration
from swamp_driver.cli._report._facts import JobFacts, RunFacts

_COLOURS = {
    "succeeded": "#1a7f37",
    "failed": "#cf222e",
    "allowed": "#9a6700",
    "cancelled": "#6e7781",
    "skipped": "#6e7781",
    "running": "#0969da",
}
_MOST_STEPS = 30


def render_mermaid(facts: RunFacts) -> str:
    """Return the jobs as boxes with their steps, and arrows between jobs that wait for others."""
    return "\n".join(_lines(facts)) + "\n"


def _lines(facts: RunFacts) -> Iterator[str]:
    yield "flowchart LR"
    numbers = {job.name: number for number, job in enumerate(facts.jobs)}
    for job in facts.jobs:
        yield from _job(job, numbers[job.name])
    for job in facts.jobs:
        for other in job.depends_on:
            yield f"  j{numbers[other]} --> j{numbers[job.name]}"
    for status, colour in _COLOURS.items():
        yield f"  classDef {status} stroke:{colour},stroke-width:2px"


def _job(job: JobFacts, number: int) -> Iterator[str]:
    yield f'  subgraph j{number}["{_text(job.name)}"]'
    for position, step in enumerate(job.steps[:_MOST_STEPS]):
        took = "" if step.record.started_at is None else format_duration(step.record.duration_s)
        label = _text(f"{step.record.step} {took}".rstrip())
        yield f'    j{number}s{position}["{label}"]:::{step.status}'
    if (more := len(job.steps) - _MOST_STEPS) > 0:
        yield f'    j{number}more["and {more} more"]'
    if not job.steps:
        yield f'    j{number}none["{_text(", ".join(job.waiting) or "no step")}"]'
    yield "  end"


def _text(text: str) -> str:
    """Return text as Mermaid takes it in quotes: no quotes, no markup, one line."""
    return "".join(
        char if char.isalnum() or char in " ._/:,-" else f"#{ord(char)};" for char in text
    )
