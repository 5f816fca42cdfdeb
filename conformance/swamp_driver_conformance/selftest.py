"""The suite against drivers that are known to be wrong, and some that are known to be right.

A mutant passes where `kills <= red <= kills | also`; a variant where nothing is red. *Focused* on
the clauses of a mutant it takes a part of the time, and shows only that each is found. What
disagrees is run a second time, alone: on a loaded machine a driver can look slower than it is.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import attrs

from swamp_driver_conformance.clauses import CLAUSES
from swamp_driver_conformance.harness import open_parent
from swamp_driver_conformance.launch import run_suite_quietly
from swamp_driver_conformance.mutants import EVERYTHING, MUTANTS, Mutant
from swamp_driver_conformance.variants import VARIANTS, Variant

_TIMEOUT_S = 600.0
Subject = Mutant | Variant


@attrs.frozen(kw_only=True)
class Outcome:
    """What the suite said about one driver."""

    name: str
    story: str
    is_mutant: bool
    red: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    """What disagrees; empty: it is as it has to be."""
    not_run: str = ""
    """What is missing here; empty: it was run."""
    repeated: bool = False
    """It agreed only the second time."""


def choose(*, quick: bool = False, shard: tuple[int, int] = (1, 1)) -> list[Subject]:
    """Return the drivers to run: all, or but a few variants; of them the k-th of n parts."""
    variants = [one for one in VARIANTS if one.name in _QUICK or not quick]
    chosen: list[Subject] = [*variants, *MUTANTS]
    number, count = shard
    return chosen[number - 1 :: count]


_QUICK = frozenset({"reference", "bare", "contained", "apart"})


def unproven() -> list[str]:
    """Return the clauses that are tested, are a MUST, and have neither a mutant nor a reason."""
    killed = {clause_id for mutant in MUTANTS for clause_id in mutant.kills}
    return [
        clause.id
        for clause in CLAUSES
        if clause.level == "MUST"
        and not (clause.untested or clause.unmutated or clause.id in killed)
    ]


def run_selftest(
    subjects: Sequence[Subject],
    *,
    jobs: int,
    tell: Callable[[Outcome], None],
    focused: bool = False,
    options: Sequence[str] = (),
) -> list[Outcome]:
    """Run the suite over each driver, `jobs` at once; tell of each as it is done.

    `focused`: of mutants, only the tests of the clauses that they break. `options` are more options
    of pytest, for a part of the suite.
    """
    folder = Path(tempfile.mkdtemp(prefix="swamp-selftest-", dir=open_parent()))
    folder.chmod(0o755)
    sessions = _Sessions(folder=folder, focused=focused, options=tuple(options))
    outcomes: list[Outcome] = []
    pool = ThreadPoolExecutor(max_workers=jobs)
    try:
        for future in as_completed([pool.submit(sessions.run, subject) for subject in subjects]):
            outcomes.append(future.result())
            if not outcomes[-1].problems:
                tell(outcomes[-1])
        by_name = {subject.name: subject for subject in subjects}
        for index, outcome in enumerate(outcomes):
            if outcome.problems:
                again = sessions.run(by_name[outcome.name])
                outcomes[index] = attrs.evolve(again, repeated=not again.problems)
                tell(outcomes[index])
    finally:
        sessions.stop.set()
        pool.shutdown(cancel_futures=True)
        shutil.rmtree(folder, ignore_errors=True)
    return outcomes


def default_jobs() -> int:
    """Return how many to run at once: they wait more than they work."""
    return 2 * (os.cpu_count() or 1) + 1


def _missing(needs: Iterable[str]) -> str:
    has = {"root": os.geteuid() == 0, "linux": sys.platform == "linux"}
    return ", ".join(one for one in needs if not has.get(one, shutil.which(one) is not None))


@attrs.frozen
class _Sessions:
    """Sessions of the suite, each in a process of its own."""

    folder: Path
    focused: bool
    options: tuple[str, ...]
    stop: threading.Event = attrs.field(factory=threading.Event)
    """Once it is set, those that run are ended."""

    def run(self, subject: Subject) -> Outcome:
        is_mutant = isinstance(subject, Mutant)
        outcome = Outcome(name=subject.name, story=subject.story, is_mutant=is_mutant)
        if missing := _missing(subject.needs):
            return attrs.evolve(outcome, not_run=f"it needs {missing}")
        place = Path(tempfile.mkdtemp(prefix="r", dir=self.folder))
        place.chmod(0o755)
        root = place / getattr(subject, "root_name", "")
        root.mkdir(exist_ok=True)
        words = ["-q", "--swamp-quick", "--swamp-driver-object", subject.object_path]
        words += ["--swamp-root", str(root), "--swamp-report", str(place / "report")]
        if self.focused and isinstance(subject, Mutant):
            words += [word for one in sorted(subject.kills) for word in ("--swamp-clause", one)]
        log = place / "log"
        code = run_suite_quietly(
            [*words, *self.options],
            extra={"TMPDIR": str(place), **self._compiled_once()},
            log=log,
            timeout_s=_TIMEOUT_S,
            stop=self.stop,
        )
        try:
            report = json.loads((place / "report/report.json").read_text(encoding="utf-8"))
        except OSError:
            tail = log.read_text(encoding="utf-8", errors="replace")[-500:]
            return attrs.evolve(outcome, problems=(f"no report, exit code {code}: {tail}",))
        finally:
            shutil.rmtree(place, ignore_errors=True)
        red = _red(report)
        problems = (
            _judge_mutant(subject, red) if isinstance(subject, Mutant) else _judge_variant(report)
        )
        return attrs.evolve(outcome, red=tuple(sorted(red)), problems=problems)

    def _compiled_once(self) -> dict[str, str]:
        """Return what lets hundreds of processes share compiled modules, whoever forbids them."""
        return {
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": str(self.folder / "compiled"),
        }


def _red(report: dict[str, Any]) -> dict[str, str]:
    """Return the clauses that failed, with what the first failed test saw."""
    return {
        row["id"]: next(
            f"{test['what']}: seen {test['seen']}"[:300]
            for test in row["tests"]
            if test["status"] == "failed"
        )
        for row in report["clauses"]
        if row["status"] == "failed"
    }


def _judge_mutant(mutant: Mutant, red: dict[str, str]) -> tuple[str, ...]:
    missed = [f"{clause_id} is not red" for clause_id in sorted(mutant.kills - set(red))]
    if EVERYTHING in mutant.also:
        return tuple(missed)
    surplus = sorted(set(red) - mutant.kills - mutant.also)
    return (*missed, *(f"{clause_id} is red: {red[clause_id]}" for clause_id in surplus))


def _judge_variant(report: dict[str, Any]) -> tuple[str, ...]:
    broken = tuple(f"{clause_id} is red: {what}" for clause_id, what in _red(report).items())
    left_out = [row["id"] for row in report["clauses"] if row["status"] == "not-run"]
    if len(left_out) > len(report["clauses"]) // 2:
        return (*broken, f"{len(left_out)} clauses were not run")
    return broken
