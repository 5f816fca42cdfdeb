"""Sessions of the suite over drivers of the self-test, in processes of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
from swamp_driver_conformance.launch import run_suite_quietly

REFERENCE = "swamp_driver_conformance.reference:ReferenceDriver"


@attrs.frozen
class Session:
    """What a session of the suite printed and wrote."""

    code: int
    output: str
    report: dict[str, Any]

    def status_of(self, clause_id: str) -> str:
        """Return what became of a clause."""
        found: str = next(r["status"] for r in self.report["clauses"] if r["id"] == clause_id)
        return found


def run_session(folder: Path, *options: str, driver: str = REFERENCE, **extra: str) -> Session:
    """Run the suite with these options of pytest."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "log"
    words = ["-q", "--swamp-driver-object", driver, "--swamp-report", str(folder), *options]
    code = run_suite_quietly(words, extra={"TMPDIR": str(folder), **extra}, log=log, timeout_s=300)
    report = folder / "report.json"
    found = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}
    return Session(code, log.read_text(encoding="utf-8", errors="replace"), found)
