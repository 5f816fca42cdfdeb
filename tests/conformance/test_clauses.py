"""Clauses, tests, mutants and the document agree with each other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from swamp_driver_conformance.clauses import AREAS, CLAUSES, PROFILES, clause_by_id
from swamp_driver_conformance.document import render_spec
from swamp_driver_conformance.index import index_by_clause, suite_tests
from swamp_driver_conformance.loading import SubjectRef, load_subject
from swamp_driver_conformance.mutants import EVERYTHING, MUTANTS
from swamp_driver_conformance.selftest import unproven
from swamp_driver_conformance.variants import VARIANTS

from swamp_driver.spec import Capability

SPEC = Path(__file__).resolve().parents[2] / "conformance/SPEC.md"
KNOWN = {clause.id for clause in CLAUSES}


def test_the_document_is_up_to_date() -> None:
    """A person reads SPEC.md; the suite goes by the data."""
    command = "python -m swamp_driver_conformance.document > conformance/SPEC.md"
    assert SPEC.read_text(encoding="utf-8") == render_spec(), f"run: {command}"


def test_ids_are_unique_and_belong_to_their_area() -> None:
    """Reports, issues and known failures refer to them for ever."""
    ids = [clause.id for clause in CLAUSES]
    assert len(ids) == len(set(ids))
    for area in AREAS:
        for clause in area.clauses:
            assert re.fullmatch(rf"SWD-{area.name}-\d{{3}}", clause.id)


def test_there_are_enough_active_clauses() -> None:
    """A contract of this size has at least eighty promises worth a name."""
    assert sum(clause.status == "active" for clause in CLAUSES) >= 80


def test_conditions_are_capabilities_of_the_contract() -> None:
    """A misspelt capability would make a clause apply to nobody."""
    named = {clause.capability for clause in CLAUSES} | {clause.without for clause in CLAUSES}
    named |= {capability for profile in PROFILES for capability in profile.requires}
    assert named - {None} <= set(Capability)


def test_every_clause_is_tested_or_says_why_not() -> None:
    """A promise that nobody tests is no promise."""
    tested = set(index_by_clause())
    assert tested == {clause.id for clause in CLAUSES if not clause.untested}


def test_every_test_names_its_clause_and_its_reason() -> None:
    """A test without a clause decides nothing; one without a reason is deleted some day."""
    for test in suite_tests():
        assert test.clauses, test.name
        assert test.reason.endswith("."), test.name


def test_every_must_has_a_driver_that_breaks_it_or_a_reason() -> None:
    """Nobody else checks the checker."""
    assert unproven() == []


def test_mutants_name_clauses_that_are_tested() -> None:
    """What a mutant breaks has to be there."""
    for mutant in MUTANTS:
        assert mutant.kills, mutant.name
        assert mutant.kills <= KNOWN, mutant.name
        assert mutant.also <= KNOWN | {EVERYTHING}, mutant.name
        assert not any(clause_by_id(one).untested for one in mutant.kills), mutant.name


def test_mutants_cover_every_area_that_is_tested() -> None:
    """An area without a mutant is one that the self-test says nothing about."""
    tested = {clause.area for clause in CLAUSES if not clause.untested}
    killed = {clause_id.split("-")[1] for mutant in MUTANTS for clause_id in mutant.kills}
    assert killed == tested
    assert len(MUTANTS) >= 40


@pytest.mark.parametrize("subject", [*MUTANTS, *VARIANTS], ids=lambda one: one.name)
def test_drivers_of_the_self_test_can_be_loaded(subject: object) -> None:
    """One that cannot be would seem to be found wrong."""
    path: str = subject.object_path  # type: ignore[attr-defined]
    assert load_subject(SubjectRef(object_path=path)).cls.__name__ == path.partition(":")[2]
