"""RunFacts -> one HTML file that needs nothing else: no network, no fonts, no scripts of others."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import attrs

from swamp_driver._value import Value
from swamp_driver.cli._durations import format_bytes, format_duration, format_time
from swamp_driver.cli._report._facts import RunFacts, StepFacts, span_of
from swamp_driver.cli._report._graph import draw_graph
from swamp_driver.cli._report._lanes import lanes_of
from swamp_driver.cli._report._markup import log_markup, markdown_markup
from swamp_driver.cli._untrusted import escape_controls
from swamp_driver.cli._words import describe_end, plural
from swamp_driver.host import looks_secret
from swamp_driver.spec import Json

_CHART_WIDTH = 1000
_LANE = 20
_AXIS = 22
_LEAST_WIDTH = 2.0
_TICKS = 6


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Bar(Value):
    """A step in the timeline; sizes in pixels of a chart that is 1000 wide."""

    step: StepFacts
    x: float
    y: int
    width: float
    title: str


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Timeline(Value):
    """When which step ran: as many lanes as ran at once."""

    width: int
    height: int
    bars: tuple[Bar, ...]
    ticks: tuple[tuple[float, str], ...]
    at_once: int


def render_page(facts: RunFacts) -> str:
    """Return the page.

    Whatever steps printed and files are called is text in it and never markup (it is escaped where
    it is put in). Values of inputs whose names look secret are not in it.
    """
    import jinja2  # noqa: PLC0415 - 40 ms, and only for this page

    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
    )
    environment.filters.update(
        duration=format_duration,
        size=format_bytes,
        time=format_time,
        ended=describe_end,
        log=log_markup,
        markdown=markdown_markup,
        json=lambda value: json.dumps(value, ensure_ascii=False, indent=1),
    )
    failed = [step for step in facts.steps if step.status == "failed"]
    return environment.get_template("page.html.j2").render(
        facts=facts,
        run=facts.record,
        failed=failed,
        others=[step for step in facts.steps if step.status != "failed"],
        counts=_counts(facts),
        graph=draw_graph(facts.jobs),
        timeline=draw_timeline(facts),
        inputs={name: _shown(name, value) for name, value in facts.record.inputs.items()},
        took=facts.ended_at - facts.record.started_at,
    )


def _visible(value: object) -> object:
    """Return text that is put into the page with its control characters made visible."""
    return escape_controls(value) if type(value) is str else value


def _shown(name: str, value: Json) -> str:
    if looks_secret(name):
        return "***"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _counts(facts: RunFacts) -> str:
    statuses = [step.status for step in facts.steps]
    found = {status: statuses.count(status) for status in dict.fromkeys(statuses)}
    words = ", ".join(f"{count} {status}" for status, count in found.items())
    return f"{plural(len(facts.jobs), 'job')}, {plural(len(statuses), 'step')}: {words or 'none'}"


def draw_timeline(facts: RunFacts) -> Timeline:
    """Return the timeline of all steps that were started."""
    steps: Sequence[StepFacts] = facts.started_steps
    spans = [span_of(step, facts) for step in steps]
    lanes = lanes_of(spans)
    begin = facts.record.started_at
    length = max([facts.ended_at, *(end for _, end in spans)]) - begin or 1.0
    scale = _CHART_WIDTH / length
    at_once = max(lanes, default=-1) + 1
    return Timeline(
        width=_CHART_WIDTH,
        height=_AXIS + at_once * _LANE,
        bars=tuple(
            Bar(
                step=step,
                x=round((start - begin) * scale, 2),
                y=_AXIS + lane * _LANE,
                width=round(max(_LEAST_WIDTH, (end - start) * scale), 2),
                title=f"{step.label}: {describe_end(step.record)}, {format_duration(end - start)}",
            )
            for step, (start, end), lane in zip(steps, spans, lanes, strict=True)
        ),
        ticks=tuple(
            (_CHART_WIDTH * number / _TICKS, format_duration(length * number / _TICKS))
            for number in range(_TICKS)
        ),
        at_once=at_once,
    )
