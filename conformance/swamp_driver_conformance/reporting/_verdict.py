"""The verdict over all clauses. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from swamp_driver_conformance.clauses import Profile
from swamp_driver_conformance.reporting._report import ClauseRow, Verdict


def decide(
    rows: Sequence[ClauseRow],
    *,
    profile: Profile,
    capabilities: Collection[str],
    effort: str,
) -> Verdict:
    """Return the verdict: a MUST that failed decides it, then a MUST that was not run."""
    counting = [row for row in rows if row.level == "MUST" and row.state == "active"]
    broken = [f"{row.id} failed" for row in counting if row.status == "failed"]
    known = [f"{row.id} fails (known)" for row in counting if row.status == "known-failure"]
    missing = [
        f"profile '{profile.name}' needs the capability '{capability}'"
        for capability in sorted(profile.requires - set(capabilities))
    ]
    open_ = [f"{row.id} was not run: {row.reason}" for row in counting if row.status == "not-run"]
    if effort != "normal":
        open_.insert(0, f"sizes were {effort}")
    if broken or missing:
        return Verdict(word="not conformant", reasons=(*missing, *broken, *known))
    if known:
        return Verdict(word="not conformant", excused=True, reasons=tuple(known))
    if open_:
        return Verdict(word="incomplete", reasons=tuple(open_))
    return Verdict(word="conformant")
