"""Reports on disk: one JSON file each, with its Markdown beside it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import quote

import attrs

from swamp_driver.host._records import ReportRecord, ReportStatus

_FOLDER = "reports"


def write_report(directory: Path, report: ReportRecord) -> None:
    """Write a report below the directory of a run. Raises `OSError`."""
    folder = directory / _FOLDER
    folder.mkdir(exist_ok=True)
    # Names are free text: quoted, no name is a path, and no two names are one file.
    name = f"{report.step_id or 'run'}.{quote(report.name, safe='')}"
    if report.status is ReportStatus.MADE:
        _write(folder / f"{name}.md", report.markdown)
    _write(folder / f"{name}.json", json.dumps(attrs.asdict(report)))


def read_reports(directory: Path) -> list[ReportRecord]:
    """Return the reports below the directory of a run. Raises `OSError` and `ValueError`."""
    files = sorted((directory / _FOLDER).glob("*.json"))
    return [_record(file.read_text(encoding="utf-8")) for file in files]


def _write(file: Path, text: str) -> None:
    part = file.with_name(f"{file.name}.part")
    part.write_text(text, encoding="utf-8", errors="replace")
    os.replace(part, file)  # noqa: PTH105 - a report is there whole, or not at all


def _record(text: str) -> ReportRecord:
    data = json.loads(text)
    return ReportRecord(**{**data, "status": ReportStatus(data["status"])})
