"""The published reports, and the page that is made from them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from swamp_driver_conformance.clauses import CLAUSES
from swamp_driver_conformance.matrix import read_reports, render_page
from swamp_driver_conformance.reporting import render_markdown

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "conformance/reports"
REPORTS = read_reports(FOLDER)
_OF_A_MACHINE = re.compile(
    r"(?<![\w/.])/(?:home|root|tmp|var/tmp|work|Users|opt|srv)/|\blocalhost\b"
)


def test_the_page_is_up_to_date() -> None:
    """What readers see of a driver is what was found."""
    command = "python -m swamp_driver_conformance.matrix conformance/reports"
    page = ROOT / "docs/reference/conformance-matrix.md"
    expected = render_page(REPORTS)
    assert page.read_text(encoding="utf-8") == expected, (
        f"run: {command} > {page.relative_to(ROOT)}"
    )


def test_all_our_drivers_have_a_report() -> None:
    """Those of this distribution, and the two examples."""
    assert set(REPORTS) == {"bubblewrap", "docker", "docker-session", "raw", "ssh"}


@pytest.mark.parametrize("name", REPORTS)
def test_our_drivers_are_conformant(name: str) -> None:
    """Everything was run, with whole sizes and without excuses."""
    report = REPORTS[name]
    assert (report.verdict.word, report.verdict.reasons) == ("conformant", ())
    assert report.effort == "normal"
    assert "known-failure" not in report.counts()


@pytest.mark.parametrize("name", REPORTS)
def test_clauses_of_reports_are_those_of_the_suite(name: str) -> None:
    """A report about other words would say what nobody found.

    New clauses may be missing: they are in the next reports.
    """
    now = {clause.id: clause.text for clause in CLAUSES if clause.status != "retired"}
    reported = {row.id: row.text for row in REPORTS[name].clauses}
    again = f"run: conformance/make-reports {name}"
    assert reported.items() <= now.items(), again


@pytest.mark.parametrize("name", REPORTS)
def test_both_forms_of_a_report_say_the_same(name: str) -> None:
    """One is read by programs, the other by people."""
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert text == render_markdown(REPORTS[name])


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_reports_tell_nothing_of_the_machine(path: Path) -> None:
    """Paths and hosts are of no use to others."""
    assert _OF_A_MACHINE.findall(path.read_text(encoding="utf-8")) == []
