"""Where the results of a method go: checked against the model's declarations, then kept."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Callable

from swamp_driver.models import _wire as wire
from swamp_driver.models._check import check, quoted, unknown
from swamp_driver.models._errors import DefinitionError, LimitError, Problem, SchemaError
from swamp_driver.models._files import FileWriter

Description = Mapping[str, Any]
_CHUNK = 1024 * 1024
_TAGS = {"type": "object", "additionalProperties": {"type": "string"}}


class Sink:
    """Keeps the results of one method in a directory, as `_wire` says. Safe for threads.

    `shield` gives a context in which nothing interrupts a write half-way. Only the process that
    made it may write: a forked child of a method has no results.
    """

    def __init__(
        self,
        directory: Path,
        description: Description,
        *,
        shield: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext,
    ) -> None:
        self._directory = directory
        self._description = description
        self._shield = shield
        self._lock = threading.RLock()
        self._pid = os.getpid()
        self._written = 0
        self._results_bytes = 0
        self._files_bytes = 0
        self._writers: list[FileWriter] = []
        self.failed: SchemaError | None = None
        """The first result that was not as its schema says."""

    def write_resource(
        self, spec: str, name: str, attributes: Any, *, tags: Mapping[str, str] | None
    ) -> None:
        """Check a resource and keep it."""
        declared = self._declared("resources", "resource", spec, name)
        if dataclasses.is_dataclass(attributes) and not isinstance(attributes, type):
            attributes = dataclasses.asdict(attributes)
        self._check(f"resource {name!r} ({spec})", attributes, declared["schema"])
        entry = {"kind": "resource", "spec": spec, "name": name, "attributes": attributes}
        size = len(json.dumps(attributes))
        if size > wire.MOST_ATTRIBUTES_BYTES:
            raise LimitError(
                f"the resource {name!r} has {size} bytes of attributes, and at most "
                f"{wire.MOST_ATTRIBUTES_BYTES} are kept (write a file in place of it)"
            )
        self._append({**entry, "tags": self._tags(declared, tags)})

    def create_file_writer(
        self, spec: str, name: str, *, tags: Mapping[str, str] | None
    ) -> FileWriter:
        """Return a writer that keeps the file when it is closed."""
        declared = self._declared("files", "file", spec, name)
        told = self._tags(declared, tags)
        entry = {"kind": "file", "spec": spec, "name": name, "tags": told}
        entry["contentType"] = declared["contentType"]
        writer = FileWriter(name, lambda file: self._keep_file(entry, file))
        self._writers.append(writer)
        return writer

    def close(self) -> None:
        """Keep the files that are still open; raise the first `LimitError` of them."""
        error: LimitError | None = None
        for writer in self._writers:
            try:
                writer.close()
            except LimitError as found:  # noqa: PERF203 - the others are kept
                error = error or found
        if error is not None:
            raise error

    def _declared(self, group: str, kind: str, spec: str, name: str) -> Mapping[str, Any]:
        declared: Mapping[str, Mapping[str, Any]] = self._description[group]
        if spec not in declared:
            raise DefinitionError(unknown(kind, spec, declared))
        if not wire.NAME.fullmatch(str(name)):
            raise DefinitionError(
                f"{quoted(name)} cannot be the name of a {kind} "
                "(letters, digits and '._@:+-', at most 128)"
            )
        return declared[spec]

    def _tags(self, declared: Mapping[str, Any], tags: Mapping[str, str] | None) -> dict[str, str]:
        given = dict(tags or {})
        self._check("tags", given, _TAGS)
        return {**declared["tags"], **given}

    def _check(self, subject: str, value: object, schema: Mapping[str, Any]) -> None:
        try:
            problems = check(value, schema)
        except RecursionError:
            problems = [Problem("", "the value is too deep, or holds itself")]
        if problems:
            error = SchemaError(subject, problems)
            self.failed = self.failed or error
            raise error

    def _append(self, entry: Mapping[str, Any]) -> None:
        line = json.dumps(entry, separators=(",", ":")).encode() + b"\n"
        with self._shield(), self._lock:
            self._only_here()
            if self._written == wire.MOST_RESULTS:
                raise LimitError(f"a method writes at most {wire.MOST_RESULTS} results")
            if self._results_bytes + len(line) > wire.MOST_RESULTS_BYTES:
                raise LimitError(
                    "the resources of a method are together at most "
                    f"{wire.MOST_RESULTS_BYTES} bytes"
                )
            with (self._directory / wire.RESULTS).open("ab") as file:
                file.write(line)
            self._written += 1
            self._results_bytes += len(line)

    def _keep_file(self, entry: dict[str, Any], source: IO[bytes]) -> None:
        size = os.fstat(source.fileno()).st_size
        with self._shield(), self._lock:
            self._only_here()
            if self._files_bytes + size > wire.MOST_FILES_BYTES:
                raise LimitError(
                    f"the file {entry['name']!r} has {size} bytes, and the files of a method are "
                    f"at most {wire.MOST_FILES_BYTES} bytes together (leave large files in the "
                    "workspace, and write their path)"
                )
            with (self._directory / wire.FILES).open("ab") as file:
                for chunk in iter(lambda: source.read(_CHUNK), b""):
                    file.write(chunk)
            offset, self._files_bytes = self._files_bytes, self._files_bytes + size
            self._append({**entry, "offset": offset, "size": size})

    def _only_here(self) -> None:
        if os.getpid() != self._pid:
            raise DefinitionError("a forked child of a method cannot write results")
