"""The data that a run reads and writes: opened when it is first needed."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from swamp_driver.host._repository import find_repository
from swamp_driver.host._settings import HostSettings

if TYPE_CHECKING:
    from swamp_driver.host.data import DataStore


class RunData:
    """The data of the repository of a run. All methods may be called from any thread."""

    def __init__(self, settings: HostSettings, directory: str, run_id: str) -> None:
        """Take the directory of the workflow file."""
        self._settings = settings
        self._directory = directory
        self._run_id = run_id
        self._lock = threading.Lock()
        self._store: DataStore | None = None

    def store(self) -> DataStore:
        """Return the store, opened at the first call.

        Raises:
            StoreError: it cannot be opened.
        """
        with self._lock:
            if self._store is None:
                # Most runs keep no data, and need not pay for it.
                from swamp_driver.host.data import open_data_store  # noqa: PLC0415

                repository = find_repository(Path(self._directory))
                self._store = open_data_store(self._settings, repository)
            return self._store

    def end_job(self, job: str) -> None:
        """Let go of what was kept for a job alone."""
        if self._store is not None:
            self._store.end_job(self._run_id, job)

    def close(self) -> None:
        """Let go of what was kept for the run alone, and close the store. Twice is fine."""
        with self._lock:
            store, self._store = self._store, None
        if store is not None:
            with store:
                store.end_run(self._run_id)
