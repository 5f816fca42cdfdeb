"""The self-test; the whole of it is `swamp-driver conformance selftest`."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from swamp_driver_conformance.launch import run_suite_quietly
from swamp_driver_conformance.mutants import EVERYTHING, MUTANTS, Mutant
from swamp_driver_conformance.selftest import Outcome, choose, run_selftest
from swamp_driver_conformance.variants import VARIANTS, Variant

from tests.conformance.sessions import REFERENCE

_SAMPLE = {"SlashAtEnd": "test_ws", "SevenBits": "test_exec", "RemovesByPrefix": "test_td"}


def _run(subject: Mutant | Variant, part: str) -> Outcome:
    options = ("-k", part)
    (outcome,) = run_selftest([subject], jobs=1, tell=lambda _: None, options=options)
    return outcome


@pytest.mark.parametrize("name", _SAMPLE)
def test_broken_drivers_are_found(name: str) -> None:
    """A suite that finds nothing proves nothing."""
    mutant = next(one for one in MUTANTS if one.name == name)
    outcome = _run(mutant, _SAMPLE[name])
    assert outcome.problems == ()
    assert mutant.kills <= set(outcome.red) <= mutant.kills | mutant.also


def test_a_variant_has_to_be_run_as_a_whole() -> None:
    """One of which little was run is not found correct."""
    outcome = _run(next(one for one in VARIANTS if one.name == "bare"), "test_cap")
    assert outcome.red == ()
    assert "clauses were not run" in outcome.problems[0]


def test_a_mutant_that_is_not_found_is_told() -> None:
    """Otherwise the self-test is one more thing that nobody checks."""
    harmless = Mutant(
        name="Harmless",
        object_path="swamp_driver_conformance.reference:ReferenceDriver",
        story="does everything right",
        kills=frozenset({"SWD-WS-001"}),
        also=frozenset({EVERYTHING}),
    )
    assert _run(harmless, "test_cap").problems == ("SWD-WS-001 is not red",)


def test_shards_are_everything_once() -> None:
    """Several machines do the work of one."""
    parts = [choose(shard=(number, 3)) for number in (1, 2, 3)]
    names = [subject.name for part in parts for subject in part]
    assert sorted(names) == sorted(subject.name for subject in choose())


def test_the_quick_choice_has_every_broken_driver() -> None:
    """It is what CI runs."""
    assert [one for one in choose(quick=True) if isinstance(one, Mutant)] == list(MUTANTS)


def test_focused_on_a_broken_driver_only_its_clauses_are_tested() -> None:
    """Two hundred broken drivers have to fit into minutes."""
    mutant = next(one for one in MUTANTS if one.name == "NoHome")
    (outcome,) = run_selftest([mutant], jobs=1, tell=lambda _: None, focused=True)
    assert outcome.problems == ()
    assert set(outcome.red) == mutant.kills


def test_a_session_ends_when_it_is_told_to(tmp_path: Path) -> None:
    """Ctrl-C must not leave a dozen of them running."""
    stop = threading.Event()
    stop.set()
    options = ["--swamp-driver-object", REFERENCE, "--swamp-root", str(tmp_path)]
    log = tmp_path / "log"
    assert run_suite_quietly(options, extra={}, log=log, timeout_s=300, stop=stop) != 0
    assert "passed" not in log.read_text(encoding="utf-8")
