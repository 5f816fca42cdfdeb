"""What changed between two reports. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from swamp_driver_conformance.reporting._report import Report


def diff_reports(before: Report, after: Report) -> tuple[str, ...]:
    """Return a line for each clause, capability and verdict that differs."""
    return tuple(_differences(before, after))


def _differences(before: Report, after: Report) -> Iterator[str]:
    if before.verdict.word != after.verdict.word:
        yield f"verdict: {before.verdict.word} -> {after.verdict.word}"
    for capability in sorted(set(before.capabilities) ^ set(after.capabilities)):
        change = "declared now" if capability in after.capabilities else "not declared any more"
        yield f"capability '{capability}': {change}"
    old = {row.id: row for row in before.clauses}
    new = {row.id: row for row in after.clauses}
    for clause_id in sorted(set(old) | set(new)):
        was = old[clause_id].status if clause_id in old else "absent"
        now = new[clause_id].status if clause_id in new else "absent"
        if was != now:
            level = (new.get(clause_id) or old[clause_id]).level
            yield f"{clause_id} ({level}): {was} -> {now}"
