"""The directory of a run: made, attached to, kept, removed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import attrs

from swamp_driver.errors import WorkspaceError
from swamp_driver.spec import RunContext, WorkspaceRequest
from swamp_driver_conformance.reference._records import Records, record_of
from swamp_driver_conformance.reference._tree import TreeRemoval, own_tree

PARTS = ("workspace", "home", "exchange")


class RunFiles:
    """The directory of one run, as its request names it."""

    removal: type[TreeRemoval] = TreeRemoval

    def __init__(self, request: WorkspaceRequest, records: Records) -> None:
        self.request = request
        self.records = records
        self.path = Path(request.run_dir)

    def make(self, run: RunContext) -> None:
        """Make the directory, or take a persistent one up again; all or nothing."""
        try:
            if not self.take_up(run):
                self.make_new(run)
        except OSError as error:
            reason = str(error.strerror).lower()
            raise WorkspaceError(f"'{self.path}' cannot be made: {reason}") from error

    def make_new(self, run: RunContext) -> None:
        """Make the directory; what is there already is refused."""
        if os.path.lexists(self.path):
            raise WorkspaceError(f"'{self.path}' exists already, and not from this run")
        if not self.records.claim(run):
            raise WorkspaceError(f"'{self.path}' is the directory of another run")
        try:
            self.path.mkdir()
            self.fill()
        except BaseException:
            self.remove(deadline_s=10)
            raise

    def fill(self) -> None:
        """Make the parts of the directory."""
        for part in (".", *PARTS):
            path = self.path / part
            path.mkdir(exist_ok=True)
            path.chmod(0o755)
            os.chown(path, self.request.uid, self.request.gid)

    def take_up(self, run: RunContext) -> bool:
        """Take up what an earlier persistent run left; False where there is nothing."""
        if not self.request.persistent or not os.path.lexists(self.path):
            return False
        record = self.records.get(str(self.path))
        if record is None or not record.persistent:
            raise WorkspaceError(f"'{self.path}' is no persistent workspace")
        self.records.replace(attrs.evolve(record_of(run), created_at=record.created_at))
        self.clear_for_reuse()
        self.fill()
        return True

    def clear_for_reuse(self) -> None:
        """Remove what earlier runs left beside workspace and home."""
        shutil.rmtree(self.path / "exchange", ignore_errors=True)

    def attach(self) -> None:
        """Check that another driver of the run has made the directory."""
        if not all((self.path / part).is_dir() for part in PARTS):
            raise WorkspaceError(f"'{self.path}' was not made by another driver of this run")

    def is_ours(self) -> bool:
        """Return whether this driver made the directory."""
        return self.records.get(str(self.path)) is not None

    def keep(self) -> list[str]:
        """Leave the directory to its user."""
        record = self.records.get(str(self.path))
        if record is None:
            return []
        self.records.replace(attrs.evolve(record, preserved=not record.persistent))
        return self.repair()

    def repair(self) -> list[str]:
        """Make all in the directory belong to the user of the run."""
        return own_tree(str(self.path), self.request.uid, self.request.gid)

    def remove(self, *, deadline_s: float) -> list[str]:
        """Remove the directory if this driver made it, and its record last."""
        if not self.is_ours():
            if os.path.lexists(self.path):
                return [f"'{self.path}' is not removed: this driver did not make it"]
            return []
        errors = self.removal(deadline_s=deadline_s).remove(str(self.path))
        if not errors:
            self.records.drop(str(self.path))
        return errors
