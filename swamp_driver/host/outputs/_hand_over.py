"""What is done before and after a step that hands on files, or takes some."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from swamp_driver.host._records import HandedOn
from swamp_driver.host.outputs._beside import Beside
from swamp_driver.host.outputs._result import HandOverResult
from swamp_driver.host.outputs._scripts import DISCARD_ONLY
from swamp_driver.spec import StepStatus
from swamp_driver.workflow import BoundStep, PlannedStep, step_path

OUTPUTS = "outputs"
"""The directory of what is kept, among the records of a run."""
_Taken = tuple[str, HandedOn]
"""The name of the step that handed it on, and what that was."""


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
        from swamp_driver.host.outputs._carry import bring  # noqa: PLC0415 - few runs need it

        bring(beside, directory, taken, self._directory)

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
        from swamp_driver.host.outputs._check import check  # noqa: PLC0415 - few runs need it

        return HandOverResult(problems=check(beside, bound.outputs))

    def remove(self) -> None:
        """Remove all that was kept; later calls find nothing."""
        if self._directory.exists():
            import shutil  # noqa: PLC0415 - see above

            shutil.rmtree(self._directory, ignore_errors=True)

    def _take_out(
        self, beside: Beside, unit: HandingUnit, directory: str, *, discard: bool
    ) -> HandOverResult:
        paths = unit.bound.outputs
        if not paths:
            if discard:
                beside.run("out", DISCARD_ONLY, [directory])
            return HandOverResult()
        from swamp_driver.host.outputs._carry import take_out  # noqa: PLC0415 - see above

        source = step_path(unit.frame, unit.step.id)
        result = take_out(beside, directory, paths, self._directory, source=source, discard=discard)
        self.recall(unit.name, result.handed_on)
        return result

    def _kept_of(self, source: str, output: int) -> Sequence[_Taken]:
        """Return what a step, or each of its iterations, has handed on as that output."""
        with self._lock:
            return sorted(self._kept.get((source, output), ()), key=lambda taken: taken[0])
