"""All clauses, in the order in which they are read."""

from __future__ import annotations

from collections.abc import Collection

from swamp_driver_conformance.clauses._cap import CAP, CONFIG
from swamp_driver_conformance.clauses._clause import Area, Clause
from swamp_driver_conformance.clauses._env import ENV
from swamp_driver_conformance.clauses._exec import EXEC
from swamp_driver_conformance.clauses._files import FILES
from swamp_driver_conformance.clauses._gc import GC
from swamp_driver_conformance.clauses._life import LIFE
from swamp_driver_conformance.clauses._log import LOG
from swamp_driver_conformance.clauses._par import PAR
from swamp_driver_conformance.clauses._place import IMAGE, REMOTE
from swamp_driver_conformance.clauses._result import RESULT
from swamp_driver_conformance.clauses._sec import SEC
from swamp_driver_conformance.clauses._td import TD
from swamp_driver_conformance.clauses._ws import WS

AREAS: tuple[Area, ...] = (
    *(CAP, CONFIG, WS, FILES, EXEC, ENV, LOG, LIFE),
    *(PAR, RESULT, TD, GC, SEC, IMAGE, REMOTE),
)

CLAUSES: tuple[Clause, ...] = tuple(clause for area in AREAS for clause in area.clauses)

_BY_ID = {clause.id: clause for clause in CLAUSES}


def clause_by_id(clause_id: str) -> Clause:
    """Return the clause of that id; raise `KeyError` where there is none."""
    return _BY_ID[clause_id]


def clauses_for(capabilities: Collection[str]) -> tuple[Clause, ...]:
    """Return the clauses that a driver with these capabilities is measured by."""
    return tuple(
        clause
        for clause in CLAUSES
        if clause.status != "retired" and clause.applies_to(capabilities)
    )
