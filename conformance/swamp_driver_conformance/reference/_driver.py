"""The hooks of the reference driver."""

from __future__ import annotations

import os
import threading
from typing import ClassVar

from swamp_driver.errors import LifecycleError, TeardownError, UnsupportedCapabilityError
from swamp_driver.spec import (
    ApiVersion,
    Availability,
    Capability,
    ConfigSample,
    DriverInfo,
    Leftover,
    RunContext,
    RunOutcome,
    StepIO,
    StepRequest,
    StepResult,
    TeardownReport,
    Workspace,
    WorkspaceRequest,
    hookimpl,
)
from swamp_driver_conformance.reference._config import ReferenceConfig
from swamp_driver_conformance.reference._files import RunFiles
from swamp_driver_conformance.reference._records import Record, Records
from swamp_driver_conformance.reference._step import StepRun


class ReferenceDriver:
    """Steps as processes of this host. See `swamp_driver.spec.DriverHooks` for what it keeps."""

    info: ClassVar[DriverInfo] = DriverInfo(
        summary="the reference of the conformance suite: steps are processes of this host",
        api=ApiVersion(major=1, minor=0),
        capabilities=frozenset(
            {
                Capability.HOST_VISIBLE,
                Capability.ATTACH,
                Capability.PERSISTENT,
                Capability.LEFTOVERS,
                Capability.RECOVERABLE,
            }
        ),
        config=ReferenceConfig,
        good_configs=(
            ConfigSample(title="as it comes", data={}),
            ConfigSample(title="behind a proxy", data={"passEnv": ["*_PROXY"]}),
        ),
        bad_configs=(ConfigSample(title="a number for a path", data={"records": 3}),),
    )
    files_class: ClassVar[type[RunFiles]] = RunFiles
    step_class: ClassVar[type[StepRun]] = StepRun

    def __init__(self, config: ReferenceConfig) -> None:
        self.config = config
        self.records = Records(config.records)
        self._state = "new"
        self._lock = threading.Lock()

    def files(self, request: WorkspaceRequest) -> RunFiles:
        """Return the directory of a run."""
        return self.files_class(request, self.records)

    @hookimpl
    def prepare_workspace(self, run: RunContext) -> Workspace:
        """Make the run directory, or check the one that another driver made."""
        with self._lock:
            self.check_is_new(run)
            self.refuse_undeclared(run.workspace)
            files = self.files(run.workspace)
            if run.workspace.mode == "create":
                files.make(run)
            else:
                files.attach()
            self._state = "ready"
        return self.workspace(run)

    def check_is_new(self, run: RunContext) -> None:
        """Refuse a second prepare."""
        if self._state != "new":
            raise LifecycleError(f"run {run.run_id}: its workspace was prepared before")

    def refuse_undeclared(self, request: WorkspaceRequest) -> None:
        """Refuse what the driver does not declare, before anything is done."""
        wanted = {
            Capability.ATTACH: request.mode == "attach",
            Capability.PERSISTENT: request.persistent,
        }
        for capability, is_wanted in wanted.items():
            if is_wanted and capability not in self.info.capabilities:
                text = f"this driver cannot do '{capability}'"
                raise UnsupportedCapabilityError(text, capability=capability)

    def workspace(self, run: RunContext) -> Workspace:
        """Return what `prepare_workspace` returns."""
        return Workspace(
            path=run.workspace.path,
            host_visible=Capability.HOST_VISIBLE in self.info.capabilities,
            handle={"version": 1, "run_dir": run.workspace.run_dir},
        )

    @hookimpl
    def run_step(self, run: RunContext, step: StepRequest, io: StepIO) -> StepResult:
        """Run a step."""
        self.check_is_ready(run, step)
        return self.step_class(run, step, io).execute()

    def check_is_ready(self, run: RunContext, step: StepRequest) -> None:
        """Refuse a step at the wrong time."""
        if self._state != "ready":
            raise LifecycleError(f"run {run.run_id}: step '{step.name}' when it is {self._state}")

    @hookimpl
    def teardown(
        self, run: RunContext, workspace: Workspace | None, outcome: RunOutcome
    ) -> TeardownReport:
        """Remove the run directory, or leave it to its user."""
        with self._lock:
            self._state = "over"
            if run.workspace.mode == "attach":
                return TeardownReport()
            return self.settle(run, workspace, outcome)

    def settle(
        self, run: RunContext, workspace: Workspace | None, outcome: RunOutcome
    ) -> TeardownReport:
        """Remove or keep the directory of a run, if it is this run's."""
        del workspace
        files = self.files(run.workspace)
        record = self.records.get(str(files.path))
        if record is None or record.run_id != run.run_id:
            return TeardownReport()
        if not outcome.remove_workspace:
            return TeardownReport(kept=(str(files.path),), errors=tuple(files.keep()))
        errors = files.remove(deadline_s=outcome.deadline_s)
        return TeardownReport(removed=() if errors else (str(files.path),), errors=tuple(errors))

    @hookimpl
    def probe_environment(self) -> Availability | None:
        """Say that it works everywhere."""
        return Availability(available=True, detail="processes of this host")

    @hookimpl
    def list_leftovers(self) -> list[Leftover] | None:
        """List the run directories that it made."""
        if Capability.LEFTOVERS not in self.info.capabilities:
            return None
        return [self.leftover(record) for record in self.records.all()]

    def leftover(self, record: Record) -> Leftover:
        """Return a record as the host sees it."""
        return Leftover(
            kind="directory",
            name=record.run_dir,
            run_id=record.run_id,
            owner=record.owner,
            created_at=record.created_at,
            preserved=record.preserved or record.persistent,
        )

    @hookimpl
    def remove_leftover(self, leftover: Leftover) -> bool | None:
        """Remove a run directory, if it is still that of the same run."""
        if Capability.LEFTOVERS not in self.info.capabilities:
            return None
        record = self.records.get(leftover.name)
        if record is None:
            return not os.path.lexists(leftover.name)
        if record.run_id != leftover.run_id or record.owner != leftover.owner:
            return False
        request = WorkspaceRequest(run_dir=leftover.name, uid=os.getuid(), gid=os.getgid())
        if errors := self.files(request).remove(deadline_s=60):
            raise TeardownError(f"'{leftover.name}' cannot be removed", left=errors)
        return True
