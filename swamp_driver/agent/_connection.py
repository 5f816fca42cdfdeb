"""The client of a step agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from swamp_driver.agent import _file_call, _step_call
from swamp_driver.agent._binary import u16, u32
from swamp_driver.agent._lease import keep_lease
from swamp_driver.agent._link import Link
from swamp_driver.agent._protocol import MAGIC, PROTOCOL_VERSION, FrameType

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from swamp_driver.agent._stream import ByteStream
    from swamp_driver.spec import StepIO, StepRequest, StepResult


class AgentConnection:
    """A step agent at the other end of a stream.

    Lives from its construction until `close`, or until the stream ends. Every method may be called
    from any thread, any number at once: each call waits for its own answer only. The agent kills
    all that it started when the stream ends, whichever side ended it.
    """

    def __init__(
        self,
        stream: ByteStream,
        *,
        hello_timeout_s: float = 10.0,
        peer: str = "agent",
        lease_s: float | None = None,
    ) -> None:
        """Greet the agent at the other end of `stream`, which the connection owns from now on.

        `peer` is how errors name the far side. `lease_s` is for streams that can die without a
        sign (tcp, ssh): a side that hears nothing for so long takes the other for dead, and the
        agent then kills everything. Raises LostError where no agent answers within
        `hello_timeout_s`, ProtocolError where something else answers; the stream is closed then.
        """
        self._link = Link(stream, peer=peer)
        lease_ms = 0 if lease_s is None else max(1, round(lease_s * 1000))
        try:
            self._link.send(FrameType.OPEN, body=MAGIC + u16(PROTOCOL_VERSION) + u32(lease_ms))
            self.hello = self._link.wait_for_hello(hello_timeout_s)
        except BaseException:
            self._link.close(0)
            raise
        if lease_s is not None:
            keep_lease(self._link, lease_s)

    @property
    def lost(self) -> str | None:
        """Why the connection has ended, or None while it has not."""
        return self._link.lost

    def on_lost(self, callback: Callable[[str], None]) -> None:
        """Call `callback` with the reason when the connection ends; at once where it has ended.

        It is called once, from any thread, must be quick and must not raise.
        """
        self._link.on_lost(callback)

    def run_step(self, step: StepRequest, io: StepIO) -> StepResult:
        """Run `step` to its end and return how it ended: all of `DriverHooks.run_step`.

        The exchange directory is made, filled, read and removed by the agent. The step's
        environment is the agent's own with `step.env` on top. This thread does all the writing to
        `io`; while it does not come back, the step's pipes fill and the step waits, and no other.

        Raises StepStartError, UnavailableError where the far side has no process or memory to
        spare, WorkspaceError where the exchange directory cannot be made, LostError where the
        connection had gone before the request was sent: the step was not started. Where it goes
        later the result is `StepEnd.LOST`.
        """
        return _step_call.run_step(self._link, step, io)

    def read_file(self, path: str, *, limit_bytes: int) -> bytes:
        """Return the content of a regular file; its last part is not followed as a symlink.

        Raises WorkspaceError with `errno_name`: ENOENT, EFBIG above the limit, ELOOP for
        a symlink, EISDIR, EINVAL for what is not regular.
        """
        return _file_call.read_file(self._link, path, limit_bytes=limit_bytes)

    def write_file(
        self,
        path: str,
        data: bytes,
        *,
        mode: int = 0o644,
        uid: int | None = None,
        gid: int | None = None,
    ) -> None:
        """Create or replace a regular file, with just this mode; never through a symlink.

        Raises WorkspaceError.
        """
        _file_call.write_file(self._link, path, data, mode=mode, owner=(uid, gid))

    def make_directories(
        self,
        paths: Sequence[str],
        *,
        mode: int = 0o755,
        uid: int | None = None,
        gid: int | None = None,
    ) -> None:
        """Make directories and what is missing above them, all with this mode and owner.

        What is there already is left as it is. Raises WorkspaceError.
        """
        _file_call.make_directories(self._link, paths, mode=mode, owner=(uid, gid))

    def remove_tree(self, path: str) -> tuple[str, ...]:
        """Remove whatever is at `path`; return what stayed and why, a line each, 100 at most.

        Never follows a symlink, never crosses a mount; copes with directories without rights and of
        any depth, and with a tree that changes meanwhile. Nothing at `path` is no error. Raises
        WorkspaceError where `path` is relative, the root, or its parent cannot be opened.
        """
        return _file_call.remove_tree(self._link, path)

    def chown_tree(self, path: str, *, uid: int, gid: int) -> tuple[str, ...]:
        """Give `path` and all below to an owner; return what could not be changed, 100 at most.

        Symlinks themselves are changed, never what they name; mounts below are not entered; what
        has that owner is not touched. Raises WorkspaceError as `remove_tree`.
        """
        return _file_call.chown_tree(self._link, path, uid=uid, gid=gid)

    def close(self, timeout_s: float = 5.0) -> None:
        """End the agent and all that it runs; wait for that, `timeout_s` at most. Twice is fine.

        Steps that still run come back as lost. File operations have no time limit of their own: to
        bound one, close the connection from another thread, and it raises LostError.
        """
        self._link.close(timeout_s)
