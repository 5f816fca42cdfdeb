"""The data that a run reads and writes: opened when it is first needed."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from swamp_driver.host._repository import find_repository
from swamp_driver.host._settings import HostSettings
from swamp_driver.spec import Json

if TYPE_CHECKING:
    from swamp_driver.host.data import DataStore


class RunData:
    """The data of the repository of a run. All methods may be called from any thread."""

    def __init__(self, settings: HostSettings, directory: str, run_id: str) -> None:
        """Take the directory of the workflow file."""
        self._settings = settings
        self._directory = directory
        self._run_id = run_id
        self._lock = threading.RLock()
        self._repository: Path | None = None
        self._store: DataStore | None = None

    @property
    def repository(self) -> Path:
        """Return the repository of the workflow."""
        with self._lock:
            if self._repository is None:
                self._repository = find_repository(Path(self._directory))
            return self._repository

    def store(self) -> DataStore:
        """Return the store, opened at the first call.

        Raises:
            StoreError: it cannot be opened.
        """
        with self._lock:
            if self._store is None:
                # Most runs keep no data, and need not pay for it.
                from swamp_driver.host.data import open_data_store  # noqa: PLC0415

                self._store = open_data_store(self._settings, self.repository)
            return self._store

    def written(self) -> tuple[dict[str, Json], ...]:
        """Return what the run has written and is still there, as reports are given it."""
        # What another process wrote before the run was suspended is there, and not opened yet.
        if self._store is None and not self._settings.data_file.exists():
            return ()
        store = self.store()
        return tuple(store.for_reports(one) for one in store.of_run(self._run_id))

    def end_job(self, job: str) -> None:
        """Let go of what was kept for a job alone, under the name that it was written with."""
        if self._store is not None:
            self._store.end_job(self._run_id, job)

    def end_run(self, *, continued: bool = False) -> None:
        """Let go of what was kept for the run alone; nothing where nothing was opened in it.

        `continued`: another process may have kept some. Where the process dies before this, `gc`
        does it.
        """
        if continued and self._settings.data_file.exists():
            self.store().end_run(self._run_id)
        elif self._store is not None:
            self._store.end_run(self._run_id)

    def close(self) -> None:
        """Close the store, if it was opened; twice is fine."""
        with self._lock:
            store, self._store = self._store, None
        if store is not None:
            store.close()
