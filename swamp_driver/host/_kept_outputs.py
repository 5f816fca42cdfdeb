"""Contents of outputs that are kept among the records, and whether they may go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import attrs

from swamp_driver import rundir
from swamp_driver._value import Value
from swamp_driver.errors import NotFoundError
from swamp_driver.host._records import RunRecord
from swamp_driver.host._store import Store
from swamp_driver.host.outputs import OUTPUTS
from swamp_driver.spec import Owner


@attrs.frozen(kw_only=True, eq=False, repr=False)
class KeptOutputs(Value):
    """What a run keeps of its steps' outputs, while it goes on or because it was preserved."""

    path: str
    run_id: str
    owner: Owner | None
    """None where the run has no record."""
    made_at: float
    preserved: bool
    """The run was kept, and is still there."""


def find_kept_outputs(store: Store) -> Iterator[KeptOutputs]:
    """Yield the outputs that are on this machine, of live and dead runs alike."""
    for directory in sorted((store.settings.state_dir / "runs").glob(f"*/{OUTPUTS}")):
        run_id = directory.parent.name
        try:
            run = store.find_run(run_id)
        except NotFoundError:
            run = None
        yield KeptOutputs(
            path=str(directory),
            run_id=run_id,
            owner=None if run is None else run.owner,
            made_at=directory.stat().st_mtime if run is None else run.started_at,
            preserved=run is not None and _is_preserved(run, store.settings.runs_dir),
        )


def _is_preserved(run: RunRecord, runs_dir: Path) -> bool:
    elsewhere = any(not workspace.host_visible for workspace in run.workspaces)
    return run.workspace_kept and (elsewhere or (runs_dir / run.run_id).exists())


def remove_kept_outputs(path: str, *, deadline_s: float) -> tuple[str, ...]:
    """Remove what `find_kept_outputs` found; return one line for each thing that stays."""
    return rundir.remove_tree(path, deadline_s=deadline_s)
