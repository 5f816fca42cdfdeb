"""Removing data that nobody shall have any more."""

from __future__ import annotations

from swamp_driver.host._blobs import BlobStore
from swamp_driver.host._settings import HostSettings
from swamp_driver.host._store import Store
from swamp_driver.host.data._store import CONTENTS, Collected, DataStore
from swamp_driver.host.data._tables import connect
from swamp_driver.host.data._view import Database
from swamp_driver.spec import RunStatus

_OPEN = {RunStatus.RUNNING, RunStatus.SUSPENDED}


def collect_data_garbage(
    settings: HostSettings, runs: Store, *, dry_run: bool = False
) -> Collected:
    """Remove the data of all repositories that has expired or was kept for runs that are over.

    Call it after `Store.close_interrupted`. A run that is suspended may be continued, and keeps its
    data. Nothing is made where no data was ever kept.

    Raises:
        StoreError: the data or the records cannot be used.
    """
    if not settings.data_file.exists():
        return Collected()
    live = {run.run_id for run in runs.runs() if run.status in _OPEN}
    database = Database(connect(settings.state_dir), settings.state_dir, "")
    with DataStore(database, BlobStore(settings.state_dir / CONTENTS)) as data:
        if dry_run:
            return Collected(versions=data.count_garbage(live_runs=live))
        return data.collect_garbage(live_runs=live)
