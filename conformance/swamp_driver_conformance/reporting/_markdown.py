"""Reports for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from swamp_driver_conformance.reporting._report import ClauseRow, Report

_SIGNS = {
    "passed": "✓",
    "failed": "✗",
    "known-failure": "✗ known",
    "not-run": "- not run",
    "not-applicable": "·",
    "untested": "· not testable here",
}


def render_markdown(report: Report) -> str:
    """Return a page about one session: the verdict first, then what speaks against it."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    driver, platform = report.driver, report.platform
    yield f"# Conformance of `{driver['name']}`: {report.verdict.word}"
    yield ""
    facts = {
        "driver": f"`{driver['object']}` {driver['distribution']} {driver['version']}".strip(),
        "summary": driver["summary"],
        "profile": report.profile,
        "capabilities": ", ".join(report.capabilities) or "none beyond the core",
        "found here": driver["availability"],
        "contract": report.suite["contract"],
        "suite": f"swamp-drivers {report.suite['version']}",
        "platform": ", ".join(f"{key} {value}" for key, value in platform.items()),
        "when": f"{report.started_at}, {report.duration_s:.0f} s",
        "clauses": ", ".join(f"{count} {status}" for status, count in report.counts().items()),
    }
    yield from _table(("", ""), [(key, str(value)) for key, value in facts.items()])
    if report.verdict.reasons:
        yield from ("", "## Why", "", *(f"* {reason}" for reason in report.verdict.reasons))
    yield from _left_out(report)
    yield from ("", "## Clauses", "")
    rows = [(row.id, row.level, _SIGNS[row.status], _cell(row)) for row in report.clauses]
    yield from _table(("clause", "level", "", ""), rows)


def _left_out(report: Report) -> Iterator[str]:
    """Yield what was not run, by name: nothing is left out in silence."""
    rows = [
        (row.id, _SIGNS[row.status], row.reason)
        for row in report.clauses
        if row.reason and row.status not in {"failed", "not-applicable"}
    ]
    if rows:
        yield from ("", "## Not run", "")
        yield from _table(("clause", "", "why"), rows)


def _cell(row: ClauseRow) -> str:
    failed = [test for test in row.tests if test.status == "failed"]
    if not failed:
        return row.text
    test = failed[0]
    return f"{row.text} **Seen:** {test.seen} **Expected:** {test.expected}"


def render_matrix(reports: Mapping[str, Report]) -> str:
    """Return a table of all clauses, with a column for each report, by the name over it.

    Reports may be of different versions of the suite: a clause that one has not is empty there.
    """
    header = ("clause", "", *(f"`{name}`" for name in reports))
    texts = {row.id: row.text for report in reports.values() for row in report.clauses}
    found = [{row.id: _SIGNS[row.status] for row in one.clauses} for one in reports.values()]
    rows = [
        (clause_id, text, *(signs.get(clause_id, "") for signs in found))
        for clause_id, text in texts.items()
    ]
    verdicts = ("", "**verdict**", *(f"**{one.verdict.word}**" for one in reports.values()))
    return "\n".join(_table(header, [verdicts, *rows])) + "\n"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(header) + " |"
    yield "|" + "---|" * len(header)
    for row in rows:
        yield "| " + " | ".join(_escape(cell) for cell in row) + " |"


def _escape(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
