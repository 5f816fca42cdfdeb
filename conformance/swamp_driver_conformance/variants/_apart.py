"""Steps in a mount namespace of their own: a place that the host does not see (Linux, root)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import attrs

from swamp_driver.errors import WorkspaceError
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
    option,
)
from swamp_driver_conformance.reference import Exchange, ReferenceConfig, ReferenceDriver
from swamp_driver_conformance.variants._contained import ContainedStep

_SET_UP = (
    'mount -t tmpfs far-side "$1" && mkdir -m 755 "$2" "$2/workspace" "$2/home" "$2/exchange"'
    ' && chmod 755 "$2"/* && echo ready && cat > /dev/null'
)
_COMMAND = ("unshare", "-m", "--propagation", "private", "sh", "-c", _SET_UP, "sh")
"""Ends when its input does: when the controller ends the run, or has died."""


@attrs.frozen(kw_only=True)
class ApartConfig(ReferenceConfig):
    """The options of the driver."""

    size_mb: int = option(default=64, help="The size of a workspace, in megabytes.")


class ApartStep(ContainedStep):
    """A step in the far side's namespace."""

    holder = 0

    def namespace(self) -> str:
        """Return the namespace of the process that holds the place."""
        return f"/proc/{self.holder}/ns/mnt"

    def start_error(self, env: Mapping[str, str], error: Exception) -> Exception:
        """Explain it by what the far side has."""
        far = f"/proc/{self.holder}/root"
        step = self.step
        program = step.argv[0]
        seen = attrs.evolve(
            step,
            cwd=far + step.cwd,
            argv=(far + program if program.startswith("/") else program, *step.argv[1:]),
        )
        try:
            self.step = seen
            found = super().start_error(env, error)
        finally:
            self.step = step
        found.args = (str(found).replace(far, ""),)
        found.path = found.path.removeprefix(far)  # type: ignore[attr-defined]
        return found


class ApartDriver(ReferenceDriver):
    """Nothing of a run is on this host but a process that holds its place."""

    info: ClassVar[DriverInfo] = DriverInfo(
        summary="steps run in a mount namespace",
        api=ApiVersion(major=1, minor=0),
        capabilities=frozenset(
            {Capability.CONTAINMENT, Capability.SESSION, Capability.RECOVERABLE, "x-apart"}
        ),
        config=ApartConfig,
        good_configs=(ConfigSample(title="as it comes", data={"sizeMb": 32}),),
        bad_configs=(ConfigSample(title="text for a number", data={"sizeMb": "32"}),),
    )

    _process: subprocess.Popen[bytes] | None = None

    @hookimpl
    def prepare_workspace(self, run: RunContext) -> Workspace:
        """Start the process that holds the place."""
        with self._lock:
            self.check_is_new(run)
            self.refuse_undeclared(run.workspace)
            run_dir = run.workspace.run_dir
            process = subprocess.Popen(
                (*_COMMAND, str(Path(run_dir).parent), run_dir),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                umask=0o022,
            )
            if process.stdout is None or process.stdout.readline() != b"ready\n":
                self._end(process)
                raise WorkspaceError(f"'{run_dir}' cannot be made on the far side")
            self._process, self._state = process, "ready"
        return Workspace(
            path=run.workspace.path,
            host_visible=False,
            handle={"version": "a", "holder": {"pid": process.pid, "since": _since(process.pid)}},
            enter=("nsenter", "-m", "-t", str(process.pid), "sh"),
        )

    @hookimpl
    def run_step(self, run: RunContext, step: StepRequest, io: StepIO) -> StepResult:
        """Run a step in the place."""
        self.check_is_ready(run, step)
        holder = 0 if self._process is None else self._process.pid
        one = ApartStep(run, step, io)
        one.holder = holder
        one.exchange = Exchange(run.workspace, step)
        one.exchange.path = Path(f"/proc/{holder}/root{step.exchange}")
        return one.execute()

    @hookimpl
    def teardown(
        self, run: RunContext, workspace: Workspace | None, outcome: RunOutcome
    ) -> TeardownReport:
        """End the process that holds the place; with it goes the workspace."""
        run_dir = run.workspace.run_dir
        with self._lock:
            self._state = "over"
            if not outcome.remove_workspace:
                return TeardownReport(kept=(run_dir,) if workspace else ())
            if self._process is not None:
                self._end(self._process)
                self._process = None
                return TeardownReport(removed=(run_dir,))
        return TeardownReport(removed=(run_dir,) if _end_by_handle(workspace) else ())

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.communicate()

    @hookimpl
    def probe_environment(self) -> Availability | None:
        """Say whether namespaces can be made here."""
        able = os.geteuid() == 0 and Path("/proc/self/ns/mnt").exists()
        return Availability(available=able, detail="mount namespaces", fix="run it as root")


def _since(pid: int) -> str:
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    return stat.rpartition(")")[2].split()[19]


def _end_by_handle(workspace: Workspace | None) -> bool:
    """End the holder that a handle names, if it is still the same process."""
    holder: Any = {} if workspace is None else workspace.handle.get("holder", {})
    try:
        pid = int(holder["pid"])
        if _since(pid) != holder["since"]:
            return False
        os.kill(pid, 9)
    except (KeyError, OSError):
        return False
    return True
