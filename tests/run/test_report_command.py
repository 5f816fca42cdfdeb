"""`swamp-driver report`, from a real run to a page in a real browser."""

from __future__ import annotations

import json
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.run.shell import Shell

WORKFLOW = r"""
name: page
jobs:
  - name: a
    steps:
      - {name: fine, run: "echo hello"}
      - name: hostile
        allowFailure: true
        run: |
          printf '</pre><script>console.error("broke out")</script>\n'; exit 3
      - {name: long, run: "yes 'a line of text' | head -c 3000000"}
  - name: b
    dependsOn: [{job: a, condition: {type: succeeded}}]
    steps: [{name: bad, run: "echo why >&2; exit 2"}]
"""


@pytest.fixture
def call(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    """Return a way to call commands in a directory where a run of `WORKFLOW` was made."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    Path("page.yaml").write_text(WORKFLOW, encoding="utf-8")
    shell = Shell(capsys)
    assert shell("run", "page.yaml").code == 1
    return shell


def test_a_page_is_written_to_a_file_named_after_the_run(call: Shell) -> None:
    """It is to be looked at, so it does not go to the terminal."""
    ran = json.loads(call("show", "--json").out)["run_id"]
    told = call("report")
    assert (told.code, told.out, told.err) == (0, "", f"wrote swamp-{ran}.html\n")
    page = Path(f"swamp-{ran}.html").read_text(encoding="utf-8")
    assert "bytes are left out here" in page
    assert len(page) < 1_000_000


def test_each_format_is_what_it_says(call: Shell) -> None:
    """Other programs read them."""
    assert ET.fromstring(call("report", "--junit").out).get("failures") == "1"  # noqa: S314
    assert len(json.loads(call("report", "--trace").out)["traceEvents"]) == 6
    assert call("report", "--mermaid").out.startswith("flowchart LR\n")
    assert json.loads(call("report", "--json").out)["status"] == "failed"


def test_a_file_that_cannot_be_written_is_said(call: Shell) -> None:
    """And nothing half written is left."""
    told = call("report", "-o", "no/such/place.html")
    assert told.code == 2
    assert "'no/such/place.html' cannot be written: No such file or directory" in told.err


@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no chromium")
def test_a_browser_has_nothing_to_complain_of(call: Shell, tmp_path: Path) -> None:
    """Hostile output does not run, the script does, and no rule of the page is broken."""
    call("report", "-o", "page.html")
    chromium = ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu"]
    options = ["--enable-logging=stderr", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
    shown = subprocess.run(
        [*chromium, *options, Path("page.html").absolute().as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert [line for line in shown.stderr.splitlines() if "CONSOLE" in line] == []
    assert 'id="step-' in shown.stdout
