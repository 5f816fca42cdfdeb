"""From findings to rows, verdicts and documents."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from swamp_driver_conformance.reporting import (
    diff_reports,
    render_badge,
    render_junit,
    render_markdown,
    render_matrix,
    report_from_json,
    report_to_json,
)

from tests.conformance.builders import all_passed, finding, report, status_of


def test_a_driver_that_keeps_every_must_is_conformant() -> None:
    """That is what the word means."""
    assert report(*all_passed()).verdict.word == "conformant"


def test_one_failed_must_decides() -> None:
    """There is no almost."""
    one = report(*all_passed(), finding("SWD-WS-001", status="failed", test="other"))
    assert one.verdict.word == "not conformant"
    assert one.verdict.reasons == ("SWD-WS-001 failed",)


def test_a_failed_should_does_not_decide() -> None:
    """It is reported beside the verdict."""
    one = report(*all_passed(but=("SWD-CONFIG-004",)), finding("SWD-CONFIG-004", status="failed"))
    assert one.verdict.word == "conformant"
    assert status_of(one, "SWD-CONFIG-004") == "failed"


def test_a_must_that_was_not_run_makes_the_verdict_incomplete() -> None:
    """A skip must not look like a success."""
    left_out = finding("SWD-WS-001", status="not-run", needs="root", reason="it mounts")
    one = report(*all_passed(but=("SWD-WS-001",)), left_out)
    assert one.verdict.word == "incomplete"
    assert one.verdict.reasons == ("SWD-WS-001 was not run: root: it mounts",)


def test_what_was_never_selected_is_named() -> None:
    """Deselecting a test must not hide its clause."""
    one = report(*all_passed(but=("SWD-WS-001",)))
    assert one.verdict.reasons == ("SWD-WS-001 was not run: its tests were not selected",)


def test_small_sizes_make_the_verdict_incomplete() -> None:
    """They are for a first look."""
    assert report(*all_passed(), effort="quick").verdict.word == "incomplete"


def test_a_profile_asks_for_its_capabilities() -> None:
    """A driver that calls itself a session has to be one."""
    one = report(*all_passed(), profile="session")
    assert one.verdict.word == "not conformant"
    assert "profile 'session' needs the capability 'session'" in one.verdict.reasons


def test_clauses_of_undeclared_capabilities_do_not_apply() -> None:
    """What is not promised is not tested; that it is refused is."""
    assert status_of(report(), "SWD-WS-014") == "not-applicable"
    assert status_of(report(), "SWD-CAP-004") == "not-run"
    attaching = report(capabilities=("attach",))
    assert status_of(attaching, "SWD-WS-014") == "not-run"
    assert status_of(attaching, "SWD-CAP-004") == "not-applicable"


def test_the_worst_phase_of_a_test_counts() -> None:
    """A test that passes and then fails to clean up has failed."""
    phases = [finding(status="passed"), finding(status="failed"), finding(status="passed")]
    assert status_of(report(*phases), "SWD-WS-001") == "failed"


def test_a_clause_with_some_tests_not_run_says_so() -> None:
    """Part of it was left out, and a reader has to know."""
    left_out = finding(status="not-run", test="other", needs="root", reason="it mounts")
    row = next(row for row in report(finding(), left_out).clauses if row.id == "SWD-WS-001")
    assert (row.status, row.reason) == ("passed", "partly not run: root: it mounts")


def test_known_failures_are_excused_and_not_conformant() -> None:
    """An excuse keeps a build green, and no promise."""
    findings = [*all_passed(but=("SWD-WS-001",)), finding(status="failed")]
    one = report(*findings, known={"SWD-WS-001": "issue 7"})
    assert (one.verdict.word, one.verdict.excused) == ("not conformant", True)


def _every_status() -> Any:
    return report(
        finding("SWD-WS-001"),
        finding("SWD-WS-002", status="failed", what="a|b", seen="\x00\n", expected="c"),
        finding("SWD-WS-003", status="not-run", needs="root", reason="it mounts"),
        finding("SWD-WS-004", status="failed", journal=["one", "two"]),
        known={"SWD-WS-004": "issue 7"},
    )


def test_reports_come_back_from_json() -> None:
    """They are compared with later ones."""
    one = _every_status()
    assert report_from_json(json.loads(json.dumps(report_to_json(one)))) == one


def test_reports_keep_their_schema() -> None:
    """Others read them."""
    text = files("swamp_driver_conformance.reporting").joinpath("report.schema.json").read_text()
    jsonschema.Draft202012Validator(json.loads(text)).validate(
        json.loads(json.dumps(report_to_json(_every_status())))
    )


@pytest.mark.parametrize("data", [{}, {"schema": 99}, {"schema": 1}, [], None])
def test_other_documents_are_refused(data: Any) -> None:
    """A wrong file on the command line is a usual mistake."""
    with pytest.raises(ValueError, match=r"schema|no report"):
        report_from_json(data)


def test_junit_has_the_clause_as_a_property() -> None:
    """Systems that show tests know nothing of clauses."""
    root = ElementTree.fromstring(render_junit(_every_status()))  # noqa: S314 - made just now
    cases = {case.get("classname"): case for case in root.iter("testcase")}
    failed = cases["SWD-WS-002"]
    assert failed.find("failure") is not None
    assert failed.find("properties/property[@name='clause']").get("value") == "SWD-WS-002"  # type: ignore[union-attr]
    assert cases["SWD-WS-004"].find("failure") is None
    assert cases["SWD-WS-003"].find("skipped") is not None
    suite = root.find("testsuite[@name='WS']")
    assert suite is not None
    assert suite.get("failures") == "1"


def test_markdown_names_what_was_not_run() -> None:
    """Nothing is left out in silence."""
    text = render_markdown(_every_status())
    assert text.startswith("# Conformance of `mine`: not conformant\n")
    assert "| SWD-WS-003 | - not run | root: it mounts |" in text
    assert "steps \\| run elsewhere" in text


def test_the_matrix_has_a_column_for_each_driver() -> None:
    """It is how drivers are compared."""
    one = _every_status()
    text = render_matrix({"mine": one, "other": report(*all_passed())})
    assert "| clause |  | `mine` | `other` |" in text
    assert "|  | **verdict** | **not conformant** | **conformant** |" in text


def test_a_badge_says_the_verdict_and_the_profile() -> None:
    """It is what a README shows."""
    assert render_badge(report(*all_passed()))["message"] == "conformant"
    assert render_badge(report(profile="host"))["message"] == "not conformant (host)"


def test_a_difference_is_a_line() -> None:
    """What a new version of a driver changed has to be seen at once."""
    before = report(*all_passed(but=("SWD-WS-001",)), finding(status="failed"))
    after = report(*all_passed(), capabilities=())
    lines = diff_reports(before, after)
    assert lines == (
        "verdict: not conformant -> conformant",
        "SWD-WS-001 (MUST): failed -> passed",
    )
    assert diff_reports(after, after) == ()
