"""The records of runs: one SQLite file, with event logs and step logs beside it."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self, TypeVar

import attrs

from swamp_driver.errors import NotFoundError
from swamp_driver.host._event_json import event_from_json, event_to_json
from swamp_driver.host._records import (
    HandedOn,
    ReportRecord,
    RunRecord,
    StepRecord,
    WorkspaceRecord,
)
from swamp_driver.host._report_files import read_reports, write_report
from swamp_driver.host._settings import HostSettings
from swamp_driver.host._sqlite import DatabaseFile, open_database, store_errors
from swamp_driver.host._step_log import (
    LogExcerpt,
    LoggedOutput,
    StepLog,
    read_log_excerpt,
    read_step_log,
)
from swamp_driver.spec import Owner, RunEvent, RunStatus, StepEnd, StepStatus, Usage

_T = TypeVar("_T")
_LAST_BYTES = 64 * 1024
"""How much of the end of an event log is read to find its last event."""
_RECORDS = DatabaseFile(
    name="runs.sqlite",
    what="the records",
    schema=1,
    tables="""
CREATE TABLE runs (
  run_id TEXT PRIMARY KEY, started_at REAL NOT NULL, status TEXT NOT NULL, record TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX runs_by_time ON runs (started_at);
CREATE TABLE steps (
  number INTEGER PRIMARY KEY, run_id TEXT NOT NULL, step_id TEXT NOT NULL, record TEXT NOT NULL,
  UNIQUE (run_id, step_id)
);
""",
)


class Store:
    """The records of a host. Open it with `open_store`; all methods may be called from any thread.

    Several processes may use one store at once. Every method raises `StoreError` where the files
    cannot be read or written.
    """

    def __init__(self, connection: sqlite3.Connection, settings: HostSettings) -> None:
        self._connection = connection
        self.settings = settings
        """Where its files are."""
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the store; closing twice is fine."""
        self._connection.close()

    def put_run(self, record: RunRecord) -> None:
        """Write a run as it stands (its steps are written one by one)."""
        self._do(
            "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?)",
            (record.run_id, record.started_at, str(record.status), _dump(record)),
        )

    def put_step(self, record: StepRecord) -> None:
        """Write a step as it stands."""
        self._do(
            "INSERT INTO steps (run_id, step_id, record) VALUES (?, ?, ?) "
            "ON CONFLICT (run_id, step_id) DO UPDATE SET record = excluded.record",
            (record.run_id, record.step_id, _dump(record)),
        )

    def runs(self, *, limit: int | None = None) -> tuple[RunRecord, ...]:
        """Return the runs, newest first, without their steps."""
        rows = self._do(
            "SELECT record FROM runs ORDER BY started_at DESC, run_id LIMIT ?",
            (-1 if limit is None else limit,),
        )
        return tuple(_run(row[0]) for row in rows)

    def find_run(self, prefix: str) -> RunRecord:
        """Return the run with that id, or the only one whose id begins so, with its steps.

        `last` is the newest run.

        Raises:
            NotFoundError: no run, or several, match; the message names them.
        """
        found = self.runs(limit=1) if prefix == "last" else self._runs_like(prefix)
        if len(found) != 1:
            raise NotFoundError(_not_one(prefix, found))
        steps = self._do(
            "SELECT record FROM steps WHERE run_id = ? ORDER BY number", (found[0].run_id,)
        )
        return attrs.evolve(found[0], steps=tuple(_step(row[0]) for row in steps))

    def find_step(self, run_id: str, step_id: str) -> StepRecord:
        """Return a step of a run, by their whole ids. Raises `NotFoundError`."""
        rows = self._do(
            "SELECT record FROM steps WHERE run_id = ? AND step_id = ?", (run_id, step_id)
        )
        if not rows:
            raise NotFoundError(f"there is no step '{step_id}' in the run '{run_id}'")
        return _step(rows[0][0])

    def _runs_like(self, prefix: str) -> tuple[RunRecord, ...]:
        # The characters of an id sort below "{", so this is the range of one prefix.
        rows = self._do(
            "SELECT record FROM runs WHERE run_id >= ? AND run_id < ? LIMIT 5",
            (prefix, prefix + "{"),
        )
        return tuple(_run(row[0]) for row in rows) if prefix else ()

    def close_interrupted(self) -> tuple[RunRecord, ...]:
        """Close the records whose owner died while they ran; return them.

        A run whose owner is on another machine is left alone: nobody here can know.
        """
        rows = self._do("SELECT record FROM runs WHERE status = ?", (str(RunStatus.RUNNING),))
        dead = tuple(run for row in rows if (run := _run(row[0])).owner.is_alive() is False)
        for run in dead:
            for step in self.find_run(run.run_id).steps:
                if step.status is None:
                    self.put_step(attrs.evolve(step, status=StepStatus.CANCELLED))
            self.put_run(attrs.evolve(run, status=RunStatus.INTERRUPTED))
        return dead

    def find_damage(self) -> str | None:
        """Return what is wrong with the file as such, or None. Reads all of it."""
        (found,) = self._do("PRAGMA quick_check(1)", ())[:1]
        return None if found[0] == "ok" else f"it is damaged: {found[0]}"

    def directory(self, run_id: str) -> Path:
        """Return where the logs of a run are."""
        return self.settings.state_dir / "runs" / run_id

    def open_event_log(self, run_id: str) -> EventLog:
        """Make the directory of a run's logs and open its event log."""
        directory = self.directory(run_id)
        with _store_errors(directory):
            directory.mkdir(parents=True, exist_ok=True)
            return EventLog(directory)

    def open_step_log(self, run_id: str, step_id: str) -> StepLog:
        """Open the log of a step for writing."""
        directory = self.directory(run_id)
        with _store_errors(directory):
            return StepLog(directory, step_id, limit_bytes=self.settings.log_limit_bytes)

    def events(self, run_id: str) -> Iterator[RunEvent]:
        """Yield the events of a run, without step output (see `step_output`)."""
        path = self.directory(run_id) / "events.jsonl"
        with _store_errors(path), path.open(encoding="utf-8") as lines:
            for line in lines:
                # The last line of a run that was killed may be cut.
                if line.endswith("\n"):
                    yield event_from_json(json.loads(line))

    def step_output(self, run_id: str, step_id: str) -> Iterator[LoggedOutput]:
        """Yield what a step printed, in order."""
        return read_step_log(self.directory(run_id), step_id)

    def step_excerpt(self, run_id: str, step_id: str, *, limit_bytes: int) -> LogExcerpt:
        """Return the output of a step, or its beginning and its end where there is more."""
        directory = self.directory(run_id)
        with _store_errors(directory):
            return read_log_excerpt(directory, step_id, limit_bytes=limit_bytes)

    def has_events(self, run_id: str) -> bool:
        """Return whether the event log of a run is still there."""
        return (self.directory(run_id) / "events.jsonl").is_file()

    def put_report(self, run_id: str, report: ReportRecord) -> None:
        """Write a report on a run, in place of one of the same name on the same."""
        directory = self.directory(run_id)
        with _store_errors(directory):
            write_report(directory, report)

    def reports(self, run_id: str) -> tuple[ReportRecord, ...]:
        """Return the reports on a run: those on its steps in their order, then those on the run."""
        order = {step.step_id: number for number, step in enumerate(self.find_run(run_id).steps)}
        directory = self.directory(run_id)
        with _store_errors(directory):
            found = read_reports(directory)
        return tuple(
            sorted(found, key=lambda one: (order.get(one.step_id or "", len(order)), one.name))
        )

    def claim(self, record: RunRecord) -> bool:
        """Write a suspended run as one that runs again; return whether no one was quicker."""
        return bool(
            self._do(
                "UPDATE runs SET status = ?, record = ? WHERE run_id = ? AND status = ? "
                "RETURNING 1",
                (str(record.status), _dump(record), record.run_id, str(RunStatus.SUSPENDED)),
            )
        )

    def cancel_suspended(self, run_id: str) -> bool:
        """Close the record of a suspended run that shall never go on; return whether it waited."""
        try:
            run = self.find_run(run_id)
        except NotFoundError:
            return False
        over = attrs.evolve(run, status=RunStatus.CANCELLED, exit_code=130, workspace_kept=False)
        if not self.claim(over):
            return False
        for step in run.steps:
            if step.status is None:
                self.put_step(attrs.evolve(step, status=StepStatus.CANCELLED))
        return True

    def execute(self, statement: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """Run one statement on the file: for parts of the host that keep a table of their own."""
        return self._do(statement, values)

    def _do(self, statement: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with self._lock, _store_errors(self.settings.state_dir):
            return self._connection.execute(statement, values).fetchall()


class EventLog:
    """The events of one run, a line of JSON each, written as they happen."""

    def __init__(self, directory: Path) -> None:
        self._file = (directory / "events.jsonl").open("ab", buffering=0)

    def last_seq(self) -> int:
        """Return the number of the last event; 0 where there is none."""
        with Path(self._file.name).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LAST_BYTES))
            lines = file.read().splitlines()
        for line in reversed(lines):
            with contextlib.suppress(ValueError, KeyError, TypeError):
                return int(json.loads(line)["seq"])
        return 0

    def append(self, event: RunEvent) -> None:
        """Write one event."""
        self._file.write(json.dumps(event_to_json(event)).encode() + b"\n")

    def close(self) -> None:
        """Close the file; closing twice is fine."""
        self._file.close()


def open_store(settings: HostSettings) -> Store:
    """Open the store below `settings.state_dir`, making it where it is not there.

    Raises:
        StoreError: it cannot be opened, or a newer version of this program made it.
    """
    return Store(open_database(_RECORDS, settings.state_dir), settings)


def _store_errors(path: Path) -> contextlib.AbstractContextManager[None]:
    return store_errors(_RECORDS, path)


def _dump(record: RunRecord | StepRecord) -> str:
    return json.dumps(
        attrs.asdict(record, filter=lambda field, _: field.name != "steps"), separators=(",", ":")
    )


def _run(text: str) -> RunRecord:
    data = json.loads(text)
    return RunRecord(
        **{
            **data,
            "status": RunStatus(data["status"]),
            "owner": Owner(**data["owner"]),
            "drivers": tuple(data["drivers"]),
            "workspaces": tuple(map(_workspace, data.get("workspaces", ()))),
            "errors": tuple(data["errors"]),
        }
    )


def _workspace(data: dict[str, Any]) -> WorkspaceRecord:
    return WorkspaceRecord(**{**data, "enter": tuple(data["enter"])})


def _step(text: str) -> StepRecord:
    data = json.loads(text)
    return StepRecord(
        **{
            **data,
            "status": _maybe(StepStatus, data["status"]),
            "end": _maybe(StepEnd, data["end"]),
            "usage": Usage(**data["usage"]),
            "handed_on": tuple(HandedOn(**one) for one in data.get("handed_on", ())),
        }
    )


def _maybe(make: Callable[[str], _T], value: str | None) -> _T | None:
    return None if value is None else make(value)


def _not_one(prefix: str, found: tuple[RunRecord, ...]) -> str:
    if found:
        return f"'{prefix}' is not one run: {', '.join(run.run_id for run in found)}"
    if prefix == "last":
        return "there are no runs yet"
    return f"there is no run '{prefix}' (see 'swamp-driver runs')"
