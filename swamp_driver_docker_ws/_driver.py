"""The docker drivers: the hooks, and the order in which they may be called."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, Literal

import attrs

from swamp_driver.errors import DriverError, LifecycleError, UnavailableError
from swamp_driver.spec import (
    ApiVersion,
    Availability,
    Capability,
    ConfigSample,
    DriverInfo,
    Leftover,
    RunContext,
    RunOutcome,
    RunStatus,
    StepIO,
    StepRequest,
    StepResult,
    TeardownReport,
    Workspace,
    hookimpl,
)
from swamp_driver_docker_ws._binding import Runner, open_binding, survey_engine
from swamp_driver_docker_ws._config import DockerConfig, DockerSessionConfig
from swamp_driver_docker_ws._engine import DockerEngine
from swamp_driver_docker_ws._engine_api import Engine
from swamp_driver_docker_ws._engine_ref import EngineRef, resolve_engine
from swamp_driver_docker_ws._handle import Handle, handle_for, read_handle
from swamp_driver_docker_ws._teardown import Ledger, Made, Settlement, settle_binding
from swamp_driver_docker_ws._watch import EngineWatch

_CAPABILITIES = frozenset(
    {
        Capability.HOST_VISIBLE,
        Capability.ATTACH,
        Capability.PERSISTENT,
        Capability.CONTAINMENT,
        Capability.ISOLATION,
        Capability.MEMORY_LIMIT,
        Capability.USER,
        Capability.SERVICES,
        Capability.LEFTOVERS,
        Capability.RECOVERABLE,
    }
)
_GOOD_CONFIGS = (
    ConfigSample(title="an image", data={"image": "busybox"}),
    ConfigSample(
        title="limits",
        data={"image": "node:20", "memory": "2g", "cpus": 1.5, "network": "none"},
    ),
    ConfigSample(
        title="everything beside the workspace",
        data={
            "image": "node:20",
            "user": "image",
            "volumes": ["cache:/cache", {"source": "/data", "target": "/data", "readOnly": True}],
            "env": {"NODE_ENV": "test"},
            "passEnv": ["GITHUB_*"],
            "pull": "always",
            "timeout": 600000,
            "extraArgs": ["--shm-size=1g", "--cap-drop", "ALL"],
        },
    ),
)
_BAD_CONFIGS = (
    ConfigSample(title="no image", data={}),
    ConfigSample(title="a flag that is not on the list", data={"image": "a", "extraArgs": ["-v"]}),
    ConfigSample(title="memory that is no size", data={"image": "a", "memory": "much"}),
    ConfigSample(title="a volume without a target", data={"image": "a", "volumes": ["/data"]}),
    ConfigSample(title="an unknown option", data={"image": "a", "imagee": "b"}),
)
_UNDO = RunOutcome(status=RunStatus.BROKEN, remove_workspace=True)
"""For a workspace that was not wholly prepared; a persistent one stays in any case."""


@attrs.define(eq=False)
class DockerDriver:
    """Steps in containers; see `swamp_driver.spec.DriverHooks` for the contract."""

    info: ClassVar[DriverInfo] = DriverInfo(
        summary="steps run in containers: one for each step, or one for all (mode: session)",
        api=ApiVersion(major=1, minor=1),
        capabilities=_CAPABILITIES,
        config=DockerConfig,
        good_configs=(
            *_GOOD_CONFIGS,
            ConfigSample(title="a session", data={"image": "busybox", "mode": "session"}),
        ),
        bad_configs=_BAD_CONFIGS,
    )

    config: DockerConfig
    connect: Callable[[EngineRef], Engine] = attrs.field(default=DockerEngine, kw_only=True)
    """How an engine is reached: a seam for tests."""
    watch_interval_s: float = attrs.field(default=10.0, kw_only=True)
    """How often the engine is asked whether it is well while steps run."""
    _state: Literal["new", "ready", "closed"] = attrs.field(default="new", init=False)
    _lock: threading.Lock = attrs.field(factory=threading.Lock, init=False)
    _engine: Engine | None = attrs.field(default=None, init=False)
    _handle: Handle | None = attrs.field(default=None, init=False)
    _runner: Runner | None = attrs.field(default=None, init=False)
    _watch: EngineWatch | None = attrs.field(default=None, init=False)

    @hookimpl
    def prepare_workspace(self, run: RunContext) -> Workspace:
        """Make the workspace and the first container, in which its sharing is proven."""
        with self._lock:
            if self._state != "new":
                raise LifecycleError(f"run {run.run_id}: its workspace was prepared already")
            handle = handle_for(self.config, run, _resolve(self.config), os.urandom(4).hex())
            engine = self.connect(handle.ref)
            try:
                survey = survey_engine(engine, self.config, run)
            except BaseException:
                engine.close()
                raise
            self._engine, self._handle = engine, handle
            try:
                self._runner, workspace = open_binding(self.config, run, handle, engine, survey)
            except BaseException:
                self._settle(run, _UNDO, handle=handle, was_prepared=False)
                raise
            self._watch = EngineWatch(
                engine.is_alive,
                on_dead=self._runner.maker.cut_all,
                interval_s=self.watch_interval_s,
            )
            self._state = "ready"
            return workspace

    @hookimpl
    def run_step(
        self,
        run: RunContext,
        workspace: Workspace,  # noqa: ARG002 - it is known; the contract has it
        step: StepRequest,
        io: StepIO,
    ) -> StepResult:
        """Run a step in a container."""
        runner = self._runner
        if self._state != "ready" or runner is None:
            when = "before its workspace was prepared" if self._state == "new" else "after teardown"
            raise LifecycleError(f"run {run.run_id}: step '{step.name}' was asked for {when}")
        return runner.run_step(step, io)

    @hookimpl
    def teardown(
        self, run: RunContext, workspace: Workspace | None, outcome: RunOutcome
    ) -> TeardownReport:
        """Remove what the run does not leave to its user."""
        with self._lock:
            self._state = "closed"
            handle = self._handle or (read_handle(workspace.handle) if workspace else None)
            return self._settle(run, outcome, handle=handle, was_prepared=workspace is not None)

    @hookimpl
    def probe_environment(self, config: object) -> Availability:
        """Ask the engine what it is, and in which condition."""
        from swamp_driver_docker_ws._condition import probe_engine  # noqa: PLC0415 - no run does

        try:
            ref = _resolve(config)
            engine = self.connect(ref)
            try:
                options = config if isinstance(config, DockerConfig) else None
                return probe_engine(engine, ref, options, uid=os.getuid(), gid=os.getgid())
            finally:
                engine.close()
        except UnavailableError as error:
            return Availability(available=False, detail=error.reason, fix=error.fix)
        except DriverError as error:
            return Availability(available=False, detail=str(error))

    @hookimpl
    def list_leftovers(self, config: object) -> Sequence[Leftover]:
        """List the containers and volumes that bear our labels."""
        from swamp_driver_docker_ws._leftovers import list_leftovers  # noqa: PLC0415 - for gc only

        engine = self.connect(_resolve(config))
        try:
            return list_leftovers(engine)
        finally:
            engine.close()

    @hookimpl
    def remove_leftover(self, config: object, leftover: Leftover) -> bool:
        """Remove a container or volume that is still what was listed."""
        from swamp_driver_docker_ws._leftovers import remove_leftover  # noqa: PLC0415 - for gc only

        engine = self.connect(_resolve(config))
        try:
            return remove_leftover(engine, leftover)
        finally:
            engine.close()

    @hookimpl
    def export_workspace(self, config: object, workspace: Workspace, directory: str) -> bool:
        """Copy a workspace out of the volume that it is in."""
        from swamp_driver_docker_ws._export_volume import export_volume  # noqa: PLC0415 - rare

        handle = read_handle(workspace.handle)
        if handle is None or handle.volume is None or not isinstance(config, DockerConfig):
            return False
        engine = self.connect(handle.ref)
        try:
            export_volume(workspace.path, directory, config=config, handle=handle, engine=engine)
        finally:
            engine.close()
        return True

    def _settle(
        self, run: RunContext, outcome: RunOutcome, *, handle: Handle | None, was_prepared: bool
    ) -> TeardownReport:
        ledger = Ledger(deadline=time.monotonic() + outcome.deadline_s)
        runner, self._runner = self._runner, None
        engine, self._engine = self._engine, None
        if engine is None and handle is not None:
            engine = self.connect(handle.ref)
        settle_binding(
            ledger,
            Settlement(run=run, outcome=outcome, config=self.config, was_prepared=was_prepared),
            made=None if handle is None or engine is None else Made(handle, engine, runner),
        )
        if self._watch is not None:
            self._watch.close()
        if engine is not None:
            engine.close()
        return ledger.report()


@attrs.define(eq=False)
class DockerSessionDriver(DockerDriver):
    """The same with the mode decided, so that `--driver docker-session` needs no option for it."""

    info: ClassVar[DriverInfo] = DriverInfo(
        summary="all steps of a run share one container, at the cost of a process each",
        api=ApiVersion(major=1, minor=1),
        capabilities=_CAPABILITIES | {Capability.SESSION},
        config=DockerSessionConfig,
        good_configs=_GOOD_CONFIGS,
        bad_configs=(
            *_BAD_CONFIGS,
            ConfigSample(title="another mode", data={"image": "a", "mode": "per-step"}),
        ),
    )


def _resolve(config: object) -> EngineRef:
    """Return the engine of the options; the usual one for a config that is none of ours."""
    return resolve_engine(
        config if isinstance(config, DockerConfig) else None,
        environ=os.environ,
        home=Path.home(),
    )
