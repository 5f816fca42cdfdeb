"""The values that describe one step to a driver, and what comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import attrs

from swamp_driver._value import Value
from swamp_driver.spec._cancel import CancelToken
from swamp_driver.spec._status import StepEnd

Stream = Literal["stdout", "stderr"]
"""The two output streams of a step; a driver never mixes them."""


def _freeze(values: Mapping[str, str]) -> Mapping[str, str]:
    return dict(values)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class StepRequest(Value):
    """One program to run in a workspace.

    Everything is decided: there is no expression in it, nothing to look up, no default to apply.
    """

    step_id: str
    """Unique in the run; matches `[a-z0-9][a-z0-9-]{0,39}`: safe in paths and container names."""
    name: str
    """The step's name, any text: for messages only."""
    argv: tuple[str, ...]
    """Program and arguments, passed on unmangled (SWD-EXEC): empty ones, newlines, 100 kB.
    A program without a slash is looked up in the PATH that the step itself has."""
    env: Mapping[str, str] = attrs.field(factory=dict, converter=_freeze)
    """The step's whole declared environment, `HOME` and `TMPDIR` included. The driver adds only
    what its place defines by itself (documented: PATH, and the image's ENV in a container) and lets
    these win. Nothing of the caller's environment passes (SWD-ENV)."""
    secret_names: frozenset[str] = frozenset()
    """The names in `env` whose values are secret: never in argv, labels, logs, errors (SWD-SEC)."""
    cwd: str
    """Absolute. The step starts there; it exists, or the step is refused with `cwd-missing`."""
    exchange: str
    """`WorkspaceRequest.exchange(step_id)`. The driver makes it before the start, writable for the
    step and new (nothing of an earlier step is in it), and removes it after the end."""
    files: Mapping[str, bytes] = attrs.field(factory=dict)
    """Small files to put into `exchange` before the start: name without a slash -> content."""
    directories: tuple[str, ...] = ()
    """Empty directories to make in `exchange` before the start: names without a slash."""
    collect: tuple[str, ...] = ()
    """Names of files to read from `exchange` after the end."""
    collect_limit_bytes: int = 16 * 1024 * 1024
    """How large each of them may be."""
    timeout_s: float | None = None
    """Seconds that the program may run, from its start (not from the pull of its image)."""
    grace_s: float = 10.0
    """Seconds between TERM and KILL at a time-out or a graceful cancel."""


class StepIO:
    """Where a step's output goes, and what may stop it. One per call of `run_step`.

    `write` may be called from any one thread at a time per stream; it may block for a while (that
    is how a slow reader slows a fast step down) and never raises: a broken sink is remembered in
    `sink_error` and its output dropped, so that a log can never fail a step (SWD-LOG).
    """

    def __init__(
        self,
        sink: Callable[[Stream, bytes], None],
        *,
        cancel: CancelToken | None = None,
    ) -> None:
        self._sink = sink
        self.cancel = cancel if cancel is not None else CancelToken()
        self.sink_error: Exception | None = None

    def write(self, stream: Stream, data: bytes) -> None:
        """Pass on output as it comes: in order per stream, bytes unchanged, nothing left out."""
        if self.sink_error is None and data:
            try:
                self._sink(stream, data)
            except Exception as error:  # noqa: BLE001 - whatever a sink does, the step goes on
                self.sink_error = error


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Usage(Value):
    """What the step and all its processes used; None where the driver cannot know."""

    cpu_s: float | None = None
    max_rss_bytes: int | None = None
    """The largest resident set of any one process of the step."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class StepResult(Value):
    """How a step ended. When a driver returns one, nothing of the step is alive any more."""

    end: StepEnd
    exit_code: int | None = None
    """The leader's exit code; 128 + n where signal n killed it; None where it is not known."""
    signal: int | None = None
    """The signal that killed the leader, if one did."""
    started_at: float
    """Seconds since the epoch, when the program started."""
    duration_s: float
    """Seconds it ran, by a clock that cannot be set."""
    collected: Mapping[str, bytes] = attrs.field(factory=dict)
    """Content of the files asked for by `StepRequest.collect` that are there and regular."""
    collect_problems: Mapping[str, str] = attrs.field(factory=dict)
    """Why one that is there was not read (too large, a symlink, a directory). Names that are in
    neither mapping do not exist."""
    usage: Usage = Usage()
    detail: str = ""
    """One line for a person, where there is more to say than `end` does."""
