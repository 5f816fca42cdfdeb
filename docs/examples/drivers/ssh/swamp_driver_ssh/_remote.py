"""Getting an agent to run on another machine: put there and started through one ssh."""

import shlex
import shutil
import socket
import subprocess
import tempfile

import attrs

from swamp_driver.agent import AgentConnection, SocketStream, agent_binary
from swamp_driver.errors import LostError, ProtocolError, UnavailableError
from swamp_driver.spec import CancelToken, option

# Only the declared environment: sshd sets some variables, and ssh_config may have SendEnv.
_START = """
uname -m; umask 077; read -r size
file=$(mktemp) && head -c "$size" > "$file" && chmod 700 "$file" && echo "$file" &&
exec env -i PATH="$PATH" "$file"
"""


@attrs.frozen(kw_only=True)
class SshConfig:
    """Where steps run, and how to get there; ssh_config and ssh-agent apply."""

    host: str = option(
        help="`name`, `user@name` or an alias of ssh_config.",
        validator=attrs.validators.matches_re(r"[^-\s]\S*"),
    )
    options: tuple[str, ...] = option(
        default=(), help="More options, as after `ssh -o`.", example=["Port=2222"]
    )
    lease_s: float = option(
        default=30.0,
        help="After so many seconds of silence each side takes the other for gone; the far side "
        "then kills all steps.",
        validator=attrs.validators.ge(0.1),
    )
    pass_env: tuple[str, ...] = option(default=(), help="Variables of the caller to pass on.")


@attrs.frozen
class Remote:
    """An agent on the far side. Lives from `connect` until `close`."""

    agent: AgentConnection
    process: subprocess.Popen[bytes]

    def close(self) -> None:
        """End the agent, all its steps, and ssh. Twice is fine."""
        self.agent.close()
        self.process.kill()
        self.process.wait()


def ssh_argv(config: SshConfig, *words: str, tty: bool = False) -> list[str]:
    """Return the command that runs `words` on the far side."""
    alive = f"ServerAliveInterval={max(1, round(config.lease_s / 3))}"
    settings = (*config.options, "BatchMode=yes", "ConnectTimeout=10", alive)
    flags = [word for setting in settings for word in ("-o", setting)]
    return ["ssh", "-t" if tty else "-T", *flags, "--", config.host, shlex.join(words)]


def connect(config: SshConfig, cancel: CancelToken) -> Remote:
    """Start an agent on the far side; raise UnavailableError where that fails."""
    if shutil.which("ssh") is None:
        raise UnavailableError("there is no 'ssh' here", fix="install the client of OpenSSH")
    argv = ssh_argv(config, "sh", "-c", _START)
    ours, theirs = socket.socketpair()
    end = theirs.fileno()
    with tempfile.TemporaryFile() as errors:
        with theirs:
            process = subprocess.Popen(
                argv, stdin=end, stdout=end, stderr=errors, start_new_session=True
            )
        unwatch = cancel.on_change(lambda _: process.kill())
        try:
            file = _put_agent(ours)
            agent = AgentConnection(SocketStream(ours), peer=config.host, lease_s=config.lease_s)
            agent.remove_tree(file)  # It runs; its file is not needed any more.
        except BaseException as error:
            ours.close()
            process.kill()
            process.wait()
            if not isinstance(error, OSError | LostError | ProtocolError):
                raise
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip() or error
            fix = f"try '{shlex.join(ssh_argv(config, 'true'))}'"
            raise UnavailableError(f"ssh to '{config.host}': {said}", fix=fix) from error
        finally:
            unwatch()
    return Remote(agent, process)


def _put_agent(stream: socket.socket) -> str:
    """Send the agent that the far side can run; return where it is there."""
    with stream.makefile("rb", buffering=0) as answers:
        program = agent_binary(_line(answers)).read_bytes()
        stream.sendall(b"%d\n%b" % (len(program), program))
        return _line(answers)


def _line(answers: socket.SocketIO) -> str:
    if line := answers.readline():
        return line.decode().strip()
    raise LostError("it ended without a word")
