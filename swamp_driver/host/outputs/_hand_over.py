"""What is done before and after a step that hands on files, or takes some."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

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
from swamp_driver.workflow import BoundStep, PlannedStep, step_path

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


class HandingUnit(Protocol):
    """What is needed of a step, or of one iteration of it."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def frame(self) -> str:
        """The workflow of the run that it is in."""

    @property
    def step(self) -> PlannedStep:
        """The step as planned."""

    @property
    def bound(self) -> BoundStep:
        """The step with everything evaluated."""


class HandOver:
    """The files that steps of one run hand on. All methods may be called from any thread.

    Where steps share a workspace, outputs are looked at and stay where they are. Where they do not,
    contents are kept in `directory` until the run is over.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._blobs = BlobStore(directory)
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, int], list[_Taken]] = {}
        """By where a step stands, and the position of its output."""

    def recall(self, name: str, handed_on: Iterable[HandedOn]) -> None:
        """Take note of what a step has handed on, here or in a process that ran the run before."""
        with self._lock:
            for one in handed_on:
                self._kept.setdefault((one.source, one.output), []).append((name, one))

    def before(self, beside: Beside, unit: HandingUnit) -> None:
        """Make the working directory of a step that has one of its own, and fill it.

        Raises:
            HandOverError: Two steps hand on different files at one path, or there is no `tar`.
            DriverError: See `Beside.run`.
            StoreError, NotFoundError: What was kept cannot be read.
        """
        directory = unit.bound.directory
        if directory is None:
            return
        taken = [
            one
            for source in unit.step.takes
            for one in self._kept_of(step_path(unit.frame, source.step), source.output)
        ]
        manifest = merge((name, self._read(one)) for name, one in taken)
        restore(beside, directory, manifest, self._blobs)

    def after(self, beside: Beside, unit: HandingUnit, status: StepStatus) -> HandOverResult:
        """Check or take the outputs of a step that ended.

        Of a step that failed, what is there is taken: later steps may run all the same, and where
        steps share a workspace they find it, too.

        Raises:
            HandOverError: There is no `tar`, it failed, or what it wrote is refused.
            DriverError: See `Beside.run`.
            StoreError: The contents cannot be kept.
        """
        bound, succeeded = unit.bound, status is StepStatus.SUCCEEDED
        if status not in (StepStatus.SUCCEEDED, StepStatus.FAILED):
            return HandOverResult()
        if bound.directory is not None:
            return self._take_out(beside, unit, bound.directory, discard=succeeded)
        if not bound.outputs or not succeeded:
            return HandOverResult()
        return HandOverResult(problems=check(beside, bound.outputs))

    def remove(self) -> None:
        """Remove all that was kept; later calls find nothing."""
        shutil.rmtree(self._directory, ignore_errors=True)

    def _take_out(
        self, beside: Beside, unit: HandingUnit, directory: str, *, discard: bool
    ) -> HandOverResult:
        paths = unit.bound.outputs
        if not paths:
            if discard:
                beside.run("out", DISCARD_ONLY, [directory])
            return HandOverResult()
        captured = capture(beside, directory, paths, self._blobs, discard=discard)
        handed_on = tuple(
            self._keep(unit, number, path, captured.manifests[path])
            for number, path in enumerate(paths)
            if path in captured.manifests
        )
        self.recall(unit.name, handed_on)
        return HandOverResult(handed_on=handed_on, problems=captured.problems)

    def _keep(self, unit: HandingUnit, number: int, path: str, manifest: Manifest) -> HandedOn:
        kept = self._blobs.put(_Lines(manifest_to_bytes(manifest)))  # type: ignore[arg-type]
        return HandedOn(
            source=step_path(unit.frame, unit.step.id),
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

    def _kept_of(self, source: str, output: int) -> Sequence[_Taken]:
        """Return what a step, or each of its iterations, has handed on as that output."""
        with self._lock:
            return sorted(self._kept.get((source, output), ()), key=lambda taken: taken[0])


class _Lines:
    """Lines as a file, for `BlobStore.put`."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines

    def read(self, _size: int = -1) -> bytes:
        """Return the next line, nothing at the end."""
        return next(self._lines, b"")
