"""A run that takes what succeeded in an earlier one, and runs the rest in its workspace."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs

from swamp_driver import rundir
from swamp_driver._value import Value
from swamp_driver.errors import NotFoundError, WorkspaceBusyError
from swamp_driver.host._records import RunRecord, StepRecord
from swamp_driver.host._reservation import reserved_for
from swamp_driver.host._store import Store
from swamp_driver.spec import RunStatus, StepStatus

_UNDER_WAY = frozenset({RunStatus.RUNNING, RunStatus.SUSPENDED})


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Earlier(Value):
    """An ended run whose failed steps are to be run again: see `find_earlier`."""

    record: RunRecord

    @property
    def succeeded(self) -> Mapping[tuple[str, str], StepRecord]:
        """Return the steps that succeeded, by the names of their job and their own."""
        return {
            (step.job, step.step): step
            for step in self.record.steps
            if step.status is StepStatus.SUCCEEDED
        }

    def run_dir(self) -> str:
        """Return the directory of the run, which is still there and in nobody's use.

        Raises:
            NotFoundError: it was removed, or is not on this machine.
            WorkspaceBusyError: a run is at work in it, or will be.
        """
        record = self.record
        path = record.workspace_path
        visible = not record.workspaces or record.workspaces[0].host_visible
        if path is None or not visible or not Path(path).is_dir():
            raise NotFoundError(
                f"the workspace of run {record.run_id} is not here any more: run the whole "
                "workflow, with '--preserve on-failure' to keep it the next time"
            )
        run_dir = str(Path(path).parent)
        marker = rundir.read_marker(run_dir)
        if marker is None or reserved_for(run_dir) or not _is_free(marker, record):
            raise WorkspaceBusyError(f"the workspace of run {record.run_id} is in use")
        return run_dir


def _is_free(marker: rundir.Marker, record: RunRecord) -> bool:
    if record.workspace_kept and marker.preserved:
        return True
    return marker.owner.is_alive() is False


def find_earlier(store: Store, prefix: str) -> Earlier:
    """Return an ended run, to run its failed steps again.

    Raises:
        NotFoundError: there is no such run, or it has not ended.
        StoreError: the records cannot be used.
    """
    store.close_interrupted()
    record = store.find_run(prefix)
    if record.status in _UNDER_WAY:
        raise NotFoundError(f"run {record.run_id} has not ended: it is {record.status}")
    return Earlier(record=record)
