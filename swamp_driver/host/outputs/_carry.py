"""Carrying files from step to step where they share no workspace. Few runs need it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from swamp_driver.host._blobs import BlobStore
from swamp_driver.host._records import HandedOn
from swamp_driver.host.outputs._beside import Beside
from swamp_driver.host.outputs._capture import capture
from swamp_driver.host.outputs._manifest import (
    Manifest,
    manifest_from_bytes,
    manifest_to_bytes,
    merge,
)
from swamp_driver.host.outputs._restore import restore
from swamp_driver.host.outputs._result import HandOverResult


def bring(
    beside: Beside, directory: str, taken: Iterable[tuple[str, HandedOn]], store: Path
) -> None:
    """Make a step's directory and put there what others have handed on, by their names.

    Raises:
        HandOverError: Two steps hand on different files at one path, or there is no `tar`.
        DriverError: See `Beside.run`.
        StoreError, NotFoundError: What was kept in `store` cannot be read.
    """
    blobs = BlobStore(store)
    restore(beside, directory, merge((name, _read(one, blobs)) for name, one in taken), blobs)


def take_out(
    beside: Beside,
    directory: str,
    paths: Sequence[str],
    store: Path,
    *,
    source: str,
    discard: bool,
) -> HandOverResult:
    """Keep what is at `paths` in a step's directory; see `capture`. `source` is where it stands."""
    blobs = BlobStore(store)
    captured = capture(beside, directory, paths, blobs, discard=discard)
    return HandOverResult(
        handed_on=tuple(
            _keep(captured.manifests[path], blobs, source=source, output=number, path=path)
            for number, path in enumerate(paths)
            if path in captured.manifests
        ),
        problems=captured.problems,
    )


def _keep(manifest: Manifest, blobs: BlobStore, *, source: str, output: int, path: str) -> HandedOn:
    kept = blobs.put(_Lines(manifest_to_bytes(manifest)))  # type: ignore[arg-type]
    return HandedOn(
        source=source,
        output=output,
        path=path,
        files=manifest.files,
        size_bytes=manifest.size_bytes,
        digest=manifest.digest,
        manifest=kept.digest,
    )


def _read(handed_on: HandedOn, blobs: BlobStore) -> Manifest:
    with blobs.open(handed_on.manifest) as lines:
        return manifest_from_bytes(lines)


class _Lines:
    """Lines as a file, for `BlobStore.put`."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines

    def read(self, _size: int = -1) -> bytes:
        """Return the next line, nothing at the end."""
        return next(self._lines, b"")
