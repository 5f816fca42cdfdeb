"""The hooks: a run directory of this machine, and one sandbox for all steps of the run."""

import secrets
import subprocess
import threading
from pathlib import Path
from typing import ClassVar

from swamp_driver import errors, rundir, spec
from swamp_driver.spec import Capability, ConfigSample, RunContext, TeardownReport, Workspace
from swamp_driver_bubblewrap._sandbox import (
    BubblewrapConfig,
    Sandbox,
    open_sandbox,
    require_bwrap,
    sandbox_argv,
)


class BubblewrapDriver:
    """Steps in a sandbox, with the caller's PATH."""

    info: ClassVar[spec.DriverInfo] = spec.DriverInfo(
        summary="in a sandbox: read-only system, no network",
        api=spec.ApiVersion(major=1, minor=0),
        capabilities=frozenset(
            {
                Capability.HOST_VISIBLE,
                Capability.ATTACH,
                Capability.PERSISTENT,
                Capability.CONTAINMENT,
                Capability.RECOVERABLE,
            }
        ),
        config=BubblewrapConfig,
        good_configs=(
            ConfigSample(title="as it comes", data={}),
            ConfigSample(title="tools at home", data={"hide": ["/root"], "network": True}),
        ),
        bad_configs=(ConfigSample(title="a relative path", data={"hide": ["home"]}),),
    )

    def __init__(self, config: BubblewrapConfig) -> None:
        self._config = config
        self._sandbox: Sandbox | None = None
        self._lock = threading.Lock()

    @spec.hookimpl
    def prepare_workspace(self, run: RunContext) -> Workspace:
        """Make the run directory here, and the sandbox around it."""
        request = run.workspace
        with self._lock:
            if self._sandbox is not None:
                raise errors.LifecycleError("the workspace was prepared already")
            require_bwrap()
            if request.mode == "create":
                rundir.create_run_dir(request, run_id=run.run_id, owner=run.owner)
            else:
                rundir.attach_run_dir(request)
            try:
                self._sandbox = open_sandbox(self._config, request.run_dir)
                _prove_shared(self._sandbox, request.run_dir)
            except BaseException:
                self._undo(request)
                raise
        shell = sandbox_argv(
            self._config, request.run_dir, "/bin/sh", "-c", 'cd "$0" && exec sh -i', request.path
        )
        return Workspace(
            path=request.path,
            host_visible=True,
            handle={"version": 1},
            enter=tuple(word for word in shell if word != "--new-session"),
        )

    def _undo(self, request: spec.WorkspaceRequest) -> None:
        if self._sandbox is not None:
            self._sandbox.close()
            self._sandbox = None
        if request.mode == "create" and not request.persistent:
            rundir.remove_run_dir(request.run_dir, deadline_s=30.0)

    @spec.hookimpl
    def run_step(self, step: spec.StepRequest, io: spec.StepIO) -> spec.StepResult:
        """Run it in the sandbox."""
        sandbox = self._sandbox
        if sandbox is None:
            raise errors.LifecycleError("there is no workspace: not yet, or not any more")
        return sandbox.agent.run_step(step, io)

    @spec.hookimpl
    def teardown(self, run: RunContext, outcome: spec.RunOutcome) -> TeardownReport:
        """End the sandbox; remove the run directory, or leave it to its user."""
        with self._lock:
            sandbox, self._sandbox = self._sandbox, None
            if sandbox is not None:
                sandbox.close()
            return _settle_run_dir(run, outcome)

    @spec.hookimpl
    def probe_environment(self) -> spec.Availability:
        """Say whether a sandbox can be made here."""
        try:
            require_bwrap()
            argv = sandbox_argv(self._config, "/", "/bin/true")
            subprocess.run(argv, check=True, capture_output=True, timeout=5)
        except (errors.UnavailableError, OSError, subprocess.SubprocessError) as error:
            return spec.Availability(available=False, detail=f"bwrap makes no sandbox: {error}")
        return spec.Availability(available=True, detail="bwrap makes sandboxes here")


def _prove_shared(sandbox: Sandbox, run_dir: str) -> None:
    """Make sure that what the sandbox writes into the run directory is seen on this side."""
    word, proof = secrets.token_bytes(16), Path(run_dir, "exchange", ".proof")
    sandbox.agent.write_file(str(proof), word)
    if not proof.is_file() or proof.read_bytes() != word:
        raise errors.WorkspaceError(f"the sandbox does not share '{run_dir}' with this side")
    proof.unlink()


def _settle_run_dir(run: RunContext, outcome: spec.RunOutcome) -> TeardownReport:
    request = run.workspace
    marker = rundir.read_marker(request.run_dir)
    if request.mode == "attach" or marker is None or marker.run_id != run.run_id:
        return TeardownReport()
    if outcome.remove_workspace:
        left = rundir.remove_run_dir(request.run_dir, deadline_s=outcome.deadline_s)
        return TeardownReport(removed=() if left else (request.run_dir,), errors=left)
    left = rundir.keep_run_dir(request.run_dir, uid=request.uid, gid=request.gid)
    return TeardownReport(kept=(request.run_dir,), errors=left)
