"""Spans of a run, and steps that join its trace."""

from __future__ import annotations

import http.server
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from swamp_driver.host import HostSettings, RunOptions, load_workflow_text, plan, run
from swamp_driver.host.telemetry import Telemetry
from tests.run.command import SWAMP_DRIVER

WORKFLOW = """
name: traced
jobs:
  - name: check
    steps:
      - {name: fine, run: 'echo "$TRACEPARENT"'}
      - {name: own, env: {TRACEPARENT: mine}, run: 'test "$TRACEPARENT" = mine'}
      - {name: allowed, allowFailure: true, run: exit 3}
      - {name: late, timeout: 100ms, run: sleep 60}
  - name: after
    dependsOn: [{job: check, condition: {type: succeeded}}]
    steps: [{name: never, run: 'true'}]
"""
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def run_traced(root: Path, environ: dict[str, str]) -> tuple[dict[str, ReadableSpan], bytes]:
    """Run the workflow; return its spans by name, and what the step `fine` printed."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    telemetry = Telemetry(provider, environ=environ)
    printed: list[bytes] = []

    class Listener:
        def on_event(self, event: object) -> None:
            if getattr(event, "kind", "") == "step-output":
                printed.append(event.data)  # type: ignore[attr-defined]

    run(
        plan(load_workflow_text(WORKFLOW)),
        observers=[telemetry, Listener()],
        settings=HostSettings(root=root / "root", state_dir=root / "state"),
        options=RunOptions(step_env=telemetry.step_env),
    )
    return {span.name: span for span in exporter.get_finished_spans()}, b"".join(printed)


def test_a_run_is_a_tree_of_spans_named_by_the_conventions(tmp_path: Path) -> None:
    """Any backend knows these names: nothing has to be configured to see pipelines in it."""
    spans, _ = run_traced(tmp_path, {})
    assert spans.keys() == {"RUN traced", "check", "fine", "own", "allowed", "late"}
    top = spans["RUN traced"]
    assert top.parent is None
    assert (top.attributes or {})["cicd.pipeline.result"] == "failure"
    assert top.status.status_code is StatusCode.ERROR
    job = spans["check"]
    assert job.parent is not None
    assert job.parent.span_id == top.context.span_id
    results = {
        name: (span.attributes or {})["cicd.pipeline.task.run.result"]
        for name, span in spans.items()
        if span.parent is not None and span.parent.span_id == job.context.span_id
    }
    assert results == {"fine": "success", "own": "success", "allowed": "failure", "late": "timeout"}
    assert spans["allowed"].status.status_code is StatusCode.UNSET
    assert spans["late"].status.status_code is StatusCode.ERROR


def test_a_step_gets_the_context_of_its_span_unless_it_sets_its_own(tmp_path: Path) -> None:
    """What it calls shows up below it in the trace."""
    spans, printed = run_traced(tmp_path, {})
    context = spans["fine"].context
    expected = f"00-{context.trace_id:032x}-{context.span_id:016x}-"
    assert printed.decode().strip()[:-2] == expected


def test_a_run_joins_the_trace_of_its_caller(tmp_path: Path) -> None:
    """A CI system that runs us has a trace already."""
    spans, _ = run_traced(tmp_path, {"TRACEPARENT": PARENT})
    top = spans["RUN traced"]
    assert f"{top.context.trace_id:032x}" == PARENT.split("-")[1]
    assert top.parent is not None
    assert f"{top.parent.span_id:016x}" == PARENT.split("-")[2]


class _Collector(http.server.BaseHTTPRequestHandler):
    received: list[tuple[str, bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.received.append((self.path, body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass


@pytest.fixture
def collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """Return the address of something that takes spans, and what it got."""
    received: list[tuple[str, bytes]] = []
    handler = type("Handler", (_Collector,), {"received": received})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", received
        finally:
            server.shutdown()
            thread.join()


def test_the_command_exports_where_the_environment_says_so(
    tmp_path: Path, collector: tuple[str, list[tuple[str, bytes]]]
) -> None:
    """The standard variables are enough; the exit code stays that of the run."""
    address, received = collector
    (tmp_path / "w.yaml").write_text(WORKFLOW, encoding="utf-8")
    environ = {
        **os.environ,
        "OTEL_EXPORTER_OTLP_ENDPOINT": address,
        "SWAMP_DRIVER_ROOT": str(tmp_path / "root"),
        "SWAMP_DRIVER_STATE": str(tmp_path / "state"),
    }
    ran = subprocess.run(
        [SWAMP_DRIVER, "run", "w.yaml", "--quiet"],
        cwd=tmp_path,
        env=environ,
        check=False,
        capture_output=True,
        timeout=120,
    )
    assert ran.returncode == 1
    assert [path for path, _ in received] == ["/v1/traces"]
    assert b"RUN traced" in received[0][1]
