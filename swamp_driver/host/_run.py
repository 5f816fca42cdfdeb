"""One run of a plan, from its record to its teardown."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import attrs

from swamp_driver import rundir
from swamp_driver._value import Value
from swamp_driver.errors import (
    ApprovalError,
    NotFoundError,
    SwampDriverError,
    WorkspaceBusyError,
)
from swamp_driver.host._answers import RunAnswers
from swamp_driver.host._bindings import Bindings, RunIdentity
from swamp_driver.host._bound_driver import LoadedDriver
from swamp_driver.host._bus import EventBus, Observer
from swamp_driver.host._coordinator import Coordinator
from swamp_driver.host._kept import History, forget_history, write_history
from swamp_driver.host._records import RunRecord, WorkspaceRecord
from swamp_driver.host._reporting import ReportSources, reporting
from swamp_driver.host._rerun import Earlier
from swamp_driver.host._reservation import release, reserve, reserved_for
from swamp_driver.host._run_data import RunData
from swamp_driver.host._store import Store
from swamp_driver.host._unit import UnitRunner
from swamp_driver.host._workspaces import (
    OnceMarks,
    hold_workspace,
    new_run_id,
    request_workspace,
)
from swamp_driver.host.outputs import OUTPUTS, HandOver
from swamp_driver.spec import (
    CancelToken,
    DriverProgress,
    JobOutline,
    Json,
    Notice,
    Owner,
    Progress,
    RunEnded,
    RunOutcome,
    RunStarted,
    RunStatus,
    StepStatus,
    Workspace,
    WorkspaceReady,
)
from swamp_driver.workflow import Plan, Preserve, RunScope, bind_config, self_of


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RunOptions(Value):
    """What the caller of a run decides, and no file."""

    preserve: Preserve | None = None
    """Overrides the file."""
    wait: bool = True
    """Wait for a persistent workspace that another run holds; otherwise the run fails."""
    teardown_deadline_s: float = 60.0
    earlier: Earlier | None = None
    """Take over what succeeded in this run, and work in its workspace, which stays there."""
    step_env: Callable[[str], Mapping[str, str]] | None = attrs.field(default=None, eq=False)
    """Called with the id of each step that starts, from its thread; what it returns is added to
    the step's environment where the step does not set it. Must not raise."""


@attrs.define(eq=False, repr=False)
class _Outcome:
    """How a run ended, as far as is known."""

    status: RunStatus = RunStatus.BROKEN
    exit_code: int = 3
    errors: tuple[str, ...] = ()
    kept: bool = False


_EXIT_CODES = {
    RunStatus.SUCCEEDED: 0,
    RunStatus.FAILED: 1,
    RunStatus.SUSPENDED: 4,
    RunStatus.CANCELLED: 130,
}


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Resume(Value):
    """A suspended run that is to go on: see `resume_run`."""

    run_id: str
    started_at: float
    history: History


def execute_run(  # noqa: PLR0913 - each by its name
    plan: Plan,
    *,
    store: Store,
    load: Callable[[str], LoadedDriver],
    observers: Sequence[Observer] = (),
    cancel: CancelToken | None = None,
    options: RunOptions | None = None,
    resume: Resume | None = None,
) -> RunRecord:
    """Run a plan and return its record, steps included.

    May be called from any thread, several at once in a process. It uses no globals, does not change
    the process (no signal handler, no working directory), and returns when nothing of the run is
    left but what was to be kept. Setting `cancel` ends it early, in two stages.

    A broken driver does not raise: the record says `broken`, and why. Raises `StoreError` where
    records cannot be written; the teardown is done all the same.

    A run that waits for an approval and has nothing else to do is suspended: its drivers are torn
    down, its workspace is kept, and the record says `suspended`. With `resume` such a run goes on
    (see `resume_run`); `plan` is then the one that it was begun with.
    """
    run = _Run(
        plan,
        store=store,
        load=load,
        cancel=cancel or CancelToken(),
        options=options or RunOptions(),
        resume=resume,
    )
    return run.execute(observers)


def _history(plan: Plan, earlier: Earlier | None) -> History:
    """Return what a new run takes over. Raises as `Earlier.run_dir`."""
    if earlier is None:
        return History()
    needs_files = plan.workspace.enabled and not plan.workspace.persistent
    return History(taken=earlier.succeeded, run_dir=earlier.run_dir() if needs_files else None)


class _Run:
    def __init__(
        self,
        plan: Plan,
        *,
        store: Store,
        load: Callable[[str], LoadedDriver],
        cancel: CancelToken,
        options: RunOptions,
        resume: Resume | None,
    ) -> None:
        self._plan = plan
        self._store = store
        self._load = load
        self._cancel = cancel
        self._options = options
        self._resume = resume
        self._history = resume.history if resume else _history(plan, options.earlier)
        self._id = resume.run_id if resume else new_run_id()
        self._owner = Owner.current()
        self._started_at = resume.started_at if resume else time.time()
        self._request = request_workspace(
            store.settings,
            self._id,
            persistent_key=plan.workspace.key if plan.workspace.persistent else None,
            may_suspend=plan.asks,
        )
        if self._history.run_dir:
            self._request = attrs.evolve(
                self._request, run_dir=self._history.run_dir, persistent=True
            )
        self._hand_over = HandOver(store.directory(self._id) / OUTPUTS)
        self._data = RunData(store.settings, plan.directory, self._id)
        self._answers = RunAnswers(self._data, run_id=self._id)
        self._host_visible = True
        self._workspaces: tuple[WorkspaceRecord, ...] = ()

    def execute(self, observers: Sequence[Observer]) -> RunRecord:
        self._store.close_interrupted()
        self._begin()
        begun = time.monotonic()
        outcome = _Outcome()
        with contextlib.closing(self._store.open_event_log(self._id)) as log:
            bus = EventBus(
                self._id,
                log,
                observers,
                last_seq=log.last_seq() if self._resume else 0,
                attempt=self._history.attempt,
            )
            try:
                self._emit_start(bus)
                self._hold_and_run(bus, outcome, begun)
            finally:
                if outcome.status is not RunStatus.SUSPENDED:
                    self._store.put_run(self._final_record(outcome))
            if outcome.status is not RunStatus.SUSPENDED:
                forget_history(self._store.directory(self._id))
                self._emit_end(bus, outcome, begun)
        return self._store.find_run(self._id)

    def _emit_end(self, bus: EventBus, outcome: _Outcome, begun: float) -> None:
        bus.emit(
            RunEnded,
            status=outcome.status,
            exit_code=outcome.exit_code,
            duration_s=time.monotonic() - begun,
            workspace_kept=self._request.path if outcome.kept else None,
            errors=outcome.errors,
        )

    def _begin(self) -> None:
        record = self._record(RunStatus.RUNNING)
        if self._resume is None:
            self._store.put_run(record)
        elif not self._store.claim(record):
            raise ApprovalError(f"run {self._id} does not wait any more: another process goes on")

    def _hold_and_run(self, bus: EventBus, outcome: _Outcome, begun: float) -> None:
        """Run in the workspace, held; driver errors end up in `outcome`."""
        name = self._request.run_dir.rpartition("/")[2]
        hold = hold_workspace(
            self._store.settings,
            self._request,
            wait=self._options.wait,
            cancel=self._cancel,
            on_wait=lambda: _tell(
                bus, f"waiting for the persistent workspace '{name}', held by another run"
            ),
        )
        try:
            with hold:
                if self._cancel.cancelled:
                    outcome.status, outcome.exit_code = RunStatus.CANCELLED, 130
                    self._take_reservation()
                else:
                    self._take_reservation()
                    self._run_and_tear_down(bus, outcome)
                    if outcome.status is RunStatus.SUSPENDED:
                        # The record comes last: with it, another process may go on.
                        self._emit_end(bus, outcome, begun)
                        reserve(self._request.run_dir, self._id)
                        self._store.put_run(self._final_record(outcome))
        except SwampDriverError as error:
            outcome.errors = (*outcome.errors, str(error))
            outcome.exit_code = error.exit_code

    def _take_reservation(self) -> None:
        """Refuse a workspace that a suspended run needs; give up the own reservation."""
        run_dir = self._request.run_dir
        if self._history.run_dir and self._resume is None:
            rundir.make_reusable(run_dir)
        holder = reserved_for(run_dir)
        if holder not in (None, self._id) and self._is_suspended(holder):
            raise WorkspaceBusyError(
                f"the workspace '{Path(run_dir).name}' is needed by run {holder}, which is "
                f"suspended: 'swamp-driver show {holder}' says what it waits for"
            )
        release(run_dir)

    def _is_suspended(self, run_id: str | None) -> bool:
        """Return whether a run waits; one with records elsewhere is taken at its word."""
        try:
            return self._store.find_run(run_id or "").status is RunStatus.SUSPENDED
        except NotFoundError:
            return True

    def _run_and_tear_down(self, bus: EventBus, outcome: _Outcome) -> None:
        bindings = Bindings(self._plan, self._identity(bus), self._load)
        try:
            self._run_steps(bus, bindings, outcome)
        except SwampDriverError as error:
            outcome.errors = (str(error),)
            outcome.exit_code = error.exit_code
            if self._cancel.cancelled:
                outcome.status, outcome.exit_code = RunStatus.CANCELLED, 130
        finally:
            if outcome.status is not RunStatus.SUSPENDED:
                self._data.end_run(continued=self._resume is not None)
            self._data.close()
            outcome.kept = self._is_kept(outcome.status)
            left = bindings.teardown(
                RunOutcome(
                    status=outcome.status,
                    remove_workspace=not outcome.kept,
                    deadline_s=self._options.teardown_deadline_s,
                )
            )
            outcome.errors = (*outcome.errors, *left)
            if not outcome.kept:
                self._hand_over.remove()
            if self._host_visible:
                outcome.kept = outcome.kept and Path(self._request.path).is_dir()

    def _run_steps(self, bus: EventBus, bindings: Bindings, outcome: _Outcome) -> None:
        scope = self._scope()
        for binding in self._plan.bindings:
            if binding.is_static:
                bindings.get(binding.id, binding.driver, bind_config(binding, scope))
        coordinator = Coordinator(
            self._plan,
            scope=scope,
            request=self._request,
            runner=UnitRunner(
                run_id=self._id,
                bindings=bindings,
                bus=bus,
                store=self._store,
                cancel=self._cancel.child(),
                answers=self._answers,
                step_env=self._options.step_env,
                hand_over=self._hand_over,
                data=self._data,
            ),
            once=OnceMarks(self._request.run_dir if self._host_visible else None),
            history=self._history,
        )
        sources = self._report_sources(coordinator)
        with reporting(self._plan.reports, sources=sources, bus=bus) as finish:
            coordinator.run()
            status = self._status(coordinator)
            missing = () if coordinator.is_suspended else finish(status)
        outcome.status = status
        outcome.errors = (*coordinator.broken, *missing)
        if coordinator.is_suspended:
            self._keep_history(bus, coordinator)
        if outcome.status is RunStatus.SUCCEEDED and outcome.errors:
            outcome.status = RunStatus.FAILED  # a report that was required could not be made
        outcome.exit_code = _EXIT_CODES.get(outcome.status, coordinator.broken_exit_code)

    def _report_sources(self, coordinator: Coordinator) -> ReportSources:
        enabled = self._plan.workspace.enabled
        return ReportSources(
            run_id=self._id,
            store=self._store,
            data=self._data.written,
            secrets=lambda: coordinator.secrets,
            tags=self._plan.tags,
            workspace=lambda: self._request.path if enabled and self._host_visible else None,
            repository=lambda: self._data.repository,
            environ=os.environ,
            cancel=self._cancel,
        )

    def _keep_history(self, bus: EventBus, coordinator: Coordinator) -> None:
        """Write down what another process needs to go on."""
        write_history(
            self._store.directory(self._id),
            attrs.evolve(
                self._history,
                frames=coordinator.frames,
                broken=tuple(coordinator.broken),
                broken_exit_code=coordinator.broken_exit_code,
                attempt=self._history.attempt + 1,
                preserve=self._options.preserve or self._history.preserve,
            ),
        )
        for step in coordinator.masked:
            _tell(
                bus,
                f"an output of '{step}' holds a secret, which is not kept: after the approval, "
                "expressions have it masked",
            )

    def _status(self, coordinator: Coordinator) -> RunStatus:
        if coordinator.is_suspended:
            return RunStatus.SUSPENDED
        if self._cancel.cancelled:
            return RunStatus.CANCELLED
        if coordinator.broken:
            return RunStatus.BROKEN
        fine = {StepStatus.SUCCEEDED, StepStatus.SKIPPED}
        failed = any(status not in fine for status in coordinator.job_statuses.values())
        return RunStatus.FAILED if failed else RunStatus.SUCCEEDED

    def _is_kept(self, status: RunStatus) -> bool:
        preserve = self._options.preserve or self._history.preserve or self._plan.workspace.preserve
        return (
            status is RunStatus.SUSPENDED
            or self._plan.workspace.persistent
            or self._history.run_dir is not None
            or preserve == "always"
            or (preserve == "on-failure" and status is not RunStatus.SUCCEEDED)
        )

    def _scope(self) -> RunScope:
        enabled = self._plan.workspace.enabled
        return RunScope(
            inputs=self._plan.inputs,
            defaults=self._plan.defaults,
            run_id=self._id,
            workflow=self._plan.workflow,
            started_at=self._started_at,
            tags=self._plan.tags,
            workspace_path=self._request.path if enabled else None,
            job="",
            env=os.environ,
            self_values=self_of(self._plan),
            source=self._plan.source,
            directory=self._plan.directory,
            answers=self._answers,
        )

    def _identity(self, bus: EventBus) -> RunIdentity:
        def on_ready(driver: str, config: Mapping[str, Json], workspace: Workspace) -> None:
            self._host_visible = workspace.host_visible
            self._workspaces = (*self._workspaces, _workspace_record(driver, config, workspace))
            self._store.put_run(self._record(RunStatus.RUNNING))
            bus.emit(
                WorkspaceReady,
                driver=driver,
                path=workspace.path,
                host_visible=workspace.host_visible,
            )

        def on_progress(driver: str, progress: Progress) -> None:
            bus.emit(DriverProgress, driver=driver, progress=progress)

        return RunIdentity(
            run_id=self._id,
            workflow=self._plan.workflow,
            request=self._request,
            owner=self._owner,
            cancel=self._cancel,
            on_progress=on_progress,
            on_ready=on_ready,
        )

    def _emit_start(self, bus: EventBus) -> None:
        bus.emit(
            RunStarted,
            workflow=self._plan.workflow,
            source=self._plan.source,
            jobs=tuple(
                JobOutline(
                    name=job.name,
                    steps=tuple(step.name.text for step in job.steps),
                    step_ids=tuple(step.id for step in job.steps),
                    depends_on=tuple(dependency.on for dependency in job.depends_on),
                )
                for job in self._plan.jobs
            ),
        )

    def _final_record(self, outcome: _Outcome) -> RunRecord:
        return self._record(
            outcome.status,
            exit_code=outcome.exit_code,
            ended_at=time.time(),
            workspace_kept=outcome.kept,
            errors=outcome.errors,
        )

    def _record(self, status: RunStatus, **fields: object) -> RunRecord:
        defaults: Mapping[str, object] = {
            "run_id": self._id,
            "workflow": self._plan.workflow,
            "source": self._plan.source,
            "owner": self._owner,
            "started_at": self._started_at,
            "inputs": self._plan.inputs,
            "drivers": tuple(dict.fromkeys(b.driver for b in self._plan.bindings)),
            "workspace_path": self._request.path if self._plan.workspace.enabled else None,
            "workspaces": self._workspaces,
        }
        return RunRecord(status=status, **{**defaults, **fields})  # type: ignore[arg-type]


def _tell(bus: EventBus, text: str) -> None:
    bus.emit(Notice, text=text)


def _workspace_record(
    driver: str, config: Mapping[str, Json], workspace: Workspace
) -> WorkspaceRecord:
    return WorkspaceRecord(
        driver=driver,
        config=config,
        host_visible=workspace.host_visible,
        handle=workspace.handle,
        enter=workspace.enter,
    )
