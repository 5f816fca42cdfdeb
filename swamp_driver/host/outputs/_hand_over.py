"""What is done before and after a step that hands on files, or takes some."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import attrs

from swamp_driver._value import Value
from swamp_driver.host._blobs import BlobStore
from swamp_driver.host._records import HandedOn
from swamp_driver.host.outputs._beside import Beside
from swamp_driver.host.outputs._capture import capture
from swamp_driver.host.outputs._check import check
from swamp_driver.host.outputs._manifest import (
    Manifest,
    manifest_from_bytes,
    manifest_to_bytes,
    merge,
)
from swamp_driver.host.outputs._restore import restore
from swamp_driver.host.outputs._scripts import DISCARD_ONLY
from swamp_driver.spec import StepStatus
from swamp_driver.workflow import BoundStep, PlannedStep

OUTPUTS = "outputs"
"""The directory of what is kept, among the records of a run."""
_Taken = tuple[str, HandedOn]
"""The name of the step that handed it on, and what that was."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class HandOverResult(Value):
    """What came of handing on."""

    handed_on: tuple[HandedOn, ...] = ()
    problems: tuple[str, ...] = ()
    """Why outputs are not there: a step that had succeeded has failed by that."""


class HandOver:
    """The files that steps of one run hand on. All methods may be called from any thread.

    Where steps share a workspace, outputs are looked at and stay where they are. Where they do not,
    contents are kept in `directory` until the run is over.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._blobs = BlobStore(directory)
        self._lock = threading.Lock()
        self._kept: dict[str, dict[int, _Taken]] = {}
        """By the id of the step, or of its iteration; then by the position of the output."""

    def recall(self, step_id: str, name: str, handed_on: Iterable[HandedOn]) -> None:
        """Take up what a step has handed on when the run was carried on by another process."""
        with self._lock:
            self._kept[step_id] = {one.output: (name, one) for one in handed_on}

    def before(self, beside: Beside, step: PlannedStep, bound: BoundStep) -> None:
        """Make the working directory of a step that has one of its own, and fill it.

        Raises:
            HandOverError: Two steps hand on different files at one path, or there is no `tar`.
            DriverError: See `Beside.run`.
            StoreError, NotFoundError: What was kept cannot be read.
        """
        if bound.directory is None:
            return
        prefix = bound.request.step_id.rpartition(step.id)[0]
        taken = [
            one
            for source in step.takes
            for one in self._kept_of(f"{prefix}{source.step}", source.output)
        ]
        manifest = merge((name, self._read(one)) for name, one in taken)
        restore(beside, bound.directory, manifest, self._blobs)

    def after(
        self, beside: Beside, name: str, bound: BoundStep, status: StepStatus
    ) -> HandOverResult:
        """Check or take the outputs of a step that ended.

        Of a step that failed, what is there is taken: later steps may run all the same, and where
        steps share a workspace they find it, too.

        Raises:
            HandOverError: There is no `tar`, it failed, or what it wrote is refused.
            DriverError: See `Beside.run`.
            StoreError: The contents cannot be kept.
        """
        succeeded = status is StepStatus.SUCCEEDED
        if status not in (StepStatus.SUCCEEDED, StepStatus.FAILED):
            return HandOverResult()
        if bound.directory is not None:
            return self._take_out(beside, name, bound, bound.directory, discard=succeeded)
        if not bound.outputs or not succeeded:
            return HandOverResult()
        return HandOverResult(problems=check(beside, bound.outputs))

    def remove(self) -> None:
        """Remove all that was kept; later calls find nothing."""
        shutil.rmtree(self._directory, ignore_errors=True)

    def _take_out(
        self, beside: Beside, name: str, bound: BoundStep, directory: str, *, discard: bool
    ) -> HandOverResult:
        if not bound.outputs:
            if discard:
                beside.run("out", DISCARD_ONLY, [directory])
            return HandOverResult()
        captured = capture(beside, directory, bound.outputs, self._blobs, discard=discard)
        handed_on = tuple(
            self._keep(number, path, captured.manifests[path])
            for number, path in enumerate(bound.outputs)
            if path in captured.manifests
        )
        self.recall(bound.request.step_id, name, handed_on)
        return HandOverResult(handed_on=handed_on, problems=captured.problems)

    def _keep(self, number: int, path: str, manifest: Manifest) -> HandedOn:
        kept = self._blobs.put(_Lines(manifest_to_bytes(manifest)))  # type: ignore[arg-type]
        return HandedOn(
            output=number,
            path=path,
            files=manifest.files,
            size_bytes=manifest.size_bytes,
            digest=manifest.digest,
            manifest=kept.digest,
        )

    def _read(self, handed_on: HandedOn) -> Manifest:
        with self._blobs.open(handed_on.manifest) as lines:
            return manifest_from_bytes(lines)

    def _kept_of(self, step_id: str, output: int) -> Sequence[_Taken]:
        """Return what a step, or each of its iterations, has handed on as that output."""
        pattern = re.compile(rf"{re.escape(step_id)}(?:-(\d+))?")
        with self._lock:
            found = {
                int(match[1] or 0): kept[output]
                for other, kept in self._kept.items()
                if (match := pattern.fullmatch(other)) and output in kept
            }
        return [found[number] for number in sorted(found)]


class _Lines:
    """Lines as a file, for `BlobStore.put`."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines

    def read(self, _size: int = -1) -> bytes:
        """Return the next line, nothing at the end."""
        return next(self._lines, b"")
