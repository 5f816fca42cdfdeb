"""Mutants of the teardown (TD)."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, ClassVar

import attrs

from swamp_driver.errors import LifecycleError, WorkspaceError
from swamp_driver.spec import (
    RunContext,
    RunOutcome,
    RunStatus,
    TeardownReport,
    Workspace,
    hookimpl,
)
from swamp_driver_conformance.mutants._registry import mutant
from swamp_driver_conformance.reference import ReferenceDriver, RunFiles, StepRun


class _OtherSettle(ReferenceDriver):
    """A driver whose teardown is changed."""

    def settle(
        self, run: RunContext, workspace: Workspace | None, outcome: RunOutcome
    ) -> TeardownReport:
        return self.change(run, outcome, super().settle(run, workspace, outcome))

    def change(
        self, run: RunContext, outcome: RunOutcome, report: TeardownReport
    ) -> TeardownReport:
        raise NotImplementedError


@mutant(
    "raises at the second teardown",
    kills="TD-001",
    also="TD-002 TD-003 TD-009 TD-012 TD-014 FILES-018 RESULT-004",
)
class RaisesAtSecondTeardown(ReferenceDriver):
    @hookimpl
    def teardown(
        self, run: RunContext, workspace: Workspace | None, outcome: RunOutcome
    ) -> TeardownReport:
        if self._state == "over":
            raise LifecycleError("it is torn down already")
        return super().teardown(run, workspace, outcome)


@mutant("reports what is gone already as an error", kills="TD-001", also="TD-002 TD-012")
class GoneIsError(_OtherSettle):
    def change(
        self, run: RunContext, outcome: RunOutcome, report: TeardownReport
    ) -> TeardownReport:
        if outcome.remove_workspace and not report.removed and not report.errors:
            missing = f"'{run.workspace.run_dir}' is gone"
            if self._was_prepared:
                return attrs.evolve(report, errors=(missing,))
        return report

    _was_prepared = False

    def workspace(self, run: RunContext) -> Workspace:
        self._was_prepared = True
        return super().workspace(run)


@mutant("cannot be torn down twice at once", kills="TD-002", also="TD-001")
class NotTwiceAtOnce(ReferenceDriver):
    _busy = False

    @hookimpl
    def teardown(
        self, run: RunContext, workspace: Workspace | None, outcome: RunOutcome
    ) -> TeardownReport:
        if self._busy:
            return TeardownReport(errors=("another teardown is at work",))
        self._busy = True
        time.sleep(0.05)
        try:
            return super().teardown(run, workspace, outcome)
        finally:
            self._busy = False


@mutant("needs a workspace to tear down", kills="TD-003", also="TD-004")
class NeedsWorkspace(ReferenceDriver):
    @hookimpl
    def teardown(
        self, run: RunContext, workspace: Workspace | None, outcome: RunOutcome
    ) -> TeardownReport:
        if workspace is None:
            raise WorkspaceError(f"run {run.run_id} has no workspace")
        return super().teardown(run, workspace, outcome)


@mutant(
    "removes whatever is at the path of the run directory",
    kills="TD-003 TD-004 TD-009",
    also="TD-001 WS-012 WS-013 WS-019",
)
class RemovesAnything(ReferenceDriver):
    def settle(
        self, run: RunContext, workspace: Workspace | None, outcome: RunOutcome
    ) -> TeardownReport:
        report = super().settle(run, workspace, outcome)
        if outcome.remove_workspace:
            shutil.rmtree(run.workspace.run_dir, ignore_errors=True)
        return report


@mutant("leaves a lock file beside the run directory", kills="TD-005", also="SWD-*")
class LeavesLock(RunFiles):
    def make(self, run: RunContext) -> None:
        super().make(run)
        self.path.with_name(f"{self.path.name}.lock").write_bytes(b"")


@mutant("leaves the empty run directory", kills="TD-005", also="SWD-*")
class LeavesEmptyDirectory(RunFiles):
    def remove(self, *, deadline_s: float) -> list[str]:
        was_there = self.path.exists()
        errors = super().remove(deadline_s=deadline_s)
        if was_there and not self.path.exists():
            self.path.mkdir()
        return errors


@mutant("removes in the background", kills="TD-005", also="SWD-*")
class RemovesLater(RunFiles):
    def remove(self, *, deadline_s: float) -> list[str]:
        if self.is_ours():
            timer = threading.Timer(0.1, super().remove, kwargs={"deadline_s": deadline_s})
            timer.start()
        return []


@mutant(
    "removes what was to be kept",
    kills="TD-006 TD-013 TD-016 WS-017",
    also="FILES-011 FILES-012 SEC-003 GC-006 SEC-007 TD-001 WS-018",
)
class RemovesKept(ReferenceDriver):
    def settle(
        self, run: RunContext, workspace: Workspace | None, outcome: RunOutcome
    ) -> TeardownReport:
        report = super().settle(run, workspace, attrs.evolve(outcome, remove_workspace=True))
        return report if outcome.remove_workspace else TeardownReport(kept=report.removed)


@mutant("does not say what it kept", kills="TD-006", also="TD-013")
class SilentAboutKept(_OtherSettle):
    def change(
        self, run: RunContext, outcome: RunOutcome, report: TeardownReport
    ) -> TeardownReport:
        del run, outcome
        return attrs.evolve(report, kept=())


@mutant("gives up where the run is cancelled", kills="TD-007")
class GivesUpWhenCancelled(ReferenceDriver):
    def settle(
        self, run: RunContext, workspace: Workspace | None, outcome: RunOutcome
    ) -> TeardownReport:
        if run.cancel.cancelled:
            return TeardownReport()
        return super().settle(run, workspace, outcome)


@mutant(
    "removes everything whose name begins like the run's",
    kills="TD-008",
    also="GC-005 PAR-004",
)
class RemovesByPrefix(_OtherSettle):
    def change(
        self, run: RunContext, outcome: RunOutcome, report: TeardownReport
    ) -> TeardownReport:
        if outcome.remove_workspace:
            for path in Path(run.workspace.run_dir).parent.glob(f"{run.run_id}*"):
                if path.name != run.run_id:
                    shutil.rmtree(path, ignore_errors=True)
        return report


@mutant("keeps a descriptor for each step", kills="TD-010", also="CONFIG-008")
class KeepsDescriptors(StepRun):
    _kept: ClassVar[list[int]] = []

    def make_exchange(self) -> None:
        super().make_exchange()
        self._kept.append(os.open(os.devnull, os.O_RDONLY))


@mutant("keeps a thread for each run", kills="TD-010", also="CONFIG-008 CONFIG-005")
class KeepsThreads(RunFiles):
    def make(self, run: RunContext) -> None:
        super().make(run)
        threading.Thread(target=threading.Event().wait, args=(60,), daemon=True).start()


@mutant("keeps a process for each run", kills="TD-010", also="CONFIG-005")
class KeepsProcesses(RunFiles):
    def make(self, run: RunContext) -> None:
        super().make(run)
        helper = subprocess.Popen(("sleep", "60"))
        helper.returncode = 0


@mutant("puts a path into the handle", kills="TD-011", also="TD-012 TD-013 GC-008")
class PathInHandle(ReferenceDriver):
    def workspace(self, run: RunContext) -> Workspace:
        handle: Any = {"version": 1, "run_dir": Path(run.workspace.run_dir)}
        return attrs.evolve(super().workspace(run), handle=handle)


@mutant("forgets the version in the handle", kills="TD-011")
class NoVersionInHandle(ReferenceDriver):
    def workspace(self, run: RunContext) -> Workspace:
        return attrs.evolve(super().workspace(run), handle={"run_dir": run.workspace.run_dir})


@mutant("knows its runs only in the process that made them", kills="TD-012", also="TD-013 GC-008")
class KnowsOnlyHere(ReferenceDriver):
    _made: ClassVar[set[str]] = set()

    def workspace(self, run: RunContext) -> Workspace:
        self._made.add(run.run_id)
        return super().workspace(run)

    def settle(
        self, run: RunContext, workspace: Workspace | None, outcome: RunOutcome
    ) -> TeardownReport:
        if run.run_id not in self._made:
            return TeardownReport()
        return super().settle(run, workspace, outcome)


@mutant("removes always in another process", kills="TD-013")
class RemovesElsewhere(ReferenceDriver):
    _made: ClassVar[set[str]] = set()

    def workspace(self, run: RunContext) -> Workspace:
        self._made.add(run.run_id)
        return super().workspace(run)

    def settle(
        self, run: RunContext, workspace: Workspace | None, outcome: RunOutcome
    ) -> TeardownReport:
        if run.run_id not in self._made:
            outcome = attrs.evolve(outcome, remove_workspace=True)
        return super().settle(run, workspace, outcome)


@mutant("takes at least six seconds", kills="TD-014", also="FILES-015")
class TakesItsTime(ReferenceDriver):
    def settle(
        self, run: RunContext, workspace: Workspace | None, outcome: RunOutcome
    ) -> TeardownReport:
        if outcome.deadline_s < 1:
            time.sleep(6)
        return super().settle(run, workspace, outcome)


@mutant("keeps the workspace of a failed run", kills="TD-015")
class KeepsFailed(ReferenceDriver):
    def settle(
        self, run: RunContext, workspace: Workspace | None, outcome: RunOutcome
    ) -> TeardownReport:
        if outcome.status is RunStatus.FAILED:
            outcome = attrs.evolve(outcome, remove_workspace=False)
        return super().settle(run, workspace, outcome)


@mutant("reports in lists", kills="TD-015", also="SWD-*")
class ReportsLists(_OtherSettle):
    def change(
        self, run: RunContext, outcome: RunOutcome, report: TeardownReport
    ) -> TeardownReport:
        del run, outcome
        removed: Any = list(report.removed)
        return attrs.evolve(report, removed=removed)


@mutant("never removes a persistent workspace", kills="TD-016")
class KeepsPersistent(RunFiles):
    def remove(self, *, deadline_s: float) -> list[str]:
        return [] if self.request.persistent else super().remove(deadline_s=deadline_s)
