"""The raw driver: the hooks, and which of two ways runs the steps."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, ClassVar, Literal

import attrs

from swamp_driver.errors import LifecycleError
from swamp_driver.rundir import (
    attach_run_dir,
    create_run_dir,
    keep_run_dir,
    read_marker,
    remove_run_dir,
)
from swamp_driver.spec import (
    ApiVersion,
    Availability,
    Capability,
    ConfigSample,
    DriverInfo,
    RunContext,
    RunOutcome,
    StepIO,
    StepRequest,
    StepResult,
    TeardownReport,
    Workspace,
    hookimpl,
)
from swamp_driver_raw._config import RawConfig
from swamp_driver_raw._containment import has_agent, open_agent, probe_containment

if TYPE_CHECKING:
    from swamp_driver.agent import LocalAgent

_HANDLE_VERSION = 1


def _capabilities() -> frozenset[str]:
    """Return what the driver can do with its default options on this machine."""
    always = {
        Capability.HOST_VISIBLE,
        Capability.ATTACH,
        Capability.PERSISTENT,
        Capability.RECOVERABLE,
        Capability.SERVICES,
    }
    return frozenset(always | {Capability.CONTAINMENT} if has_agent() else always)


@attrs.define(eq=False)
class RawDriver:
    """Steps as processes of this host; see `swamp_driver.spec.DriverHooks` for the contract.

    PATH is the caller's where a step does not set it: it is what this place defines by itself.
    """

    info: ClassVar[DriverInfo] = DriverInfo(
        summary="steps are processes of this host",
        api=ApiVersion(major=1, minor=1),
        capabilities=_capabilities(),
        config=RawConfig,
        good_configs=(
            ConfigSample(title="as it comes", data={}),
            ConfigSample(
                title="behind a proxy", data={"passEnv": ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"]}
            ),
            ConfigSample(title="without the agent", data={"containment": "portable"}),
        ),
        bad_configs=(
            ConfigSample(title="a container's option", data={"image": "debian"}),
            ConfigSample(title="a name where a list is wanted", data={"passEnv": "HTTP_PROXY"}),
            ConfigSample(title="an unknown containment", data={"containment": "cgroup"}),
        ),
    )

    config: RawConfig
    _agent: LocalAgent | None = attrs.field(default=None, init=False)
    _state: Literal["new", "ready", "closed"] = attrs.field(default="new", init=False)
    _lock: threading.Lock = attrs.field(factory=threading.Lock, init=False)

    @hookimpl
    def prepare_workspace(self, run: RunContext) -> Workspace:
        """Make the run directory, or check the one that another driver made."""
        with self._lock:
            if self._state != "new":
                raise LifecycleError(f"run {run.run_id}: its workspace was prepared already")
            agent = open_agent(self.config)
            try:
                _open_run_dir(run)
            except BaseException:
                if agent is not None:
                    agent.close()
                raise
            self._agent, self._state = agent, "ready"
        return Workspace(
            path=run.workspace.path,
            host_visible=True,
            handle={"version": _HANDLE_VERSION, "run_dir": run.workspace.run_dir},
        )

    @hookimpl
    def run_step(self, run: RunContext, step: StepRequest, io: StepIO) -> StepResult:
        """Run a step under the agent, or as a child of this process."""
        if self._state != "ready":
            when = "before its workspace was prepared" if self._state == "new" else "after teardown"
            raise LifecycleError(f"run {run.run_id}: step '{step.name}' was asked for {when}")
        if self._agent is not None:
            return self._agent.connection.run_step(step, io)
        # Not needed where the agent runs the steps.
        from swamp_driver_raw._portable import run_step_portably  # noqa: PLC0415

        return run_step_portably(run.workspace, step, io)

    @hookimpl
    def teardown(
        self, run: RunContext, workspace: Workspace | None, outcome: RunOutcome
    ) -> TeardownReport:
        """End the agent; remove the run directory, or leave it to its user."""
        with self._lock:
            self._state, agent, self._agent = "closed", self._agent, None
        if agent is not None:
            agent.close()
        return _settle_run_dir(run, outcome, was_prepared=workspace is not None)

    @hookimpl
    def probe_environment(self, config: RawConfig) -> Availability:
        """Say which of the two ways runs the steps here."""
        return probe_containment(config)


def _open_run_dir(run: RunContext) -> None:
    if run.workspace.mode == "create":
        create_run_dir(run.workspace, run_id=run.run_id, owner=run.owner)
    else:
        attach_run_dir(run.workspace)


def _settle_run_dir(run: RunContext, outcome: RunOutcome, *, was_prepared: bool) -> TeardownReport:
    """Remove or keep the run directory, where this driver made it for this run."""
    request = run.workspace
    if request.mode != "create":
        return TeardownReport()
    marker = read_marker(request.run_dir)
    if not was_prepared and (marker is None or marker.run_id != run.run_id):
        return TeardownReport()
    is_there = os.path.lexists(request.run_dir)
    if outcome.remove_workspace:
        errors = remove_run_dir(request.run_dir, deadline_s=outcome.deadline_s)
        is_gone = is_there and not errors
        return TeardownReport(removed=(request.run_dir,) if is_gone else (), errors=errors)
    errors = keep_run_dir(request.run_dir, uid=request.uid, gid=request.gid)
    return TeardownReport(kept=(request.run_dir,) if is_there else (), errors=errors)
