"""Reading data: what one run sees of a repository's, or all of it."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs

from swamp_driver.host.data._artifact import Artifact
from swamp_driver.host.data._tables import SELECTED, artifact_of, store_errors

RUN_TAG = "workflowRunId"
"""A tag that everything has without being tagged: the run that wrote it."""
MOST_FOUND = 10_000
"""How many artifacts one question is answered with at most; the newest of them."""

_VISIBLE = """
  a.repository = :repository AND (a.expires_at IS NULL OR a.expires_at > :now)
  AND (a.only_run IS NULL OR :run IS NULL OR (
    a.only_run = :run AND (a.only_job IS NULL OR a.only_job = :job)))
"""
_NEWEST = (
    "a.version = (SELECT max(b.version) FROM artifacts b WHERE b.model = a.model "  # noqa: S608
    "AND b.name = a.name AND " + _VISIBLE.replace("a.", "b.") + ")"
)


@attrs.frozen(eq=False, repr=False)
class Database:
    """The open file; `lock` is held while it is used: one connection, many threads."""

    connection: sqlite3.Connection
    state_dir: Path
    repository: str
    lock: threading.RLock = attrs.field(factory=threading.RLock)

    def rows(self, statement: str, values: dict[str, object]) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows; raise `StoreError`."""
        with self.lock, store_errors(self.state_dir):
            return self.connection.execute(
                statement, {**values, "repository": self.repository}
            ).fetchall()


class DataView:
    """Data of one repository as seen from a run and job: what is kept for others is not there.

    Without a run, everything that is still kept. All methods may be called from any thread, and
    raise `StoreError` where the file cannot be read.
    """

    def __init__(self, database: Database, *, run_id: str | None = None, job: str = "") -> None:
        self._database = database
        self._seen_from = {"run": run_id, "job": job}

    def latest(self, model: str, name: str) -> Artifact | None:
        """Return the newest version; None where there is none."""
        return _first(
            self._find("a.model = :model AND a.name = :name", _NEWEST, model=model, name=name)
        )

    def version(self, model: str, name: str, version: int) -> Artifact | None:
        """Return one version; None where it is not, or no longer, there."""
        where = "a.model = :model AND a.name = :name AND a.version = :version"
        return _first(self._find(where, model=model, name=name, version=version))

    def list_versions(self, model: str, name: str) -> tuple[Artifact, ...]:
        """Return all versions that are there, the oldest first."""
        return self._find("a.model = :model AND a.name = :name", model=model, name=name)

    def find_by_spec(self, model: str, spec: str) -> tuple[Artifact, ...]:
        """Return the newest version of each name that was made by a spec of a model, by name."""
        where = "a.model = :model AND a.spec = :spec"
        return self._find(where, _NEWEST, model=model, spec=spec)

    def find_by_tag(self, key: str, value: str) -> tuple[Artifact, ...]:
        """Return the newest version of each name, where that has the tag, by model and name."""
        where = (
            "EXISTS (SELECT 1 FROM tags t WHERE t.artifact = a.number "
            "AND t.key = :key AND t.value = :value)"
        )
        if key == RUN_TAG:
            where = "(a.run_id = :value OR " + where + ")"
        return self._find(where, _NEWEST, key=key, value=value)

    def latest_of(self, model: str | None = None) -> tuple[Artifact, ...]:
        """Return the newest version of every name, of one model or of all, by model and name."""
        return self._find("(:model IS NULL OR a.model = :model)", _NEWEST, model=model)

    def all_versions(self, model: str | None = None) -> tuple[Artifact, ...]:
        """Return every version that is there, by model, name and version."""
        return self._find("(:model IS NULL OR a.model = :model)", model=model)

    def of_run(self, run_id: str) -> tuple[Artifact, ...]:
        """Return what a run has written and what is still there of it, in the order of writing."""
        found = self._find("a.run_id = :run_id", run_id=run_id)
        return tuple(sorted(found, key=lambda one: one.created_at))

    def models(self) -> tuple[str, ...]:
        """Return the names of the models that have data here."""
        rows = self._database.rows(
            f"SELECT DISTINCT a.model FROM artifacts a WHERE {_VISIBLE} ORDER BY 1",  # noqa: S608
            {**self._seen_from, "now": time.time()},
        )
        return tuple(row[0] for row in rows)

    def names(self, model: str) -> tuple[str, ...]:
        """Return the names of the data of a model."""
        return tuple(artifact.name for artifact in self.latest_of(model))

    def _find(self, *conditions: str, **values: object) -> tuple[Artifact, ...]:
        where = " AND ".join((_VISIBLE, *conditions))
        rows = self._database.rows(
            f"SELECT {SELECTED} FROM artifacts a WHERE {where} "  # noqa: S608 - ours, no values
            f"ORDER BY a.number DESC LIMIT {MOST_FOUND}",
            {**values, **self._seen_from, "now": time.time()},
        )
        with store_errors(self._database.state_dir):
            found = [artifact_of(row) for row in rows]
        return tuple(sorted(found, key=lambda one: (one.model, one.name, one.version)))


def _first(found: Iterable[Artifact]) -> Artifact | None:
    return next(iter(found), None)
