"""`swamp-driver conformance …`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from swamp_driver_conformance.reporting import report_to_json

from swamp_driver.cli import main
from tests.conformance.builders import all_passed, finding, report


def test_list_shows_the_clauses_of_an_area(capsys: pytest.CaptureFixture[str]) -> None:
    """There are too many to read them all."""
    assert main(["conformance", "list", "--area", "td", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {one["id"][:7] for one in listed} == {"SWD-TD-"}


def test_explain_shows_text_tests_and_proofs(capsys: pytest.CaptureFixture[str]) -> None:
    """A failed clause has to be understood before it can be kept."""
    assert main(["conformance", "explain", "SWD-TD-008"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "SWD-TD-008 MUST, every driver, active" in shown
    assert "test: test_td.py::test_neighbours_are_left_alone" in shown
    assert "broken by RemovesByPrefix" in shown


def test_unknown_clauses_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong id must not run nothing and look fine."""
    assert main(["conformance", "run", "raw", "--clause", "SWD-XX-001"]) == 2
    assert "there is no clause 'SWD-XX-001'" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["raw", "--object", "a:B"]])
def test_run_wants_one_driver(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Both or none cannot be meant."""
    assert main(["conformance", "run", *words]) == 2
    assert "name a driver, or give --object" in capsys.readouterr().err


def test_run_judges_a_driver(tmp_path: Path) -> None:
    """The command is the suite with its options in other words."""
    words = ["--clause", "SWD-WS-002", "--report", str(tmp_path)]
    assert main(["conformance", "run", "raw", *words]) == 0
    found = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert {row["status"] for row in found["clauses"] if row["id"] == "SWD-WS-002"} == {"passed"}


def test_run_of_a_broken_driver_ends_with_1() -> None:
    """Scripts go by it."""
    broken = "swamp_driver_conformance.mutants._ws:SlashAtEnd"
    words = ["--object", broken, "--clause", "SWD-WS-001"]
    assert main(["conformance", "run", *words]) == 1


def test_diff_tells_what_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A new version of a driver is compared with the one before."""
    paths = [tmp_path / "before.json", tmp_path / "after.json"]
    changed = [*all_passed(but=("SWD-WS-001",)), finding(status="failed")]
    for path, one in zip(paths, (report(*all_passed()), report(*changed)), strict=True):
        path.write_text(json.dumps(report_to_json(one)), encoding="utf-8")
    before, after = map(str, paths)
    assert main(["conformance", "diff", before, before]) == 0
    assert capsys.readouterr().out == "no difference\n"
    assert main(["conformance", "diff", before, after]) == 1
    assert "SWD-WS-001 (MUST): passed -> failed" in capsys.readouterr().out


def test_a_missing_extra_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The suite needs more than running workflows does."""
    import sys

    monkeypatch.setitem(sys.modules, "swamp_driver_conformance.judge", None)
    assert main(["conformance", "run", "raw"]) == 3
    assert "pip install 'swamp-drivers[conformance]'" in capsys.readouterr().err
