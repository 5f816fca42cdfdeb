"""Mutants of files (FILES)."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

from swamp_driver.errors import TeardownError, WorkspaceError
from swamp_driver.spec import RunContext, RunOutcome, StepEnd, StepResult, TeardownReport, Workspace
from swamp_driver_conformance.mutants._registry import mutant
from swamp_driver_conformance.reference import (
    Exchange,
    ReferenceDriver,
    RunFiles,
    StepRun,
    TreeRemoval,
)


@mutant("writes files as text, with other line ends", kills="FILES-001", also="FILES-005")
class WritesText(Exchange):
    def write(self, path: Path, content: bytes) -> None:
        path.write_bytes(content.replace(b"\r\n", b"\n"))


@mutant("cuts files at a megabyte", kills="FILES-001")
class CutsFiles(Exchange):
    def write(self, path: Path, content: bytes) -> None:
        path.write_bytes(content[: 1024 * 1024])


@mutant(
    "does not make the directories of the exchange",
    kills="FILES-002",
    also="FILES-004 FILES-010 SEC-006",
)
class NoDirectories(Exchange):
    def make(self) -> None:
        super().make()
        for name in self.step.directories:
            (self.path / name).rmdir()


@mutant(
    "keeps the exchange directory",
    kills="FILES-003",
    also="FILES-002 FILES-010 TD-006 SEC-003 WS-018 FILES-004",
)
class KeepsExchange(Exchange):
    def remove(self) -> list[str]:
        return []


@mutant("keeps the exchange directory of a step that was refused", kills="FILES-003", also="")
class KeepsExchangeOfRefused(StepRun):
    def remove_exchange(self) -> None:
        if self.pid:
            super().remove_exchange()


@mutant("takes an exchange directory up that is there already", kills="FILES-004")
class ReusesExchange(Exchange):
    def make(self) -> None:
        if not self.path.is_dir():
            super().make()
            return
        for name in self.step.directories:
            (self.path / name).mkdir(exist_ok=True)


@mutant("strips what it collects", kills="FILES-005", also="FILES-006 PAR-002")
class StripsCollected(Exchange):
    def read(self, name: str, fd: int) -> bytes | str:
        found = super().read(name, fd)
        return found.rstrip() if isinstance(found, bytes) else found


@mutant("gives missing files as empty ones", kills="FILES-005", also="FILES-004 FILES-010 SEC-002")
class InventsCollected(Exchange):
    def collect(self) -> tuple[dict[str, bytes], dict[str, str]]:
        files, problems = super().collect()
        missing = set(self.step.collect) - set(files) - set(problems)
        return {**files, **dict.fromkeys(missing, b"")}, problems


@mutant("collects from successful steps only", kills="FILES-006", also="PAR-002")
class CollectsOnSuccess(StepRun):
    def collect(self, result: StepResult) -> tuple[dict[str, bytes], dict[str, str]]:
        return super().collect(result) if result.end is StepEnd.SUCCEEDED else ({}, {})


@mutant("collects through symlinks", kills="FILES-007", also="FILES-010")
class CollectsThroughLinks(Exchange):
    def read(self, name: str, fd: int) -> bytes | str:
        path = self.path / name
        return path.read_bytes() if path.is_symlink() and path.exists() else super().read(name, fd)


@mutant("follows a link in the place of the exchange directory", kills="FILES-010")
class CollectsFromElsewhere(Exchange):
    def collect(self) -> tuple[dict[str, bytes], dict[str, str]]:
        if not self.path.is_symlink():
            return super().collect()
        found = {name: self.path / name for name in self.step.collect}
        return {name: path.read_bytes() for name, path in found.items() if path.is_file()}, {}


@mutant("opens a FIFO to collect it", kills="FILES-008")
class OpensFifo(Exchange):
    def read(self, name: str, fd: int) -> bytes | str:
        path = self.path / name
        if stat.S_ISFIFO(path.lstat().st_mode):
            return path.read_bytes()
        return super().read(name, fd)


@mutant("says nothing of a directory in the place of a file", kills="FILES-008")
class SilentAboutDirectories(Exchange):
    def read(self, name: str, fd: int) -> bytes | str:
        if (self.path / name).is_dir():
            raise FileNotFoundError
        return super().read(name, fd)


@mutant("is off by one at the limit", kills="FILES-009")
class OffByOne(Exchange):
    def read(self, name: str, fd: int) -> bytes | str:
        found = super().read(name, fd)
        if isinstance(found, bytes) and len(found) == self.step.collect_limit_bytes:
            return "it is too large"
        return found


@mutant("knows no limit", kills="FILES-009")
class NoLimit(Exchange):
    def read(self, name: str, fd: int) -> bytes | str:
        path = self.path / name
        if path.is_file() and not path.is_symlink():
            return path.read_bytes()
        return super().read(name, fd)


@mutant("breaks where the step removed its exchange directory", kills="FILES-010")
class NeedsExchange(Exchange):
    def collect(self) -> tuple[dict[str, bytes], dict[str, str]]:
        if not self.path.is_dir():
            raise WorkspaceError(f"'{self.path}' is gone")
        return super().collect()


@mutant("leaves files to the user that made them", kills="FILES-011", needs="root")
class NoRepair(RunFiles):
    def repair(self) -> list[str]:
        return []


@mutant(
    "follows symlinks when it repairs owners", kills="FILES-012", also="FILES-011", needs="root"
)
class RepairFollowsLinks(RunFiles):
    def repair(self) -> list[str]:
        for path in [self.path, *self.path.rglob("*")]:
            if path.exists():
                os.chown(path, self.request.uid, self.request.gid)
        return super().repair()


@mutant("stops at a directory without rights", kills="FILES-013", also="FILES-010")
class StopsWithoutRights(TreeRemoval):
    def remove_directory(self, name: str, parent_fd: int, shown: str, device: int) -> None:
        if not os.stat(name, dir_fd=parent_fd).st_mode & stat.S_IWUSR:
            self.fail(shown, "permission denied")
        else:
            super().remove_directory(name, parent_fd, shown, device)


@mutant("removes by paths", kills="FILES-014", also="FILES-013 TD-014 FILES-017 FILES-018")
class RemovesByPath(TreeRemoval):
    def remove(self, path: str) -> list[str]:
        for folder, names, files in os.walk(path, topdown=False):
            for name in (*files, *names):
                if len(f"{folder}/{name}") > 4000:  # noqa: PLR2004 - the system's limit
                    return [f"'{path}' is not removed: file name too long"]
        return super().remove(path)


@mutant(
    "takes 20 ms for each file that it removes", kills="FILES-015", also="TD-002 TD-014 FILES-014"
)
class RemovesSlowly(TreeRemoval):
    def is_directory(self, name: str, parent_fd: int) -> bool:
        if self._is_many(parent_fd):
            time.sleep(0.02)
        return super().is_directory(name, parent_fd)

    def _is_many(self, parent_fd: int) -> bool:
        return os.fstat(parent_fd).st_nlink <= 2  # noqa: PLR2004 - no directories in it


@mutant(
    "follows symlinks when it removes",
    kills="FILES-016",
    also="FILES-014 WS-021 TD-005 GC-005 WS-022",
)
class RemovalFollowsLinks(RunFiles):
    def remove(self, *, deadline_s: float) -> list[str]:
        if self.is_ours():
            for path in [self.path / "workspace", self.path / "home", *self.path.rglob("*")]:
                if path.is_symlink() and path.is_dir():
                    for below in path.iterdir():
                        below.unlink()
        return super().remove(deadline_s=deadline_s)


@mutant(
    "goes into what is mounted in the workspace", kills="FILES-017", also="FILES-018", needs="root"
)
class CrossesMounts(TreeRemoval):
    def may_enter(self, fd: int, device: int) -> bool:
        del fd, device
        return True


@mutant(
    "raises where something cannot be removed",
    kills="FILES-018",
    also="FILES-017 TD-014",
    needs="root",
)
class RaisesOnRemoval(ReferenceDriver):
    def settle(
        self, run: RunContext, workspace: Workspace | None, outcome: RunOutcome
    ) -> TeardownReport:
        report = super().settle(run, workspace, outcome)
        if report.errors:
            raise TeardownError("not everything can be removed", left=report.errors)
        return report


@mutant(
    "says nothing where something cannot be removed",
    kills="FILES-018",
    also="FILES-017",
    needs="root",
)
class SilentOnRemoval(ReferenceDriver):
    def settle(
        self, run: RunContext, workspace: Workspace | None, outcome: RunOutcome
    ) -> TeardownReport:
        report = super().settle(run, workspace, outcome)
        if report.errors:
            return TeardownReport(removed=(run.workspace.run_dir,))
        return report
