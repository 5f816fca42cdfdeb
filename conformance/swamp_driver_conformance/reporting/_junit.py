"""JUnit XML, for systems that show tests: a suite for each area, the clause as a property."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from swamp_driver_conformance.reporting._report import ClauseRow, Report, TestRow

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(report: Report) -> str:
    """Return the report as JUnit XML. A clause without a test that ran is a skipped test case."""
    root = Element("testsuites", name=f"conformance of {report.driver['name']}")
    areas: dict[str, list[ClauseRow]] = {}
    for row in report.clauses:
        areas.setdefault(row.id.split("-")[1], []).append(row)
    for area, rows in areas.items():
        suite = SubElement(root, "testsuite", name=area)
        for row in rows:
            _add_clause(suite, row)
        cases = suite.findall("testcase")
        suite.set("tests", str(len(cases)))
        suite.set("failures", str(len(suite.findall("testcase/failure"))))
        suite.set("skipped", str(len(suite.findall("testcase/skipped"))))
    indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _add_clause(suite: Element, row: ClauseRow) -> None:
    if not row.tests:
        case = _add_case(suite, row, name=row.id, duration_s=0.0)
        SubElement(case, "skipped", message=_clean(f"{row.status}: {row.reason}"))
    for test in row.tests:
        case = _add_case(suite, row, name=test.id, duration_s=test.duration_s)
        if test.status == "not-run":
            SubElement(case, "skipped", message=_clean(f"{test.needs}: {test.reason}"))
        elif test.status == "failed" and row.level == "MUST" and row.status == "failed":
            SubElement(case, "failure", message=_clean(test.what)).text = _clean(_details(test))
        elif test.status == "failed":
            SubElement(case, "skipped", message=_clean(f"{row.level}, {row.status}: {test.what}"))


def _add_case(suite: Element, row: ClauseRow, *, name: str, duration_s: float) -> Element:
    case = SubElement(
        suite, "testcase", classname=row.id, name=_clean(name), time=f"{duration_s:.3f}"
    )
    properties = SubElement(case, "properties")
    SubElement(properties, "property", name="clause", value=row.id)
    SubElement(properties, "property", name="level", value=row.level)
    return case


def _details(test: TestRow) -> str:
    done = "\n".join(test.journal)
    return f"done:\n{done}\nseen: {test.seen}\nexpected: {test.expected}\nwhere: {test.where}"


def _clean(text: str) -> str:
    return _NOT_XML.sub("?", text)
