"""What a run has written, whatever repository it was in."""

from __future__ import annotations

from swamp_driver.host._settings import HostSettings
from swamp_driver.host.data._artifact import Artifact
from swamp_driver.host.data._tables import SELECTED, artifact_of, connect
from swamp_driver.host.data._view import Database


def data_of_run(settings: HostSettings, run_id: str) -> tuple[Artifact, ...]:
    """Return what a run has written and what is still there of it, in the order of writing.

    Raises:
        StoreError: the data cannot be read.
    """
    if not settings.data_file.exists():
        return ()
    database = Database(connect(settings.state_dir), settings.state_dir, "")
    try:
        rows = database.rows(
            f"SELECT {SELECTED} FROM artifacts a WHERE a.run_id = :run_id "  # noqa: S608 - columns
            "ORDER BY a.created_at, a.number",
            {"run_id": run_id},
        )
    finally:
        database.connection.close()
    return tuple(map(artifact_of, rows))
