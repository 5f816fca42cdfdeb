"""SPEC.md: the clauses as a document. `python -m swamp_driver_conformance.document` prints it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

from swamp_driver.spec import API_VERSION
from swamp_driver_conformance.clauses import AREAS, CLAUSES, PROFILES, Area, Clause
from swamp_driver_conformance.index import SuiteTest, index_by_clause

_INTRO = """\
# The driver contract, clause by clause

This is what every driver of contract {version} has to keep. It is generated from
`swamp_driver_conformance.clauses`, the same data that the tests, the self-test and the reports go
by; `swamp-driver conformance explain ID` shows one clause with all that belongs to it.

* An id stands for its clause for ever: it is never given to another one.
* The levels are those of RFC 2119. A driver is *conformant* where every **MUST** that applies to it
  was tested and kept. A **SHOULD** that is not kept is reported beside the verdict.
* A clause applies to every driver, to those that declare a capability, or to those that do not.
  Capabilities are checked both ways: what is declared has to work, and a request for what is not
  declared has to be refused before anything was done.
* {tested} of the {total} clauses are tested by the suite. The others say why it cannot, and who
  can.

A profile is a kind of driver: it asks for capabilities, and nothing else.

| profile | is for | needs |
|---|---|---|
"""


def render_spec() -> str:
    """Return the document."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    tested = sum(not clause.untested for clause in CLAUSES)
    intro = _INTRO.format(version=API_VERSION, tested=tested, total=len(CLAUSES))
    yield intro.rstrip("\n")
    for profile in PROFILES:
        needs = ", ".join(f"`{one}`" for one in sorted(profile.requires)) or "nothing"
        yield f"| `{profile.name}` | {profile.summary} | {needs} |"
    tests = index_by_clause()
    for area in AREAS:
        yield from _area(area, tests)


def _area(area: Area, tests: Mapping[str, tuple[SuiteTest, ...]]) -> Iterator[str]:
    yield from ("", f"## {area.title} (SWD-{area.name})", "", area.intro)
    for clause in area.clauses:
        yield from ("", f"### {clause.id}", "")
        yield from clause_lines(clause, tests.get(clause.id, ()))


def clause_lines(clause: Clause, tests: tuple[SuiteTest, ...]) -> Iterator[str]:
    """Yield what there is to say about a clause, but for its id."""
    yield f"**{clause.level}** · {applies_to(clause)} · since {clause.since}{_status(clause)}"
    yield from ("", clause.text, "", f"*Why:* {clause.why}", "")
    if clause.untested:
        yield f"*Not tested by the suite:* {clause.untested}"
    for test in tests:
        yield f"* `{test.name}`"


def applies_to(clause: Clause) -> str:
    """Return in words which drivers a clause applies to."""
    if clause.capability is not None:
        return f"drivers that declare `{clause.capability}`"
    if clause.without is not None:
        return f"drivers that do not declare `{clause.without}`"
    return "every driver"


def _status(clause: Clause) -> str:
    return "" if clause.status == "active" else f" · {clause.status}"


if __name__ == "__main__":
    sys.stdout.write(render_spec())
