"""Mutants of the workspace (WS)."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import attrs

from swamp_driver.errors import WorkspaceError
from swamp_driver.spec import RunContext, RunOutcome, TeardownReport, Workspace, hookimpl
from swamp_driver_conformance.mutants._registry import mutant
from swamp_driver_conformance.reference import ReferenceDriver, RunFiles, StepRun


@mutant("returns the path with a slash at its end", kills="WS-001")
class SlashAtEnd(ReferenceDriver):
    def workspace(self, run: RunContext) -> Workspace:
        return attrs.evolve(super().workspace(run), path=f"{run.workspace.path}/")


@mutant(
    "puts the workspace elsewhere, with a symlink in its place",
    kills="WS-002",
    also="WS-008 WS-014 FILES-011 FILES-012 FILES-016 TD-005 TD-006 EXEC-012 WS-019 SEC-003",
)
class WorkspaceBehindLink(RunFiles):
    def fill(self) -> None:
        super().fill()
        place = self.path / "workspace"
        if not place.is_symlink():
            place.rename(self.path / "real")
            place.symlink_to(self.path / "real")


@mutant(
    "makes no home",
    kills="WS-003",
    also="WS-009 WS-010 WS-014 WS-015 WS-016 WS-017 TD-005 TD-006 FILES-016",
)
class NoHome(RunFiles):
    def fill(self) -> None:
        super().fill()
        (self.path / "home").rmdir()

    def attach(self) -> None:
        pass


@mutant("leaves a file of its own in a new workspace", kills="WS-004 WS-005", also="SWD-*")
class MarkerInWorkspace(RunFiles):
    def fill(self) -> None:
        super().fill()
        (self.path / "workspace/.driver").write_text("mine", encoding="utf-8")


@mutant("writes its control file into the workspace", kills="WS-005", also="SWD-*")
class ControlFileInWorkspace(StepRun):
    def make_exchange(self) -> None:
        super().make_exchange()
        Path(self.run.workspace.path, ".step.pid").write_text("1", encoding="utf-8")


def _each(run: RunContext) -> list[Path]:
    return list(Path(run.workspace.path).rglob("*"))


class _AfterStep(StepRun):
    """A step after which something is done to the workspace."""

    def execute(self) -> Any:
        result = super().execute()
        for path in _each(self.run):
            self.touch(path)
        return result

    def touch(self, path: Path) -> None:
        raise NotImplementedError


@mutant(
    "copies the workspace between steps without executable bits",
    kills="WS-006",
    also="WS-022 EXEC-007 EXEC-011 FILES-013 FILES-014",
)
class LosesExecutableBits(_AfterStep):
    def touch(self, path: Path) -> None:
        if path.is_file() and not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o111)


@mutant(
    "copies the workspace between steps without empty directories",
    kills="WS-006",
    also="WS-022 FILES-014 TD-006 EXEC-006 EXEC-012 FILES-013 FILES-017 FILES-018 TD-012",
)
class LosesEmptyDirectories(_AfterStep):
    def touch(self, path: Path) -> None:
        if path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
            path.rmdir()


_READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && cd "$PWD" && exec "$@"'


@mutant(
    "mounts the workspace read-only in every second step",
    kills="WS-006",
    also="SWD-*",
    needs="root unshare",
)
class ReadOnlyInSecondStep(StepRun):
    _count: dict[str, int] = {}  # noqa: RUF012 - of all steps, by run

    def argv(self) -> tuple[str, ...]:
        number = self._count[self.run.run_id] = self._count.get(self.run.run_id, 0) + 1
        if number != 2:  # noqa: PLR2004 - the second one
            return super().argv()
        place = self.run.workspace.path
        return ("unshare", "-m", "/bin/sh", "-c", _READ_ONLY, place, *super().argv())


@mutant(
    "breaks absolute symlinks between steps",
    kills="WS-007",
    also="FILES-014 FILES-016 TD-005 GC-005",
)
class BreaksAbsoluteLinks(_AfterStep):
    def touch(self, path: Path) -> None:
        if path.is_symlink() and str(path.readlink()).startswith("/"):
            path.unlink()
            path.symlink_to("/nowhere")


@mutant("cuts paths at a colon, as a mount option is cut", kills="WS-008")
class CutsPathsAtColon(StepRun):
    def options(self) -> dict[str, Any]:
        options = super().options()
        return {**options, "cwd": options["cwd"].split(":")[0] or "/"}


@mutant("leaves half a directory when it refuses an odd path", kills="WS-008")
class LeavesOddPath(RunFiles):
    def make_new(self, run: RunContext) -> None:
        if " " in str(self.path):
            self.path.mkdir()
            raise WorkspaceError(f"'{self.path}' has a space in it")
        super().make_new(run)


@mutant(
    "uses one home for all runs",
    kills="WS-009",
    also="TD-006 FILES-016 SEC-003 WS-017",
)
class OneHome(RunFiles):
    def fill(self) -> None:
        super().fill()
        shared = Path(tempfile.gettempdir()) / f"one-home-{os.getpid()}"
        shared.mkdir(exist_ok=True)
        home = self.path / "home"
        if not home.is_symlink():
            home.rmdir()
            home.symlink_to(shared)


@mutant(
    "empties the home after each step",
    kills="WS-010",
    also="WS-009 WS-017 TD-006 FILES-016 SEC-006",
)
class EmptiesHome(StepRun):
    def remove_exchange(self) -> None:
        super().remove_exchange()
        for path in Path(self.run.workspace.home).iterdir():
            shutil.rmtree(path, ignore_errors=True)
            path.unlink(missing_ok=True)


_HIDDEN = 'mkdir -p "$0" && mount --bind "$0" "$1" && cd "$PWD" && shift && exec "$@"'


@mutant(
    "mounts a directory of its own over the workspace",
    kills="WS-011",
    also="SWD-*",
    needs="root unshare",
)
class MountsAnotherDirectory(StepRun):
    def argv(self) -> tuple[str, ...]:
        workspace = self.run.workspace
        hidden = f"{workspace.run_dir}/hidden"
        command = ("unshare", "-m", "/bin/sh", "-c", _HIDDEN, hidden, workspace.path)
        return (*command, *super().argv())


@mutant("takes an existing directory for its own", kills="WS-012", also="TD-004 RESULT-004 WS-019")
class AdoptsDirectory(RunFiles):
    def make_new(self, run: RunContext) -> None:
        if self.path.exists() and self.records.claim(run):
            self.fill()
        else:
            super().make_new(run)


@mutant("lets the system's own error through", kills="WS-013")
class RawOsError(RunFiles):
    def make(self, run: RunContext) -> None:
        if not self.take_up(run):
            self.make_new(run)


@mutant("leaves a directory behind when preparing fails", kills="WS-013", also="WS-012 TD-004")
class LeavesHalf(RunFiles):
    def make(self, run: RunContext) -> None:
        try:
            super().make(run)
        except WorkspaceError:
            self.path.parent.with_name(f"{self.path.name}.half").mkdir(exist_ok=True)
            raise


@mutant("clears the workspace that it attaches to", kills="WS-014", also="WS-015")
class AttachClears(RunFiles):
    def attach(self) -> None:
        super().attach()
        shutil.rmtree(self.path / "workspace")
        (self.path / "workspace").mkdir()


@mutant("removes the directory of another driver that it attached to", kills="WS-015")
class AttachedRemoves(ReferenceDriver):
    @hookimpl
    def teardown(
        self, run: RunContext, workspace: Workspace | None, outcome: RunOutcome
    ) -> TeardownReport:
        self._state = "over"
        return self.settle(run, workspace, outcome)


@mutant("makes what it should attach to", kills="WS-016")
class AttachMakes(RunFiles):
    def attach(self) -> None:
        self.path.mkdir(exist_ok=True)
        self.fill()


@mutant("clears a persistent workspace when it takes it up", kills="WS-017", also="TD-016")
class PersistentClears(RunFiles):
    def clear_for_reuse(self) -> None:
        super().clear_for_reuse()
        shutil.rmtree(self.path / "workspace")


@mutant("keeps the exchange directories of earlier runs", kills="WS-018")
class KeepsOldExchange(RunFiles):
    def clear_for_reuse(self) -> None:
        pass


@mutant("takes any directory up as a persistent workspace", kills="WS-019", also="WS-018 TD-016")
class PersistentAdopts(RunFiles):
    def take_up(self, run: RunContext) -> bool:
        if self.request.persistent and self.path.exists():
            self.fill()
            return True
        return super().take_up(run)


@mutant("loses files whose name begins with a dash", kills="WS-022", also="FILES-014")
class LosesDashes(_AfterStep):
    def touch(self, path: Path) -> None:
        if path.name.startswith("-") and path.is_file():
            path.unlink()
