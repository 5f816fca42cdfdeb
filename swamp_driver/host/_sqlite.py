"""Opens the SQLite files of a host: made where they are not there, refused where they are newer."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import attrs

from swamp_driver._value import Value
from swamp_driver.errors import StoreError

_BUSY_S = 30.0
"""How long to wait for another process that writes."""
_PAUSE_S = 0.01


@attrs.frozen(kw_only=True, eq=False, repr=False)
class DatabaseFile(Value):
    """What a file holds."""

    name: str
    """Of the file, in the state directory."""
    what: str
    """In messages: `the records`."""
    schema: int
    """Raised with every change of the tables that an older program would misread."""
    tables: str
    """The statements that make them."""


def open_database(database: DatabaseFile, state_dir: Path) -> sqlite3.Connection:
    """Open the file; several processes may use it at once, and all threads of one.

    Raises:
        StoreError: It cannot be opened, or a newer version of this program made it.
    """
    with store_errors(database, state_dir):
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        connection = sqlite3.connect(
            state_dir / database.name,
            timeout=_BUSY_S,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            _set_up(connection, database, state_dir)
        except BaseException:
            connection.close()
            raise
    return connection


def _set_up(connection: sqlite3.Connection, database: DatabaseFile, state_dir: Path) -> None:
    # WAL: readers (`runs`, `logs`) never wait for the run that writes. NORMAL: a power cut may lose
    # the last records, which is not worth an fsync per step.
    _use_wal(connection)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found > database.schema:
        raise StoreError(
            f"{database.what} in '{state_dir}' were made by a newer version "
            f"(schema {found}, this one knows {database.schema}): upgrade swamp-drivers, "
            "or set SWAMP_DRIVER_STATE to another directory"
        )
    if found == 0:
        with contextlib.suppress(sqlite3.OperationalError):  # another process made them just now
            connection.executescript(
                f"BEGIN IMMEDIATE; {database.tables} "
                f"PRAGMA user_version = {database.schema}; COMMIT;"
            )
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _use_wal(connection: sqlite3.Connection) -> None:
    # SQLite does not wait by itself where several switch a new file at once: it says busy.
    deadline = time.monotonic() + _BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE_S)
        else:
            return


@contextlib.contextmanager
def store_errors(database: DatabaseFile, path: Path) -> Iterator[None]:
    """Translate what goes wrong with the file, or with what lies beside it at `path`."""
    try:
        yield
    except (sqlite3.Error, OSError, ValueError) as error:
        raise StoreError(f"{database.what} in '{path}' cannot be used: {error}") from error
