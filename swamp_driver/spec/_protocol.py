"""The contract for type checkers: a class that satisfies `Driver` has the required hooks."""

from __future__ import annotations

from typing import ClassVar, Protocol

from swamp_driver.spec._info import DriverInfo
from swamp_driver.spec._run import RunContext, RunOutcome, TeardownReport, Workspace
from swamp_driver.spec._step import StepIO, StepRequest, StepResult


class Driver(Protocol):
    """The required part of `DriverHooks`, with the same names, arguments and meanings."""

    info: ClassVar[DriverInfo]

    def prepare_workspace(self, run: RunContext) -> Workspace:
        """See `DriverHooks.prepare_workspace`."""
        ...

    def run_step(
        self, run: RunContext, workspace: Workspace, step: StepRequest, io: StepIO
    ) -> StepResult:
        """See `DriverHooks.run_step`."""
        ...

    def teardown(
        self, run: RunContext, workspace: Workspace | None, outcome: RunOutcome
    ) -> TeardownReport:
        """See `DriverHooks.teardown`."""
        ...
