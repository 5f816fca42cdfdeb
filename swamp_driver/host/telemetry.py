"""A run as OpenTelemetry spans, by the semantic conventions for CI/CD.

Needs the extra `swamp-drivers[otel]`; import it only where spans are wanted.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from swamp_driver import __version__
from swamp_driver.spec import (
    JobEnded,
    JobStarted,
    RunEnded,
    RunEvent,
    RunStarted,
    RunStatus,
    StepEnd,
    StepEnded,
    StepStarted,
    StepStatus,
)

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider as SdkTracerProvider

_RUN_RESULTS = {
    RunStatus.SUCCEEDED: "success",
    RunStatus.FAILED: "failure",
    RunStatus.CANCELLED: "cancellation",
}
_STEP_RESULTS = {
    StepStatus.SUCCEEDED: "success",
    StepStatus.FAILED: "failure",
    StepStatus.CANCELLED: "cancellation",
    StepStatus.SKIPPED: "skip",
}
_NANOSECONDS = 1_000_000_000


class Telemetry:
    """Makes a span for a run, one for each job in it, and one for each step in its job.

    Give it to `run` as an observer, and its `step_env` as `RunOptions.step_env`: then what steps do
    joins the trace through `TRACEPARENT`. One for each run. `on_event` is called as the bus does,
    one event at a time; `step_env` from any thread.

    Args:
        provider: Where spans go, for example one of the SDK with an exporter.
        environ: Where the caller's own `TRACEPARENT` is looked for; the run joins that trace.
    """

    def __init__(
        self, provider: TracerProvider, *, environ: Mapping[str, str] = os.environ
    ) -> None:
        self._tracer = provider.get_tracer("swamp_driver", __version__)
        carrier = {name.lower(): environ[name] for name in _CARRIED if name in environ}
        self._parent = _propagator.extract(carrier)
        self._run: Span | None = None
        self._jobs: dict[str, Span] = {}
        self._steps: dict[str, Span] = {}

    def on_event(self, event: RunEvent) -> None:
        """Take an event of the run."""
        match event:
            case RunStarted():
                self._run = self._start(
                    f"RUN {event.workflow}",
                    event,
                    self._parent,
                    {
                        "cicd.pipeline.name": event.workflow,
                        "cicd.pipeline.run.id": event.run_id,
                        "cicd.pipeline.action.name": "RUN",
                    },
                )
            case JobStarted():
                self._jobs[event.job] = self._start(event.job, event, _inside(self._run), {})
            case JobEnded() if span := self._jobs.pop(event.job, None):
                self._end(span, event, error=event.status is StepStatus.FAILED)
            case StepStarted():
                parent = self._jobs.get(event.job, self._run)
                self._steps[event.step_id] = self._start(
                    event.step,
                    event,
                    _inside(parent),
                    {
                        "cicd.pipeline.task.name": f"{event.job}/{event.step}",
                        "cicd.pipeline.task.run.id": f"{event.run_id}/{event.step_id}",
                        "cicd.worker.name": event.driver,
                    },
                )
            case StepEnded() if span := self._steps.pop(event.step_id, None):
                self._end_step(span, event)
            case RunEnded() if self._run is not None:
                result = _RUN_RESULTS.get(event.status, "error")
                self._run.set_attribute("cicd.pipeline.result", result)
                self._end(self._run, event, error=event.exit_code != 0, why="; ".join(event.errors))

    def step_env(self, step_id: str) -> dict[str, str]:
        """Return the variables through which a step that was started joins the trace."""
        span = self._steps.get(step_id)
        carrier: dict[str, str] = {}
        if span is not None:
            _propagator.inject(carrier, trace.set_span_in_context(span))
        return {name.upper(): value for name, value in carrier.items()}

    def _start(
        self, name: str, event: RunEvent, inside: Context | None, attributes: Mapping[str, str]
    ) -> Span:
        kind = SpanKind.SERVER if isinstance(event, RunStarted) else SpanKind.INTERNAL
        return self._tracer.start_span(
            name, inside, kind, dict(attributes), start_time=_time(event)
        )

    def _end_step(self, span: Span, event: StepEnded) -> None:
        result = "timeout" if event.end is StepEnd.TIMED_OUT else _STEP_RESULTS[event.status]
        span.set_attribute("cicd.pipeline.task.run.result", result)
        if event.exit_code is not None:
            span.set_attribute("process.exit.code", event.exit_code)
        if event.usage.cpu_s is not None:
            span.set_attribute("swamp.step.cpu_s", event.usage.cpu_s)
        if event.usage.max_rss_bytes is not None:
            span.set_attribute("swamp.step.max_rss_bytes", event.usage.max_rss_bytes)
        failed = event.status is StepStatus.FAILED and not event.allowed_failure
        self._end(span, event, error=failed, why=event.detail)

    def _end(self, span: Span, event: RunEvent, *, error: bool, why: str = "") -> None:
        if error:
            span.set_status(Status(StatusCode.ERROR, why or None))
        span.end(_time(event))


def exporting_provider() -> SdkTracerProvider:
    """Return a provider that exports as the `OTEL_` variables of the environment say, over OTLP.

    `shutdown` of it, at the end, sends what has not been sent.
    """
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider as Provider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = Provider(resource=Resource.create({"service.name": "swamp-driver"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=5)))
    return provider


_CARRIED = ("TRACEPARENT", "TRACESTATE")
_propagator = TraceContextTextMapPropagator()


def _inside(span: Span | None) -> Context | None:
    return None if span is None else trace.set_span_in_context(span)


def _time(event: RunEvent) -> int:
    return int(event.time_s * _NANOSECONDS)
