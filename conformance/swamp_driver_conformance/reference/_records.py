"""A record of each run directory, away from it: whose it is, and whether it may go."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from pathlib import Path

import attrs

from swamp_driver.spec import Owner, RunContext

_VERSION = 1


@attrs.frozen(kw_only=True)
class Record:
    """What is known of a run directory without looking at it."""

    run_dir: str
    run_id: str
    owner: Owner
    created_at: float
    persistent: bool = False
    preserved: bool = False


class Records:
    """The records in one directory; any number of processes use it."""

    def __init__(self, folder: str | None) -> None:
        default = Path(tempfile.gettempdir()) / f"swamp-reference-{os.getuid()}"
        self._folder = Path(folder) if folder else default

    def _path(self, run_dir: str) -> Path:
        return self._folder / f"{hashlib.sha256(run_dir.encode()).hexdigest()[:24]}.json"

    def claim(self, run: RunContext) -> bool:
        """Write the record of a run directory that is about to be made; False where there is one.

        It is complete before it has its name, so nobody ever reads half of it.
        """
        path = self._path(run.workspace.run_dir)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = path.with_name(f"{path.name}.{run.run_id}")
        new.write_text(_to_json(record_of(run)), encoding="utf-8")
        try:
            os.link(new, path)
        except FileExistsError:
            return False
        finally:
            new.unlink()
        return True

    def replace(self, record: Record) -> None:
        """Write a record anew."""
        path = self._path(record.run_dir)
        new = path.with_name(f"{path.name}.{record.run_id}")
        new.write_text(_to_json(record), encoding="utf-8")
        new.replace(path)

    def get(self, run_dir: str) -> Record | None:
        """Return the record of a run directory; None where there is none."""
        return _read(self._path(run_dir))

    def drop(self, run_dir: str) -> None:
        """Remove the record of a run directory; gone already is fine."""
        self._path(run_dir).unlink(missing_ok=True)

    def all(self) -> list[Record]:
        """Return all records that can be read."""
        found = (_read(path) for path in sorted(self._folder.glob("*.json")))
        return [record for record in found if record is not None]


def record_of(run: RunContext) -> Record:
    """Return the record of the directory of a run."""
    return Record(
        run_dir=run.workspace.run_dir,
        run_id=run.run_id,
        owner=run.owner,
        created_at=time.time(),
        persistent=run.workspace.persistent,
    )


def _to_json(record: Record) -> str:
    return json.dumps({"version": _VERSION, **attrs.asdict(record)})


def _read(path: Path) -> Record | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.pop("version") != _VERSION:
            return None
        return Record(**{**data, "owner": Owner(**data["owner"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None
