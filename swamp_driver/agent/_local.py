"""An agent on this machine."""

from __future__ import annotations

import contextlib
import os
import platform
import subprocess
from typing import TYPE_CHECKING, Final

from swamp_driver.agent._connection import AgentConnection
from swamp_driver.agent._program import agent_binary
from swamp_driver.agent._stream import PipeStream
from swamp_driver.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_PIPE_SIZE: Final = 1 << 20


class LocalAgent:
    """An agent that this process started; its steps die with this process.

    Lives from `start_local_agent` until `close`.
    """

    def __init__(self, process: subprocess.Popen[bytes], connection: AgentConnection) -> None:
        self._process = process
        self.connection = connection

    @property
    def pid(self) -> int:
        """The process number of the agent."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """What the agent exited with; None while it has not, or was not waited for by `close`."""
        return self._process.returncode

    def close(self, timeout_s: float = 5.0) -> None:
        """End the agent and all that it runs, and wait for that. Twice is fine."""
        self.connection.close(timeout_s)
        _end(self._process, timeout_s)


def start_local_agent(
    *, env: Mapping[str, str] | None = None, program: Path | None = None
) -> LocalAgent:
    """Start an agent on this machine and connect to it.

    `env` is the base of every step's environment: by default PATH as this process has it, and
    nothing else. The agent is in a session of its own, so a Ctrl-C at the terminal does not reach
    it; it ends, with all its steps, when this process does. Raises UnavailableError where there is
    no agent for this machine or it cannot be run, LostError or ProtocolError as `AgentConnection`.
    """
    program = program or agent_binary(platform.machine())
    env = env if env is not None else {"PATH": os.environ.get("PATH", os.defpath)}
    try:
        process = subprocess.Popen(
            [program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=env,
            cwd="/",
            bufsize=0,
            start_new_session=True,
        )
    except OSError as error:
        raise UnavailableError(f"the agent '{program}' cannot be run: {error.strerror}") from error
    stream = _take_pipes(process)
    try:
        return LocalAgent(process, AgentConnection(stream, peer="local agent"))
    except BaseException:
        _end(process, 0.5)
        raise


def _take_pipes(process: subprocess.Popen[bytes]) -> PipeStream:
    import fcntl  # noqa: PLC0415 - the module is imported where there is no fcntl, too

    assert process.stdin is not None
    assert process.stdout is not None
    read_fd, write_fd = os.dup(process.stdout.fileno()), os.dup(process.stdin.fileno())
    process.stdout.close()
    process.stdin.close()
    process.stdout = process.stdin = None
    with contextlib.suppress(OSError):  # beyond the user's limit: a smaller pipe does as well
        fcntl.fcntl(read_fd, fcntl.F_SETPIPE_SZ, _PIPE_SIZE)
    return PipeStream(read_fd=read_fd, write_fd=write_fd)


def _end(process: subprocess.Popen[bytes], timeout_s: float) -> None:
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
