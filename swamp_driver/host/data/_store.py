"""The data of a repository: written in one transaction each, kept as long as was asked."""

from __future__ import annotations

import io
import json
import time
import uuid
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO, Self

import attrs

from swamp_driver._value import Value
from swamp_driver.errors import StoreError
from swamp_driver.host._blobs import Blob, BlobStore
from swamp_driver.host._settings import HostSettings
from swamp_driver.host.data._artifact import Artifact, NewArtifact
from swamp_driver.host.data._tables import connect, dump_rest, store_errors
from swamp_driver.host.data._view import Database, DataView
from swamp_driver.spec import Json
from swamp_driver.workflow import (
    GARBAGE_WORDS,
    LIFETIME_WORDS,
    GarbageRule,
    Lifetime,
    parse_garbage_rule,
    parse_lifetime,
)

CONTENTS = "data"
"""The directory with the contents of files: apart from other blobs, since what is in use there is
known to others."""
MOST_ATTRIBUTES_BYTES = 4 * 1024 * 1024
"""How large the attributes of a resource may be, as JSON."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Collected(Value):
    """What `collect_garbage` removed."""

    versions: int = 0
    freed_bytes: int = 0
    """Of the contents of files."""


class DataStore(DataView):
    """The data of one repository. Open it with `open_data_store`; close it at the end.

    What it reads itself is everything that is kept; `as_seen` is what a run may see. All methods
    may be called from any thread, and by several processes at once; they raise `StoreError` where
    the files cannot be read or written.
    """

    def __init__(self, database: Database, blobs: BlobStore) -> None:
        super().__init__(database)
        self._blobs = blobs

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the store; closing twice is fine."""
        self._database.connection.close()

    def as_seen(self, *, run_id: str, job: str) -> DataView:
        """Return what a job of a run sees: not what is kept for another run or job alone."""
        return DataView(self._database, run_id=run_id, job=job)

    def write(self, new: NewArtifact, content: BinaryIO | bytes | None = None) -> Artifact:
        """Keep a new version and return it; older versions go as its `garbage_collection` says.

        `content` is that of a file, read to its end. Versions are numbered without gaps in the
        order in which they are written, whatever number of processes write at once.

        Raises:
            StoreError: it cannot be kept, its attributes are too large, or `lifetime` or
                `garbage_collection` are not what they can be.
        """
        lifetime, rule = _kept_as(new)
        blob = self._put(new, content)
        now = time.time()
        with self._database.lock, store_errors(self._database.state_dir):
            connection = self._database.connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                artifact = self._insert(new, blob, lifetime, now)
                self._apply(rule, artifact, now)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        return artifact

    def open_content(self, artifact: Artifact) -> BinaryIO:
        """Open what is in an artifact: the content of a file, the attributes of a resource as JSON.

        To be closed by the caller.

        Raises:
            NotFoundError: it was removed meanwhile.
        """
        if artifact.digest is None:
            return io.BytesIO(_attributes(artifact.attributes))
        return self._blobs.open(artifact.digest)

    def for_reports(self, artifact: Artifact) -> dict[str, Json]:
        """Return an artifact with the fields of `swamp_driver.reports.Artifact`."""
        digest = artifact.digest
        return {
            "model": artifact.model,
            "name": artifact.name,
            "version": artifact.version,
            "spec": artifact.spec,
            "kind": artifact.kind,
            "attributes": dict(artifact.attributes),
            "content_type": artifact.content_type,
            "size_bytes": artifact.size_bytes,
            "tags": dict(artifact.tags),
            "created_at": artifact.created_at,
            "step_id": artifact.step_id or None,
            "path": None if digest is None else str(self._blobs.path(digest)),
        }

    def end_job(self, run_id: str, job: str) -> int:
        """Remove what was kept for a job of a run; return how many versions."""
        return self._delete("only_run = :run AND only_job = :job", run=run_id, job=job)

    def end_run(self, run_id: str) -> int:
        """Remove what was kept for a run, that of its jobs included; return how many versions."""
        return self._delete("only_run = :run", run=run_id)

    def collect_garbage(
        self, *, live_runs: Collection[str], older_than_s: float = 3600.0
    ) -> Collected:
        """Remove what has expired, what was kept for runs that are over, and contents without name.

        This is done for all repositories. `live_runs` are the runs that go on or may be continued.
        Contents that were written less than `older_than_s` ago stay, see `BlobStore`.
        """
        removed = self._delete("expires_at <= :now", now=time.time())
        bound = self._database.rows(
            "SELECT DISTINCT only_run FROM artifacts WHERE only_run IS NOT NULL", {}
        )
        removed += sum(self.end_run(row[0]) for row in bound if row[0] not in live_runs)
        used = self._database.rows("SELECT digest FROM artifacts WHERE digest IS NOT NULL", {})
        freed = self._blobs.remove_unused({row[0] for row in used}, older_than_s)
        return Collected(versions=removed, freed_bytes=freed)

    def count_garbage(self, *, live_runs: Collection[str]) -> int:
        """Return how many versions `collect_garbage` would remove."""
        rows = self._database.rows(
            "SELECT only_run, expires_at <= :now FROM artifacts "
            "WHERE only_run IS NOT NULL OR expires_at IS NOT NULL",
            {"now": time.time()},
        )
        return sum(
            bool(expired) or (run is not None and run not in live_runs) for run, expired in rows
        )

    def _put(self, new: NewArtifact, content: BinaryIO | bytes | None) -> Blob | int:
        """Keep the content of a file; of a resource, return the size."""
        if new.kind == "file":
            source = io.BytesIO(content) if isinstance(content, bytes) else content
            return self._blobs.put(source or io.BytesIO())
        size = len(_attributes(new.attributes))
        if size > MOST_ATTRIBUTES_BYTES:
            raise StoreError(
                f"the attributes of '{new.model}/{new.name}' are {size} bytes, more than "
                f"{MOST_ATTRIBUTES_BYTES}: write a file in place of a resource"
            )
        return size

    def _insert(
        self, new: NewArtifact, blob: Blob | int, lifetime: Lifetime, now: float
    ) -> Artifact:
        (row,) = self._database.rows(
            "SELECT coalesce(max(version), 0) + 1 FROM artifacts "
            "WHERE repository = :repository AND model = :model AND name = :name",
            {"model": new.model, "name": new.name},
        )
        fields = attrs.asdict(new, recurse=False)
        artifact = Artifact(
            **fields,
            id=uuid.uuid4().hex,
            version=row[0],
            digest=blob.digest if isinstance(blob, Blob) else None,
            size_bytes=blob.size_bytes if isinstance(blob, Blob) else blob,
            created_at=now,
        )
        (inserted,) = self._database.rows(
            "INSERT INTO artifacts (repository, model, name, version, spec, run_id, "
            "created_at, expires_at, only_run, only_job, digest, record) "
            "VALUES (:repository, :model, :name, :version, :spec, :run_id, :now, :expires, "
            ":run, :job, :digest, :record) "
            "RETURNING number",
            {
                "model": artifact.model,
                "name": artifact.name,
                "version": artifact.version,
                "spec": artifact.spec,
                "run_id": artifact.run_id,
                "now": now,
                "expires": None if lifetime.seconds is None else now + lifetime.seconds,
                "run": None if lifetime.bound is None else new.run_id,
                "job": new.job if lifetime.bound == "job" else None,
                "digest": artifact.digest,
                "record": dump_rest(artifact),
            },
        )
        for key, value in new.tags.items():
            self._database.connection.execute(
                "INSERT INTO tags VALUES (?, ?, ?)", (inserted[0], key, value)
            )
        return artifact

    def _apply(self, rule: GarbageRule, newest: Artifact, now: float) -> None:
        """Remove the older versions that the newest lets go."""
        self._delete(
            "repository = :repository AND model = :model AND name = :name AND version < :newest "
            "AND (version <= :newest - :versions OR created_at < :before)",
            model=newest.model,
            name=newest.name,
            newest=newest.version,
            versions=newest.version if rule.versions is None else rule.versions,
            before=0.0 if rule.seconds is None else now - rule.seconds,
        )

    def _delete(self, where: str, **values: object) -> int:
        gone = self._database.rows(
            f"DELETE FROM artifacts WHERE {where} RETURNING number",  # noqa: S608 - ours
            values,
        )
        return len(gone)


def open_data_store(settings: HostSettings, repository: Path) -> DataStore:
    """Open the data of a repository, as `find_repository` names it; nothing is read yet.

    Raises:
        StoreError: it cannot be opened, or a newer version of this program made it.
    """
    database = Database(connect(settings.state_dir), settings.state_dir, str(repository))
    return DataStore(database, BlobStore(settings.state_dir / CONTENTS))


def _kept_as(new: NewArtifact) -> tuple[Lifetime, GarbageRule]:
    lifetime = parse_lifetime(new.lifetime)
    rule = parse_garbage_rule(new.garbage_collection)
    for found, written, words in (
        (lifetime, new.lifetime, f"a lifetime: {LIFETIME_WORDS}"),
        (rule, new.garbage_collection, f"a rule for garbage: {GARBAGE_WORDS}"),
    ):
        if found is None:
            raise StoreError(f"'{new.model}/{new.name}': '{written}' is not {words}")
    assert lifetime is not None
    assert rule is not None
    return lifetime, rule


def _attributes(attributes: object) -> bytes:
    return json.dumps(attributes, ensure_ascii=False, sort_keys=True).encode(errors="surrogatepass")
