"""RunFacts -> the trace format of Chrome's tracing page and Perfetto."""

from __future__ import annotations

import json

from swamp_driver.cli._report._facts import RunFacts, StepFacts, span_of
from swamp_driver.cli._report._lanes import lanes_of
from swamp_driver.cli._words import describe_end


def render_trace(facts: RunFacts) -> str:
    """Return the run as JSON trace events: a process for each job, a thread for each lane."""
    events: list[dict[str, object]] = []
    for number, job in enumerate(facts.jobs, start=1):
        started = [step for step in job.steps if step.record.started_at is not None]
        events.append(_name("process_name", job.name, process=number))
        for step, lane in zip(started, lanes_of([span_of(s, facts) for s in started]), strict=True):
            start, end = span_of(step, facts)
            events.append(
                {
                    "ph": "X",
                    "name": step.record.step,
                    "cat": step.status,
                    "pid": number,
                    "tid": lane + 1,
                    "ts": round((start - facts.record.started_at) * 1e6),
                    "dur": round((end - start) * 1e6),
                    "args": _arguments(step),
                }
            )
    return json.dumps({"traceEvents": events, "displayTimeUnit": "ms"}) + "\n"


def _name(kind: str, name: str, *, process: int) -> dict[str, object]:
    return {"ph": "M", "name": kind, "pid": process, "tid": 0, "args": {"name": name}}


def _arguments(step: StepFacts) -> dict[str, object]:
    record = step.record
    return {
        "step id": record.step_id,
        "driver": record.driver,
        "ended": describe_end(record),
        "cpu_s": record.usage.cpu_s,
        "max_rss_bytes": record.usage.max_rss_bytes,
    }
