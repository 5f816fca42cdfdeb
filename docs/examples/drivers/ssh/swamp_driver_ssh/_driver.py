"""The hooks: a workspace on the far side, made, used and removed through the agent."""

import threading
from pathlib import PurePosixPath
from typing import ClassVar

from swamp_driver import errors, spec
from swamp_driver.agent import AgentConnection
from swamp_driver.spec import Capability, ConfigSample, RunContext, TeardownReport, Workspace
from swamp_driver_ssh._remote import Remote, SshConfig, connect, ssh_argv


class SshDriver:
    """Steps on another machine, with the PATH that a login has there."""

    info: ClassVar[spec.DriverInfo] = spec.DriverInfo(
        summary="on another machine, over OpenSSH",
        api=spec.ApiVersion(major=1, minor=1),
        capabilities=frozenset(
            {Capability.CONTAINMENT, Capability.RECOVERABLE, Capability.SERVICES}
        ),
        config=SshConfig,
        good_configs=(
            ConfigSample(title="a host", data={"host": "build.example.org"}),
            ConfigSample(title="a port", data={"host": "me@build", "options": ["Port=2222"]}),
        ),
        bad_configs=(
            ConfigSample(title="no host", data={}),
            ConfigSample(title="an option for a host", data={"host": "-oProxyCommand=sh"}),
        ),
    )

    def __init__(self, config: SshConfig) -> None:
        self._config = config
        self._remote: Remote | None = None
        self._lock = threading.Lock()

    @spec.hookimpl
    def prepare_workspace(self, run: RunContext) -> Workspace:
        """Start the agent on the far side, and make the run directory there."""
        _refuse_what_is_not_declared(run.workspace)
        with self._lock:
            if self._remote is not None:
                raise errors.LifecycleError("the workspace was prepared already")
            remote = connect(self._config, run.cancel)
            try:
                _make_run_dir(remote.agent, run)
            except BaseException:
                remote.close()
                raise
            self._remote = remote
        shell = ("sh", "-c", 'cd "$0" && exec "$SHELL" -l', run.workspace.path)
        return Workspace(
            path=run.workspace.path,
            host_visible=False,
            handle={"version": 1, "host": self._config.host},
            enter=tuple(ssh_argv(self._config, *shell, tty=True)),
        )

    @spec.hookimpl
    def run_step(self, step: spec.StepRequest, io: spec.StepIO) -> spec.StepResult:
        """Run it there."""
        remote = self._remote
        if remote is None:
            raise errors.LifecycleError("there is no workspace: not yet, or not any more")
        return remote.agent.run_step(step, io)

    @spec.hookimpl
    def teardown(
        self, run: RunContext, workspace: Workspace | None, outcome: spec.RunOutcome
    ) -> TeardownReport:
        """Remove the run directory on the far side; log in again where contact was lost."""
        with self._lock:
            remote, self._remote = self._remote, None
            if remote is not None and remote.agent.lost is not None:
                remote.close()
                remote = None
            if workspace is None:
                return TeardownReport()  # Nothing was made, or it is gone again.
            remote = remote or connect(self._config, spec.CancelToken())
            # A far side that hangs must not hold this up for ever.
            limit = threading.Timer(outcome.deadline_s, remote.close)
            limit.start()
            try:
                return _settle_run_dir(remote.agent, run, remove=outcome.remove_workspace)
            except errors.DriverError as error:
                return TeardownReport(errors=(f"{run.workspace.run_dir}: {error}",))
            finally:
                limit.cancel()
                remote.close()


def _refuse_what_is_not_declared(request: spec.WorkspaceRequest) -> None:
    if request.mode == "attach" or request.persistent:
        asked = Capability.ATTACH if request.mode == "attach" else Capability.PERSISTENT
        what = f"a workspace on another machine cannot be had with '{asked}'"
        raise errors.UnsupportedCapabilityError(what, capability=asked)


def _marker(run: RunContext) -> str:
    """Beside the run directory, where steps do not look: says which run made it."""
    path = PurePosixPath(run.workspace.run_dir)
    return str(path.with_name(f".{path.name}.swamp-ssh"))


def _read(agent: AgentConnection, path: str) -> bytes | None:
    """Return what is in a file, nothing for what is no file, None where nothing is."""
    try:
        return agent.read_file(path, limit_bytes=100)
    except errors.WorkspaceError as error:
        return None if error.errno_name == "ENOENT" else b""


def _make_run_dir(agent: AgentConnection, run: RunContext) -> None:
    request, marker = run.workspace, _marker(run)
    if not agent.hello.contains_all:
        raise errors.UnavailableError("without /proc there, processes of a step could escape")
    if _read(agent, marker) is not None or _read(agent, request.run_dir) is not None:
        raise errors.WorkspaceError(f"'{request.run_dir}' exists already on the far side")
    agent.make_directories([str(PurePosixPath(marker).parent)], mode=0o700)
    agent.write_file(marker, run.run_id.encode(), mode=0o600)
    try:
        agent.make_directories([request.path, request.home, f"{request.run_dir}/exchange"])
    except BaseException:
        agent.remove_tree(request.run_dir)
        agent.remove_tree(marker)
        raise


def _settle_run_dir(agent: AgentConnection, run: RunContext, *, remove: bool) -> TeardownReport:
    run_dir, marker = run.workspace.run_dir, _marker(run)
    if _read(agent, marker) != run.run_id.encode():
        return TeardownReport()  # It is gone already, or another run's.
    if not remove:
        return TeardownReport(kept=(run_dir,))
    left = agent.remove_tree(run_dir) or agent.remove_tree(marker)
    return TeardownReport(removed=() if left else (run_dir,), errors=left)
