"""The tables that data is kept in, and their rows."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs

from swamp_driver.errors import StoreError
from swamp_driver.host.data._artifact import Artifact

DATA_FILE = "data.sqlite"
_SCHEMA = 1
_TABLES = """
CREATE TABLE artifacts (
  number INTEGER PRIMARY KEY, repository TEXT NOT NULL,
  model TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, spec TEXT NOT NULL,
  run_id TEXT NOT NULL, created_at REAL NOT NULL, expires_at REAL,
  only_run TEXT, only_job TEXT, digest TEXT,
  record TEXT NOT NULL, UNIQUE (repository, model, name, version)
);
CREATE INDEX artifacts_by_spec ON artifacts (repository, model, spec);
CREATE INDEX artifacts_by_run ON artifacts (run_id);
CREATE INDEX artifacts_bound ON artifacts (only_run) WHERE only_run IS NOT NULL;
CREATE TABLE tags (
  artifact INTEGER NOT NULL REFERENCES artifacts (number) ON DELETE CASCADE,
  key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (artifact, key)
) WITHOUT ROWID;
CREATE INDEX tags_by_value ON tags (key, value);
"""


def connect(state_dir: Path) -> sqlite3.Connection:
    """Open the file, making it where it is not there; raise `StoreError`."""
    with store_errors(state_dir):
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        connection = sqlite3.connect(
            state_dir / DATA_FILE, timeout=30, isolation_level=None, check_same_thread=False
        )
        try:
            _set_up(connection, state_dir)
        except BaseException:
            connection.close()
            raise
    return connection


def _set_up(connection: sqlite3.Connection, state_dir: Path) -> None:
    # As the records of runs: readers never wait, and a power cut may cost the last writes.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found > _SCHEMA:
        raise StoreError(
            f"the data in '{state_dir}' was kept by a newer version "
            f"(schema {found}, this one knows {_SCHEMA}): upgrade swamp-drivers, "
            "or set SWAMP_DRIVER_STATE to another directory"
        )
    if found == 0:
        with contextlib.suppress(sqlite3.OperationalError):  # another process made them just now
            connection.executescript(
                f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {_SCHEMA}; COMMIT;"
            )
        if connection.in_transaction:
            connection.execute("ROLLBACK")


@contextlib.contextmanager
def store_errors(path: Path) -> Iterator[None]:
    """Translate what goes wrong with the file."""
    try:
        yield
    except (sqlite3.Error, OSError, ValueError) as error:
        raise StoreError(f"the data in '{path}' cannot be used: {error}") from error


_COLUMNS = ("model", "name", "version", "spec", "run_id", "created_at", "digest")


def dump_rest(artifact: Artifact) -> str:
    """Return what has no column of its own."""
    rest = attrs.asdict(artifact, filter=lambda field, _: field.name not in _COLUMNS)
    return json.dumps(rest, ensure_ascii=False, separators=(",", ":"))


def artifact_of(row: tuple[Any, ...]) -> Artifact:
    """Return the artifact of a row of `SELECTED`."""
    return Artifact(**dict(zip(_COLUMNS, row[:-1], strict=True)), **json.loads(row[-1]))


SELECTED = ", ".join((*(f"a.{column}" for column in _COLUMNS), "a.record"))
