"""The clauses of the driver contract as data: SPEC.md, the tests and the mutants go by them."""

from swamp_driver_conformance.clauses._all import AREAS, CLAUSES, clause_by_id, clauses_for
from swamp_driver_conformance.clauses._clause import Area, Clause, Level, Status
from swamp_driver_conformance.clauses._profiles import PROFILES, Profile, profile_by_name

__all__ = [
    "AREAS",
    "CLAUSES",
    "PROFILES",
    "Area",
    "Clause",
    "Level",
    "Profile",
    "Status",
    "clause_by_id",
    "clauses_for",
    "profile_by_name",
]
