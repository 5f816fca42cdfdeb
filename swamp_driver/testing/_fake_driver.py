"""A driver that runs nothing, keeps the contract, and polices the other side of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import ClassVar

import attrs

from swamp_driver.errors import LifecycleError
from swamp_driver.rundir import (
    attach_run_dir,
    collect_exchange,
    create_run_dir,
    keep_run_dir,
    make_exchange,
    remove_exchange,
    remove_run_dir,
)
from swamp_driver.spec import (
    ApiVersion,
    Capability,
    ConfigSample,
    DriverInfo,
    RunContext,
    RunOutcome,
    StepEnd,
    StepIO,
    StepRequest,
    StepResult,
    TeardownReport,
    Workspace,
    hookimpl,
    option,
)
from swamp_driver.testing._behaviours import Behaviour, Script, ends, succeeds
from swamp_driver.testing._journal import Call, Journal
from swamp_driver.testing._rules import outcome_violations, run_violations, step_violations


@attrs.frozen(kw_only=True)
class FakeConfig:
    """The options of the fake driver."""

    label: str = option(help="Anything: makes bindings differ.", default="")
    pass_env: tuple[str, ...] = option(help="Names or globs of variables to pass on.", default=())


class FakeDriver:
    """Steps are functions, the run directory is real. Make classes of it with `fake_driver`.

    One instance per (run, options), as for any driver. A call that breaks the contract raises
    `PolicingError` and is written down in `journal`.
    """

    info: ClassVar[DriverInfo] = DriverInfo(
        summary="scripted steps in a directory of this host, for tests",
        api=ApiVersion(major=1, minor=1),
        capabilities=frozenset(
            {
                Capability.HOST_VISIBLE,
                Capability.ATTACH,
                Capability.PERSISTENT,
                Capability.RECOVERABLE,
                Capability.SERVICES,
            }
        ),
        config=FakeConfig,
        good_configs=(ConfigSample(title="no options", data={}),),
        bad_configs=(ConfigSample(title="a number as label", data={"label": 3}),),
    )
    journal: ClassVar[Journal] = Journal()
    script: ClassVar[Script] = Script()

    def __init__(self, config: FakeConfig) -> None:
        self._config = config
        self._lock = threading.Lock()
        self._run: RunContext | None = None
        self._workspace: Workspace | None = None
        self._running: set[str] = set()
        self._step_ids: set[str] = set()
        self._is_torn_down = False

    @hookimpl
    def prepare_workspace(self, run: RunContext) -> Workspace:
        """See `DriverHooks.prepare_workspace`."""
        self.journal.enter(Call(hook="prepare_workspace", run=run))
        with self._lock:
            self.journal.police("prepare_workspace", self._prepare_violations(run))
            self._run = run
        if run.workspace.mode == "create":
            create_run_dir(run.workspace, run_id=run.run_id, owner=run.owner)
        else:
            attach_run_dir(run.workspace)
        self._workspace = Workspace(
            path=run.workspace.path,
            host_visible=True,
            handle={"version": 1, "run_dir": run.workspace.run_dir},
        )
        return self._workspace

    @hookimpl
    def run_step(
        self, run: RunContext, workspace: Workspace, step: StepRequest, io: StepIO
    ) -> StepResult:
        """See `DriverHooks.run_step`."""
        self.journal.enter(Call(hook="run_step", run=run, workspace=workspace, step=step))
        with self._lock:
            self._check_order()
            self.journal.police("run_step", self._step_violations(run, workspace, step, io))
            self._running.add(step.step_id)
            self._step_ids.add(step.step_id)
        try:
            return self._run_step(run, step, io)
        finally:
            with self._lock:
                self._running.discard(step.step_id)

    @hookimpl
    def teardown(
        self, run: RunContext, workspace: Workspace | None, outcome: RunOutcome
    ) -> TeardownReport:
        """See `DriverHooks.teardown`."""
        call = Call(hook="teardown", run=run, workspace=workspace, outcome=outcome)
        self.journal.enter(call)
        with self._lock:
            self.journal.police("teardown", self._teardown_violations(call))
            self._is_torn_down = True
        request = run.workspace
        if request.mode == "attach":
            return TeardownReport()
        if outcome.remove_workspace:
            errors = remove_run_dir(request.run_dir, deadline_s=outcome.deadline_s)
            return TeardownReport(removed=() if errors else (request.run_dir,), errors=errors)
        errors = keep_run_dir(request.run_dir, uid=request.uid, gid=request.gid)
        return TeardownReport(kept=(request.run_dir,), errors=errors)

    def _run_step(self, run: RunContext, step: StepRequest, io: StepIO) -> StepResult:
        if io.cancel.cancelled:
            return ends(StepEnd.CANCELLED)
        make_exchange(run.workspace, step)
        try:
            result = self.script.of(step.name)(step, io)
            found = collect_exchange(run.workspace, step)
        finally:
            remove_exchange(run.workspace, step)
        return attrs.evolve(result, collected=found.files, collect_problems=found.problems)

    def _check_order(self) -> None:
        """Raise what the contract promises to a host that errs: see `DriverHooks.run_step`."""
        if self._workspace is None:
            what = "called before prepare_workspace has returned"
        elif self._is_torn_down:
            what = "called after teardown"
        else:
            return
        self.journal.note("run_step", [what])
        raise LifecycleError(f"run_step was {what}")

    def _prepare_violations(self, run: RunContext) -> Iterator[str]:
        if self._run is not None:
            yield "called a second time on one instance"
        yield from run_violations(run, config=self._config)

    def _step_violations(
        self, run: RunContext, workspace: Workspace, step: StepRequest, io: StepIO
    ) -> Iterator[str]:
        if workspace != self._workspace:
            yield "called with another workspace than prepare_workspace returned"
        if run != self._run:
            yield "called with another run than prepare_workspace"
        if step.step_id in self._step_ids:
            yield f"the step id '{step.step_id}' was used before"
        yield from step_violations(step, run=run, io=io)

    def _teardown_violations(self, call: Call) -> Iterator[str]:
        if self._running:
            yield f"called while steps are running: {', '.join(sorted(self._running))}"
        if self._run is not None and call.workspace != self._workspace:
            yield "called with another workspace than prepare_workspace returned"
        if call.outcome is not None:
            yield from outcome_violations(call.outcome)


def fake_driver(
    behaviours: Mapping[str, Behaviour] | None = None,
    *,
    default: Behaviour | None = None,
    capabilities: frozenset[str] | None = None,
) -> type[FakeDriver]:
    """Return a driver class with a journal of its own.

    `behaviours` says what the steps of these names do; all others do what `default` says (succeed,
    with no output). `capabilities` replaces those that it declares.
    """
    info = FakeDriver.info
    if capabilities is not None:
        info = attrs.evolve(info, capabilities=capabilities)
    members = {
        "info": info,
        "journal": Journal(),
        "script": Script(behaviours=dict(behaviours or {}), default=default or succeeds()),
        "__module__": FakeDriver.__module__,
    }
    return type("FakeDriver", (FakeDriver,), members)
