"""Mutants of steps and runs at the same time (PAR)."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import ClassVar

from swamp_driver.errors import UnavailableError, WorkspaceError
from swamp_driver.spec import (
    Capability,
    RunContext,
    RunOutcome,
    StepIO,
    StepRequest,
    StepResult,
    TeardownReport,
    Workspace,
    hookimpl,
)
from swamp_driver_conformance.mutants._registry import declares, mutant
from swamp_driver_conformance.reference import ReferenceDriver, StepRun


@mutant(
    "runs one step after the other",
    kills="PAR-001",
    also="PAR-002 PAR-003 PAR-005 LIFE-018 LIFE-019 LOG-011 ENV-005 SEC-001 SEC-008 LOG-014 WS-014 "
    "PAR-004 GC-005",
)
class OneAfterTheOther(ReferenceDriver):
    _turn: ClassVar[threading.Lock] = threading.Lock()

    @hookimpl
    def run_step(self, run: RunContext, step: StepRequest, io: StepIO) -> StepResult:
        with self._turn:
            return super().run_step(run, step, io)


@mutant(
    "runs no more steps at once than the hint says",
    kills="PAR-001",
    also="PAR-002 PAR-003 PAR-004 PAR-005 LIFE-018 LIFE-019 LOG-011 ENV-005 SEC-001 SEC-008 GC-005",
)
class HintIsLimit(ReferenceDriver):
    _slots: threading.Semaphore | None = None

    @hookimpl
    def run_step(self, run: RunContext, step: StepRequest, io: StepIO) -> StepResult:
        if self._slots is None:
            self._slots = threading.Semaphore(run.concurrency)
        with self._slots:
            return super().run_step(run, step, io)


@mutant("keeps what it collected in the instance", kills="PAR-002")
class CollectsIntoInstance(StepRun):
    _collected: ClassVar[dict[str, dict[str, bytes]]] = {}

    def collect(self, result: StepResult) -> tuple[dict[str, bytes], dict[str, str]]:
        files, problems = super().collect(result)
        if self.run.run_id in self._collected and "out" in files:
            files = self._collected[self.run.run_id]
        self._collected[self.run.run_id] = files
        return files, problems


@mutant("names things by the first 32 characters of the id", kills="PAR-003")
class CutsIds(StepRun):
    _running: ClassVar[set[tuple[str, str]]] = set()

    def execute(self) -> StepResult:
        name = (self.run.run_id, self.step.step_id[:32])
        if name in self._running:
            raise WorkspaceError(f"'{name[1]}' is in use")
        self._running.add(name)
        try:
            return super().execute()
        finally:
            self._running.discard(name)


@mutant("ends all runs with one", kills="PAR-004", also="SWD-*")
class EndsAllRuns(ReferenceDriver):
    _over: ClassVar[set[int]] = set()

    @hookimpl
    def teardown(
        self, run: RunContext, workspace: Workspace | None, outcome: RunOutcome
    ) -> TeardownReport:
        report = super().teardown(run, workspace, outcome)
        for path in Path(run.workspace.run_dir).parent.glob(f"{run.run_id[:10]}*"):
            (path / "workspace/go").unlink(missing_ok=True)
            (path / "workspace").rename(path / "closed")
        return report


@mutant("has places for as many steps as were expected", kills="PAR-005")
class ExpectsSteps(ReferenceDriver):
    _used = 0

    @hookimpl
    def run_step(self, run: RunContext, step: StepRequest, io: StepIO) -> StepResult:
        self._used += 1
        if 0 < run.expected_steps < self._used:
            raise UnavailableError("there is no place left")
        return super().run_step(run, step, io)


@mutant(
    "declares a session and makes a new place for each step",
    kills="PAR-006",
    also="LIFE-011",
    needs="root unshare",
)
class NewPlaceForEachStep(ReferenceDriver):
    info = declares(Capability.SESSION)

    class step_class(StepRun):  # noqa: N801 - it stands for the attribute of that name
        def argv(self) -> tuple[str, ...]:
            argv = super().argv()
            return ("unshare", "-m", *argv) if argv[0] == "/bin/sh" else argv


@mutant(
    "declares that steps reach each other and gives each a network of its own",
    kills="PAR-008",
    needs="root unshare",
)
class NetworkForEachStep(ReferenceDriver):
    info = declares(Capability.SERVICES)

    class step_class(StepRun):  # noqa: N801 - it stands for the attribute of that name
        def argv(self) -> tuple[str, ...]:
            argv = super().argv()
            return ("unshare", "-n", *argv) if argv[0] == "/bin/sh" else argv


@mutant("reaps no orphans", kills="PAR-007", also="TD-010", needs="linux")
class ReapsNoOrphans(ReferenceDriver):
    info = declares(Capability.SESSION)

    def __init__(self, config: object) -> None:
        super().__init__(config)  # type: ignore[arg-type]
        import ctypes  # noqa: PLC0415 - read with its only use

        # Orphans of steps become children of this process, which takes no notice.
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
