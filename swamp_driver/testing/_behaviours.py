"""What a step of the fake driver does in place of running a program."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs

from swamp_driver.spec import CancelStage, StepEnd, StepIO, StepRequest, StepResult

Behaviour = Callable[[StepRequest, StepIO], StepResult]
"""Called in the thread of `run_step`, with the exchange directory made and filled; returns how the
step ended (`collected` is filled in afterwards) or raises what `run_step` may raise."""

_SIGNAL_BASE = 128
_HANG_LIMIT_S = 60.0


def ends(end: StepEnd, **fields: Any) -> StepResult:
    """Return a result with this end that keeps the contract; `fields` are those of `StepResult`."""
    defaults: dict[StepEnd, dict[str, Any]] = {
        StepEnd.SUCCEEDED: {"exit_code": 0},
        StepEnd.FAILED: {"exit_code": 1},
        StepEnd.SIGNALLED: {"signal": 15},
        StepEnd.OUT_OF_MEMORY: {"signal": 9},
    }
    values = {"started_at": time.time(), "duration_s": 0.0} | defaults.get(end, {}) | fields
    if values.get("signal") is not None:
        values.setdefault("exit_code", _SIGNAL_BASE + values["signal"])
    return StepResult(end=end, **values)


def exits(
    code: int,
    *,
    stdout: bytes = b"",
    stderr: bytes = b"",
    files: Mapping[str, bytes] | None = None,
) -> Behaviour:
    """Return the behaviour of a program that writes its output and these files, and exits.

    `files` are paths relative to the step's working directory, or absolute (such as the file that
    `$SWAMP_OUTPUT` names).
    """

    def behave(request: StepRequest, io: StepIO) -> StepResult:
        io.write("stdout", stdout)
        io.write("stderr", stderr)
        for path, content in (files or {}).items():
            Path(request.cwd, path).write_bytes(content)
        if io.cancel.cancelled:
            return ends(StepEnd.CANCELLED, exit_code=code)
        return ends(StepEnd.FAILED if code else StepEnd.SUCCEEDED, exit_code=code)

    return behave


def succeeds(*, stdout: bytes = b"", outputs: Mapping[str, str] | None = None) -> Behaviour:
    """Return the behaviour of a program that writes these outputs to `$SWAMP_OUTPUT`, exits 0."""
    written = "".join(f"{key}={value}\n" for key, value in (outputs or {}).items())

    def behave(request: StepRequest, io: StepIO) -> StepResult:
        files = {request.env["SWAMP_OUTPUT"]: written.encode()} if outputs else None
        return exits(0, stdout=stdout, files=files)(request, io)

    return behave


def hangs(*, started: Callable[[StepRequest], object] = lambda _: None) -> Behaviour:
    """Return the behaviour of a program that runs until it is cancelled or times out.

    `started` is called once it runs. After a minute without either the step is lost, so that a
    broken test ends.
    """

    def behave(request: StepRequest, io: StepIO) -> StepResult:
        started(request)
        limit_s = _HANG_LIMIT_S if request.timeout_s is None else request.timeout_s
        if io.cancel.wait(limit_s) is not CancelStage.NONE:
            return ends(StepEnd.CANCELLED)
        if request.timeout_s is None:
            return ends(StepEnd.LOST, detail="nothing ended the step of a test")
        return ends(StepEnd.TIMED_OUT)

    return behave


@attrs.frozen(kw_only=True)
class Script:
    """What the steps of a fake driver do, by name, and what all others do."""

    behaviours: Mapping[str, Behaviour] = attrs.field(factory=dict)
    default: Behaviour = attrs.field(factory=succeeds)

    def of(self, name: str) -> Behaviour:
        """Return what the step of that name does."""
        return self.behaviours.get(name, self.default)


def raises(error: Exception) -> Behaviour:
    """Return the behaviour of a driver that raises in `run_step`."""

    def behave(_request: StepRequest, _io: StepIO) -> StepResult:
        raise error

    return behave
