"""One run of the driver that is judged, with one instance of it."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from swamp_driver.spec import (
    CancelStage,
    Progress,
    RunContext,
    RunOutcome,
    RunStatus,
    StepIO,
    StepRequest,
    StepResult,
    TeardownReport,
    Workspace,
)
from swamp_driver_conformance._calls import Call
from swamp_driver_conformance._journal import Journal
from swamp_driver_conformance._reaper import MARK_VARIABLE
from swamp_driver_conformance._steps import Done, Going, Sink
from swamp_driver_conformance.expect import deviates

PREPARE_S = 180.0
"""How long a driver may take to prepare: images are pulled then."""
TEARDOWN_S = 60.0
"""How long it may take to tear down, where a test says nothing else."""


class Run:
    """One run with one instance of the driver."""

    def __init__(self, context: RunContext, hooks: Any, journal: Journal, *, mark: str) -> None:
        self._journal = journal
        self._mark = mark
        self.context = context
        self.hooks = hooks
        self.workspace: Workspace | None = None
        self.progress: list[Progress] = []
        self._next_step = 0
        self._going: list[Going] = []

    @property
    def path(self) -> str:
        """Return `workspace.path`."""
        return self.context.workspace.path

    @property
    def run_dir(self) -> Path:
        """Return the run directory as a path of this host."""
        return Path(self.context.workspace.run_dir)

    def note(self, line: str) -> None:
        """Write a line into the journal of the test."""
        self._journal.note(f"[{self.context.run_id}] {line}")

    def prepare(self) -> Workspace:
        """Call `prepare_workspace`; raise what it raises, fail where it hangs."""
        request = self.context.workspace
        self.note(f"prepare_workspace({request.mode}, '{request.run_dir}')")
        call = Call("prepare_workspace", lambda: self.hooks.prepare_workspace(run=self.context))
        workspace = call.wait(PREPARE_S)
        if not isinstance(workspace, Workspace):
            deviates("prepare_workspace", seen=workspace, expected="it returns a Workspace")
        self.workspace = workspace
        return workspace

    def request(self, argv: tuple[str, ...], **changes: Any) -> StepRequest:
        """Return a step of this run, with an environment as hosts make it."""
        self._next_step += 1
        step_id: str = changes.pop("step_id", f"s{self._next_step}")
        workspace = self.context.workspace
        exchange = workspace.exchange(step_id)
        env = {
            "HOME": workspace.home,
            "TMPDIR": f"{exchange}/tmp",  # noqa: S108 - inside of the exchange directory
            "LANG": "C.UTF-8",
            MARK_VARIABLE: self._mark,
            **changes.pop("env", {}),
        }
        wanted = {
            "name": step_id,
            "cwd": workspace.path,
            "directories": ("tmp",),
            "grace_s": 0.3,
            **changes,
        }
        return StepRequest(step_id=step_id, argv=argv, env=env, exchange=exchange, **wanted)

    def start(self, step: StepRequest, io: StepIO | None = None) -> Going:
        """Call `run_step` in another thread; `io` replaces the sink that keeps the output."""
        sink = Sink()
        self.note(f"run_step '{step.step_id}': {' '.join(step.argv)}")
        going = Going(
            step,
            io or StepIO(sink.take),
            sink=sink,
            journal=self._journal,
            run_step=self._run_step,
        )
        self._going.append(going)
        return going

    def _run_step(self, step: StepRequest, io: StepIO) -> StepResult:
        result: StepResult = self.hooks.run_step(
            run=self.context, workspace=self.workspace, step=step, io=io
        )
        return result

    def start_sh(self, script: str, *args: str, **changes: Any) -> Going:
        """Call `run_step` in another thread, for `sh -c`."""
        return self.start(self.request(("/bin/sh", "-c", script, "sh", *args), **changes))

    def sh(self, script: str, *args: str, **changes: Any) -> Done:
        """Run a script with `sh -c` and return how it ended."""
        return self.start_sh(script, *args, **changes).wait()

    def teardown(
        self,
        *,
        remove: bool = True,
        status: RunStatus = RunStatus.SUCCEEDED,
        deadline_s: float = 30.0,
    ) -> TeardownReport:
        """Call `teardown`; raise what it raises, fail where it hangs."""
        self.note(f"teardown({status}, {'remove' if remove else 'keep'} the workspace)")
        outcome = RunOutcome(status=status, remove_workspace=remove, deadline_s=deadline_s)
        call = Call(
            "teardown",
            lambda: self.hooks.teardown(
                run=self.context, workspace=self.workspace, outcome=outcome
            ),
        )
        report = call.wait(TEARDOWN_S)
        if not isinstance(report, TeardownReport):
            deviates("teardown", seen=report, expected="it returns a TeardownReport")
        for line in report.errors:
            self.note(f"teardown reports the error: {line}")
        return report

    def close(self) -> None:
        """End what a test left of the run, whatever state it is in; never raises."""
        for going in self._going:
            _ignoring_all(functools.partial(going.io.cancel.cancel, CancelStage.NOW))
        for going in self._going:
            _ignoring_all(functools.partial(going.wait, 5.0))
        _ignoring_all(self.teardown)


def _ignoring_all(function: Callable[[], object]) -> None:
    # The test has said what is wrong; this is clean-up.
    with contextlib.suppress(BaseException):
        function()
