"""RunFacts -> JUnit XML, which every CI system shows."""

from __future__ import annotations

import datetime
import re
import xml.etree.ElementTree as ET

from swamp_driver.cli._report._facts import JobFacts, RunFacts, StepFacts
from swamp_driver.cli._words import describe_end

# XML 1.0 has no way to write most control characters.
_NOT_IN_XML = "[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"


def render_junit(facts: RunFacts) -> str:
    """Return the run as a `testsuites` document: a suite for each job, a case for each step.

    An allowed failure counts as skipped, with its reason: it did not fail the run.
    """
    root = ET.Element("testsuites", name=_safe(facts.record.workflow))
    for job in facts.jobs:
        root.append(_suite(job, facts))
    for attribute in ("tests", "failures", "errors", "skipped"):
        root.set(attribute, str(sum(int(suite.get(attribute, "0")) for suite in root)))
    root.set("time", f"{facts.ended_at - facts.record.started_at:.3f}")
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(job: JobFacts, facts: RunFacts) -> ET.Element:
    started = datetime.datetime.fromtimestamp(facts.record.started_at, datetime.UTC)
    cases = [_case(step) for step in job.steps]
    suite = ET.Element(
        "testsuite",
        name=_safe(job.name),
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        errors=str(sum(case.find("error") is not None for case in cases)),
        skipped=str(sum(case.find("skipped") is not None for case in cases)),
        time=f"{sum(step.record.duration_s for step in job.steps):.3f}",
        timestamp=started.isoformat(timespec="seconds"),
    )
    suite.extend(cases)
    return suite


def _case(step: StepFacts) -> ET.Element:
    record = step.record
    case = ET.Element(
        "testcase",
        name=_safe(record.step),
        classname=_safe(record.job),
        time=f"{record.duration_s:.3f}",
    )
    words = _safe(describe_end(record))
    match step.status:
        case "failed":
            ET.SubElement(case, "failure", message=words).text = words
        case "skipped" | "allowed" | "waiting":
            ET.SubElement(case, "skipped", message=words)
        case "cancelled" | "running":
            ET.SubElement(case, "error", message=words).text = words
    for stream in ("stdout", "stderr"):
        data = b"".join(piece.data for piece in step.log.pieces if piece.stream == stream)
        if data:
            name = "system-out" if stream == "stdout" else "system-err"
            ET.SubElement(case, name).text = _safe(data.decode(errors="replace"))
    return case


def _safe(text: str) -> str:
    return re.sub(_NOT_IN_XML, "\ufffd", text)
