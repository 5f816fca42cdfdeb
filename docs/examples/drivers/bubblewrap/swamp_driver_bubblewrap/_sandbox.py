"""An agent in a sandbox of namespaces, made by bwrap."""

import os
import platform
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import attrs

from swamp_driver.agent import AgentConnection, SocketStream, agent_binary
from swamp_driver.errors import LostError, ProtocolError, UnavailableError
from swamp_driver.spec import option

_AGENT = "/run/swamp-agent"
# Root can write there without any capability.
_KERNEL = tuple(f"/proc/{name}" for name in ("bus", "fs", "irq", "sys", "sysrq-trigger"))
# Sockets of services are there, and a network namespace does not shut those out.
_HIDDEN = ("/run", "/tmp", "/var/tmp")  # noqa: S108 - they are replaced, not used


def _check_path(_: object, __: object, value: tuple[str, ...]) -> None:
    if not all(path.startswith("/") for path in value):
        raise ValueError("expected absolute paths")


@attrs.frozen(kw_only=True)
class BubblewrapConfig:
    """What steps see beside the run directory, which they can write."""

    hide: tuple[str, ...] = option(
        default=("/home", "/root"),
        help="Directories of this system that steps see empty.",
        validator=_check_path,
    )
    network: bool = option(default=False, help="Leave steps the network of this machine.")
    pass_env: tuple[str, ...] = option(default=(), help="Variables of the caller to pass on.")


# bwrap gives up where a mount goes away while it looks at all: a container that ends is enough.
_MOUNT_IS_GONE = "Unable to apply mount flags"
_TRIES = 5


@attrs.frozen
class Sandbox:
    """An agent in a sandbox. Lives from `open_sandbox` until `close`."""

    agent: AgentConnection
    process: subprocess.Popen[bytes]

    def close(self) -> None:
        """End the agent, all its steps, and the sandbox. Twice is fine."""
        self.agent.close()
        self.process.kill()
        self.process.wait()


def sandbox_argv(config: BubblewrapConfig, run_dir: str, *command: str) -> list[str]:
    """Return the command that runs `command` in a sandbox; later mounts cover earlier ones."""
    apart = ["ipc", "pid", "uts", "cgroup-try", *([] if config.network else ["net"])]
    if os.getuid() == 0:  # The workspace may be another user's: root has to get at its files.
        rights = ["--cap-drop", "ALL", "--cap-add", "CAP_DAC_OVERRIDE"]
    else:
        rights = ["--unshare-user"]
    hidden = [path for path in (*_HIDDEN, *config.hide) if Path(path).is_dir()]
    program = str(agent_binary(platform.machine()))
    return [
        *("bwrap", "--as-pid-1", "--new-session", *rights),
        *(f"--unshare-{namespace}" for namespace in apart),
        *("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"),
        *(word for path in _KERNEL for word in ("--ro-bind-try", path, path)),
        *(word for path in hidden for word in ("--tmpfs", path)),
        *("--ro-bind", program, _AGENT, "--bind", run_dir, run_dir, "--chdir", "/"),
        *("--", *(command or (_AGENT,))),
    ]


def open_sandbox(config: BubblewrapConfig, run_dir: str) -> Sandbox:
    """Start an agent in a sandbox; raise UnavailableError where that is not possible here."""
    for _ in range(_TRIES - 1):
        try:
            return _open_once(config, run_dir)
        except UnavailableError as error:
            if _MOUNT_IS_GONE not in str(error):
                raise
    return _open_once(config, run_dir)


def _open_once(config: BubblewrapConfig, run_dir: str) -> Sandbox:
    argv = sandbox_argv(config, run_dir)
    env = {"PATH": os.environ.get("PATH", os.defpath)}
    ours, theirs = socket.socketpair()
    end = theirs.fileno()
    with tempfile.TemporaryFile() as errors:
        with theirs:
            process = subprocess.Popen(
                argv, stdin=end, stdout=end, stderr=errors, env=env, start_new_session=True
            )
        try:
            agent = AgentConnection(SocketStream(ours), peer="agent in the sandbox")
        except (LostError, ProtocolError) as error:
            process.kill()
            process.wait()
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip() or error
            raise UnavailableError(f"bwrap makes no sandbox here: {said}") from error
    return Sandbox(agent, process)


def require_bwrap() -> None:
    """Raise UnavailableError where bwrap is not installed."""
    if shutil.which("bwrap") is None:
        raise UnavailableError("there is no 'bwrap' here", fix="install the package 'bubblewrap'")
