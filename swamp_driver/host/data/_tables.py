"""The tables that data is kept in, and their rows."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path
from typing import Any

import attrs

from swamp_driver.host import _sqlite
from swamp_driver.host._settings import DATA_FILE
from swamp_driver.host._sqlite import DatabaseFile, open_database
from swamp_driver.host.data._artifact import Artifact

_DATA = DatabaseFile(
    name=DATA_FILE,
    what="the data",
    schema=1,
    tables="""
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
""",
)


def connect(state_dir: Path) -> sqlite3.Connection:
    """Open the file, making it where it is not there; raise `StoreError`."""
    return open_database(_DATA, state_dir)


def store_errors(path: Path) -> contextlib.AbstractContextManager[None]:
    """Translate what goes wrong with the file."""
    return _sqlite.store_errors(_DATA, path)


_COLUMNS = ("model", "name", "version", "spec", "run_id", "created_at", "digest")


def dump_rest(artifact: Artifact) -> str:
    """Return what has no column of its own."""
    rest = attrs.asdict(artifact, filter=lambda field, _: field.name not in _COLUMNS)
    return json.dumps(rest, ensure_ascii=False, separators=(",", ":"))


def artifact_of(row: tuple[Any, ...]) -> Artifact:
    """Return the artifact of a row of `SELECTED`."""
    return Artifact(**dict(zip(_COLUMNS, row[:-1], strict=True)), **json.loads(row[-1]))


SELECTED = ", ".join((*(f"a.{column}" for column in _COLUMNS), "a.record"))
