"""Mutants of crash clean-up (GC, REMOTE)."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import ClassVar

import attrs

from swamp_driver.spec import (
    Capability,
    Leftover,
    Owner,
    RunContext,
    RunOutcome,
    TeardownReport,
    Workspace,
    hookimpl,
)
from swamp_driver_conformance.mutants._registry import declares, mutant
from swamp_driver_conformance.reference import Record, ReferenceDriver, RunFiles
from swamp_driver_conformance.variants._contained import ContainedDriver, ContainedStep


@mutant("forgets the label of the owner", kills="GC-001", also="GC-003 GC-004 GC-005")
class ForgetsOwner(ReferenceDriver):
    def leftover(self, record: Record) -> Leftover:
        return attrs.evolve(super().leftover(record), owner=None)


@mutant(
    "labels with its own process instead of the run's owner", kills="GC-003", also="GC-004 GC-005"
)
class LabelsWithItself(ReferenceDriver):
    def leftover(self, record: Record) -> Leftover:
        return attrs.evolve(super().leftover(record), owner=Owner.current())


@mutant("keeps the record of a run that is gone", kills="GC-002", also="SWD-*")
class KeepsRecord(RunFiles):
    def remove(self, *, deadline_s: float) -> list[str]:
        record = self.records.get(str(self.path))
        errors = super().remove(deadline_s=deadline_s)
        if record is not None:
            self.records.replace(record)
        return errors


@mutant("lists only what this process made", kills="GC-003", also="GC-004 GC-005 CAP-007")
class ListsOnlyOwn(ReferenceDriver):
    _made: ClassVar[set[str]] = set()

    def workspace(self, run: RunContext) -> Workspace:
        self._made.add(run.run_id)
        return super().workspace(run)

    @hookimpl
    def list_leftovers(self) -> list[Leftover] | None:
        return [one for one in super().list_leftovers() or () if one.run_id in self._made]


@mutant("says that what is gone already was not removed", kills="GC-004")
class GoneIsNotRemoved(ReferenceDriver):
    @hookimpl
    def remove_leftover(self, leftover: Leftover) -> bool | None:
        if self.records.get(leftover.name) is None:
            return False
        return super().remove_leftover(leftover)


@mutant("forgets the directory when it removes a leftover", kills="GC-004")
class ForgetsDirectory(ReferenceDriver):
    @hookimpl
    def remove_leftover(self, leftover: Leftover) -> bool | None:
        self.records.drop(leftover.name)
        return True


@mutant("removes leftovers by prefix", kills="GC-005")
class RemovesLeftoversByPrefix(ReferenceDriver):
    @hookimpl
    def remove_leftover(self, leftover: Leftover) -> bool | None:
        for path in Path(leftover.name).parent.glob(f"{leftover.run_id[:-1]}*"):
            self.records.drop(str(path))
            shutil.rmtree(path)
        return True


@mutant("does not mark what it keeps", kills="GC-006")
class DoesNotMarkKept(RunFiles):
    def keep(self) -> list[str]:
        return self.repair() if self.is_ours() else []


@mutant(
    "lists whatever is beside a run directory", kills="GC-007", also="CAP-007 GC-004 GC-005 GC-002"
)
class ListsNeighbours(ReferenceDriver):
    @hookimpl
    def list_leftovers(self) -> list[Leftover] | None:
        found = {one.name: one for one in super().list_leftovers() or ()}
        for one in list(found.values()):
            for path in Path(one.name).parent.iterdir():
                found.setdefault(str(path), attrs.evolve(one, name=str(path), run_id=path.name))
        return list(found.values())


@mutant("does not tear down a run in which a step is at work", kills="GC-008")
class StaysLocked(ReferenceDriver):
    def settle(
        self, run: RunContext, workspace: Workspace | None, outcome: RunOutcome
    ) -> TeardownReport:
        exchange = Path(run.workspace.run_dir, "exchange")
        if exchange.is_dir() and any(exchange.iterdir()):
            return TeardownReport(errors=(f"'{exchange}' is in use",))
        return super().settle(run, workspace, outcome)


_DEAF = Path(__file__).with_name("_deaf_supervisor.py")


@mutant(
    "does not notice that the controller has died",
    kills="GC-009",
    base=ContainedDriver,
    needs="linux",
)
class OutlivesController(ContainedStep):
    supervisor = _DEAF


@mutant("makes the workspace of a far side on this host", kills="REMOTE-001")
class NotSoRemote(ReferenceDriver):
    info = declares(without=Capability.HOST_VISIBLE)
