"""A run as a page, as JUnit, as a trace and as a chart."""

from __future__ import annotations

import itertools
import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swamp_driver.cli._report import (
    RunFacts,
    render_junit,
    render_mermaid,
    render_page,
    render_trace,
)
from swamp_driver.cli._report._facts import JobFacts, StepFacts
from swamp_driver.cli._report._graph import draw_graph
from swamp_driver.cli._report._lanes import lanes_of
from swamp_driver.host import (
    LogExcerpt,
    LoggedOutput,
    ReportRecord,
    ReportStatus,
    RunRecord,
    StepRecord,
)
from swamp_driver.host.data import Artifact
from swamp_driver.spec import Owner, RunStatus, StepEnd, StepStatus, Usage

HOSTILE = b"</pre><script>alert(1)</script><img src=x onerror=alert(2)> ]]> \x1b]0;t\x07\x00\xff"


def a_log(*data: bytes, **fields: Any) -> LogExcerpt:
    """Return a log with a piece for each entry, on stdout and stderr in turn."""
    pieces = tuple(
        LoggedOutput(seq=n, time_s=0.0, stream="stderr" if n % 2 else "stdout", data=text)
        for n, text in enumerate(data)
    )
    defaults: dict[str, Any] = {"path": "/logs/s1.log", "size_bytes": sum(map(len, data))}
    return LogExcerpt(pieces=pieces, **defaults | fields)


def a_step(
    name: str, job: str = "build", *, log: LogExcerpt | None = None, **fields: Any
) -> StepFacts:
    """Return a step that succeeded; it began at second 1 and took 2."""
    defaults: dict[str, Any] = {
        "run_id": "rabc",
        "step_id": f"s{name}",
        "job": job,
        "step": name,
        "driver": "raw",
        "status": StepStatus.SUCCEEDED,
        "end": StepEnd.SUCCEEDED,
        "exit_code": 0,
        "started_at": 1.0,
        "duration_s": 2.0,
        "usage": Usage(cpu_s=0.5, max_rss_bytes=1024),
    }
    return StepFacts(record=StepRecord(**defaults | fields), log=log or a_log())


FAILED: dict[str, Any] = {"status": StepStatus.FAILED, "end": StepEnd.FAILED, "exit_code": 2}


def a_job(*steps: StepFacts, name: str = "build", **fields: Any) -> JobFacts:
    """Return a job that succeeded."""
    defaults: dict[str, Any] = {"status": "succeeded", "depends_on": (), "waiting": ()}
    return JobFacts(name=name, steps=steps, **defaults | fields)


def a_run(*jobs: JobFacts, **fields: Any) -> RunFacts:
    """Return a run of ten seconds with these jobs."""
    defaults: dict[str, Any] = {
        "run_id": "rabc",
        "workflow": "ci",
        "source": "ci.yaml",
        "status": RunStatus.SUCCEEDED,
        "exit_code": 0,
        "owner": Owner.current(),
        "started_at": 0.0,
        "ended_at": 10.0,
    }
    return RunFacts(record=RunRecord(**defaults | fields), now=20.0, jobs=jobs, notices=())


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def tags_of(page: str) -> list[tuple[str, dict[str, str | None]]]:
    """Return the elements of a page with their attributes."""
    parser = _Tags()
    parser.feed(page)
    return parser.found


def test_nothing_that_a_step_prints_or_is_called_becomes_markup() -> None:
    """A build log is the text of strangers; the page is opened in a browser that is logged in."""
    text = HOSTILE.decode(errors="replace")
    step = a_step(text, text, log=a_log(HOSTILE, HOSTILE), detail=text, **FAILED)
    page = render_page(
        a_run(a_job(step, name=text), workflow=text, errors=(text,), inputs={text: text})
    )
    tags = tags_of(page)
    assert [tag for tag, _ in tags if tag in {"script", "img", "iframe"}] == ["script"]
    assert not [name for _, attrs in tags for name in attrs if name.startswith("on")]
    assert "\x1b" not in page
    assert "\x00" not in page


def test_a_page_needs_nothing_from_elsewhere() -> None:
    """It is opened from a disk, a mail or an artifact store, often without a network."""
    page = render_page(a_run(a_job(a_step("compile"))))
    assert not re.findall(r"""(?:src|href)=["'](?!#|data:|file:)""", page)
    assert "Content-Security-Policy" in page


def test_failures_come_first_and_open() -> None:
    """Whoever opens the page of a failed run wants to see why."""
    page = render_page(a_run(a_job(a_step("fine"), a_step("bad", **FAILED))))
    opened = {str(attrs["id"]): "open" in attrs for tag, attrs in tags_of(page) if tag == "details"}
    assert list(opened.items()) == [("step-sbad", True), ("step-sfine", False)]


def test_colours_of_output_are_shown() -> None:
    """Tools say with colours what matters."""
    log = a_log(b"\x1b[1;31mred\x1b[0m \x1b[38;5;208morange\x1b[0m <plain>\n")
    page = render_page(a_run(a_job(a_step("paint", log=log))))
    assert '<span class="b f1" style="">red</span>' in page
    assert '<span class="" style="color:#ff8700">orange</span>' in page
    assert "&lt;plain&gt;" in page


def test_values_of_inputs_that_look_secret_are_not_shown() -> None:
    """Pages are passed around."""
    page = render_page(a_run(inputs={"api_token": "hunter2", "region": "eu"}))
    assert "hunter2" not in page
    assert "<code>eu</code>" in page


def test_what_is_left_out_of_a_log_is_said_with_the_way_to_all_of_it() -> None:
    """Nothing is lost silently."""
    log = a_log(b"first\n", b"last\n", size_bytes=4096, left_out_bytes=4000, cut_at=1)
    page = render_page(a_run(a_job(a_step("long", log=log))))
    assert "… 4,000 bytes are left out here …" in page
    assert "swamp-driver logs rabc slong" in page


def test_junit_has_a_case_for_each_step() -> None:
    """CI systems count cases and show the text of failures."""
    facts = a_run(
        a_job(
            a_step("fine"),
            a_step("bad", log=a_log(HOSTILE, b"why"), **FAILED),
            a_step("forgiven", allowed_failure=True, **FAILED),
            a_step("left", status=StepStatus.SKIPPED, end=None, detail="'bad' failed"),
        )
    )
    root = ET.fromstring(render_junit(facts))  # noqa: S314 - our own document
    assert {key: root.get(key) for key in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4",
        "failures": "1",
        "errors": "0",
        "skipped": "2",
    }
    bad = root.find(".//testcase[@name='bad']")
    assert bad is not None
    assert bad.findtext("failure") == "failed: exit code 2"
    assert bad.findtext("system-err") == "why"


def test_a_trace_puts_what_overlaps_into_threads_of_its_own() -> None:
    """Perfetto draws spans of one thread as a stack: they must not overlap."""
    events = json.loads(render_trace(a_run(a_job(a_step("a"), a_step("b")))))["traceEvents"]
    spans = [event for event in events if event["ph"] == "X"]
    assert [(span["name"], span["tid"], span["ts"], span["dur"]) for span in spans] == [
        ("a", 1, 1_000_000, 2_000_000),
        ("b", 2, 1_000_000, 2_000_000),
    ]


def test_a_chart_has_the_jobs_their_steps_and_what_waits_for_what() -> None:
    """It is pasted into issues; names cannot break out of it."""
    facts = a_run(
        a_job(a_step('say "hi"')), a_job(name="deploy", depends_on=("build",), waiting=("push",))
    )
    assert render_mermaid(facts).splitlines()[:9] == [
        "flowchart LR",
        '  subgraph j0["build"]',
        '    j0s0["say #34;hi#34; 2.0s"]:::succeeded',
        "  end",
        '  subgraph j1["deploy"]',
        '    j1none["push"]',
        "  end",
        "  j0 --> j1",
        "  classDef succeeded stroke:#1a7f37,stroke-width:2px",
    ]


@given(
    st.lists(
        st.tuples(st.floats(0, 100), st.floats(0, 10)).map(lambda span: (span[0], sum(span))),
        max_size=40,
    )
)
def test_no_two_spans_of_a_lane_overlap(spans: list[tuple[float, float]]) -> None:
    """Otherwise one bar would hide another."""
    lanes = lanes_of(spans)
    for lane in set(lanes):
        own = sorted(span for span, number in zip(spans, lanes, strict=True) if number == lane)
        assert all(before[1] <= after[0] for before, after in itertools.pairwise(own))


@pytest.mark.parametrize("depends_on", [("build",), ("nobody",), ("deploy",)])
def test_a_picture_can_be_drawn_of_whatever_a_record_says(depends_on: tuple[str, ...]) -> None:
    """A damaged record must not keep anyone from its logs."""
    graph = draw_graph([a_job(), a_job(name="deploy", depends_on=depends_on)])
    assert len(graph.jobs) == 2


def test_reports_and_data_are_text_too() -> None:
    """A report quotes what steps printed; data is whatever a method wrote."""
    text = HOSTILE.decode(errors="replace")
    made = ReportRecord(
        name="eval",
        scope="workflow",
        status=ReportStatus.MADE,
        markdown=f"# Compared\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n{text}\n\n"
        "[x](javascript:alert(1)) ![x](http://example.org/x.png)",
    )
    wrote = Artifact(
        id="1",
        model=text,
        name="result",
        version=3,
        spec="result",
        kind="resource",
        attributes={"what": text},
        digest=None,
        size_bytes=5,
        content_type="application/json",
        tags={},
        lifetime="infinite",
        garbage_collection=10,
        run_id="rabc",
        job="build",
        step_id="s1",
        created_at=1.0,
    )
    page = render_page(attrs.evolve(a_run(), reports=(made,), data=(wrote,)))
    tags = tags_of(page)
    assert [tag for tag, _ in tags if tag in {"script", "img", "iframe"}] == ["script"]
    assert not [name for _, found in tags for name in found if name.startswith("on")]
    links = [found["href"] for tag, found in tags if tag == "a" and "href" in found]
    assert links == ["http://example.org/x.png"]  # to be followed or not: nothing is fetched
    assert "<td>2</td>" in page
    assert "version 3, resource" in page
