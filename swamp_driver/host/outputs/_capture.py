"""Taking a step's outputs out of the place where it ran."""

from __future__ import annotations

import contextlib
import os
import posixpath
import threading
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import attrs

from swamp_driver._value import Value
from swamp_driver.errors import SwampDriverError
from swamp_driver.host._blobs import BlobStore
from swamp_driver.host.outputs._beside import Beside, stop_now
from swamp_driver.host.outputs._errors import HandOverError, named
from swamp_driver.host.outputs._manifest import Manifest, is_within
from swamp_driver.host.outputs._receive import receive
from swamp_driver.host.outputs._scripts import CAPTURE, CAPTURE_AND_DISCARD
from swamp_driver.spec import CancelToken

_PIPE_BUFFER = 1 << 16


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Captured(Value):
    """What came of capturing."""

    manifests: dict[str, Manifest]
    """By the paths of the outputs that were there."""
    problems: tuple[str, ...]
    """Why the others were not taken."""


def capture(
    beside: Beside, directory: str, paths: Sequence[str], blobs: BlobStore, *, discard: bool
) -> Captured:
    """Stream what is at `paths` in a step's directory into blobs.

    Memory does not grow with the size of the files. With `discard` the directory is removed when
    all of it has arrived.

    Raises:
        HandOverError: There is no `tar`, it failed, or what it wrote is refused.
        DriverError: See `Beside.run`.
        StoreError: The contents cannot be kept.
    """
    roots = _outermost(paths)
    script = CAPTURE_AND_DISCARD if discard else CAPTURE
    stop = CancelToken()
    with _receiving(roots, blobs, stop) as receiving:
        args = [directory, *(argument(path) for path in roots)]
        findings = beside.run("out", script, args, take=receiving.take, stop=stop)
    manifest = receiving.result(expected=bool(roots))
    states = {root: findings.states.get(number, "") for number, root in enumerate(roots, 1)}
    found, problems = {}, []
    for path in paths:
        root = next(root for root in roots if is_within(path, root))
        part = manifest.below(path)
        problem = _problem(path, states[root], part, manifest)
        if problem is None:
            found[path] = part
        else:
            problems.append(problem)
    return Captured(manifests=found, problems=tuple(problems))


def argument(path: str) -> str:
    """Return a relative path as an argument that no tool takes for an option."""
    return f"./{path}"


def missing(path: str) -> str:
    """Return what is said of an output that is not there."""
    hint = " (patterns are not expanded)" if set(path) & set("*?[") else ""
    return f"the output {named(path)} is not there{hint}"


def outside(path: str) -> str:
    """Return what is said of an output that a symlink leads to."""
    return f"the output {named(path)} is outside of the workspace: a symlink leads there"


def _outermost(paths: Sequence[str]) -> list[str]:
    """Return the paths that are in no other one: what is archived twice cannot be told apart."""
    return [
        path
        for path in paths
        if not any(is_within(path, other) and path != other for other in paths)
    ]


def _problem(path: str, state: str, part: Manifest, whole: Manifest) -> str | None:
    if state == "outside":
        return outside(path)
    if not part.entries:
        return missing(path)
    first = part.entries[0]
    if first.kind == "symlink":
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), first.content))
        if first.content.startswith("/") or target.split("/")[0] == "..":
            return outside(path)
        if all(entry.path != target for entry in whole.entries):
            return (
                f"the output {named(path)} is a symlink to {named(target)}, which is not handed "
                "on: add that to the outputs"
            )
    return None


class _Receiver:
    """Reads an archive in a thread of its own, while another one brings it in pieces."""

    def __init__(self, roots: Sequence[str], blobs: BlobStore, stop: CancelToken) -> None:
        self._roots = roots
        self._blobs = blobs
        self._stop = stop
        read_end, self._write_end = os.pipe()
        self._source = os.fdopen(read_end, "rb", buffering=_PIPE_BUFFER)
        self._manifest: Manifest | None = None
        self._error: BaseException | None = None
        self._got_any = False
        self._thread = threading.Thread(target=self._read, name="swamp-outputs", daemon=True)
        self._thread.start()

    def take(self, data: bytes) -> None:
        """Pass on a piece; wait while the reader is behind. Raises `OSError` once it gave up."""
        self._got_any = True
        left = memoryview(data)
        while left:
            left = left[os.write(self._write_end, left) :]

    def close(self) -> None:
        """Say that this was all, and wait for the reader."""
        os.close(self._write_end)
        self._thread.join()

    def result(self, *, expected: bool) -> Manifest:
        """Return what arrived; raise what was wrong with it."""
        if not expected or not self._got_any:
            return Manifest(entries=())
        if self._error is not None:
            raise self._error
        assert self._manifest is not None
        return self._manifest

    def _read(self) -> None:
        source: BinaryIO = self._source
        try:
            with source:
                self._manifest = receive(source, self._roots, self._blobs)
        except (SwampDriverError, OSError) as error:
            self._error = error
            # With the reading end closed whoever brings more is told; the far side need not go on.
            stop_now(self._stop)


@contextlib.contextmanager
def _receiving(roots: Sequence[str], blobs: BlobStore, stop: CancelToken) -> Iterator[_Receiver]:
    receiver = _Receiver(roots, blobs, stop)
    try:
        yield receiver
    finally:
        receiver.close()


__all__ = ["Captured", "HandOverError", "argument", "capture", "missing", "outside"]
