"""What the agent says of an end, in the words of the contract."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Final

import attrs

from swamp_driver._value import Value
from swamp_driver.agent._protocol import EndCause, StartFailureCode
from swamp_driver.errors import (
    LostError,
    ProtocolError,
    StepStartError,
    UnavailableError,
    WorkspaceError,
)
from swamp_driver.spec import StepEnd, Usage

if TYPE_CHECKING:
    from swamp_driver.agent._binary import Reader
    from swamp_driver.errors import StartFailure
    from swamp_driver.spec import StepRequest

_SIGNAL_BASE: Final = 128
_UNKNOWN: Final = 2**32 - 1


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Ending(Value):
    """How the agent says a step ended."""

    end: StepEnd
    exit_code: int | None
    signal: int | None
    started_at: float
    duration_s: float
    usage: Usage
    detail: str


def decode_ended(reader: Reader) -> Ending:
    """Return what an ENDED frame says; raise ProtocolError where it is none."""
    cause, out_of_memory = _cause(reader.u8()), reader.u8()
    code, number = reader.i32(), reader.u32()
    started_us, duration_us = reader.u64(), reader.u64()
    cpu_us, max_rss = reader.u64(), reader.u64()
    survivors, detail = reader.u32(), reader.text()
    reader.end()
    end = _end(cause, out_of_memory=bool(out_of_memory), code=code, number=number)
    known = end is not StepEnd.LOST
    return Ending(
        end=end,
        exit_code=_exit_code(code, number) if known else None,
        signal=(number or None) if known else None,
        started_at=started_us / 1e6,
        duration_s=duration_us / 1e6,
        usage=Usage(cpu_s=cpu_us / 1e6, max_rss_bytes=max_rss) if known else Usage(),
        detail="; ".join(filter(None, (_stopped(cause), detail, _survivors(survivors)))),
    )


def _cause(number: int) -> EndCause:
    try:
        return EndCause(number)
    except ValueError:
        raise ProtocolError(f"the agent gave an unknown cause of an end: {number}") from None


_FORCED: Final = {
    EndCause.TIMEOUT: StepEnd.TIMED_OUT,
    EndCause.CANCEL: StepEnd.CANCELLED,
    EndCause.STOPPED: StepEnd.LOST,
    EndCause.BROKEN: StepEnd.LOST,
}


def _end(cause: EndCause, *, out_of_memory: bool, code: int, number: int) -> StepEnd:
    if cause is not EndCause.ITSELF:
        return _FORCED[cause]
    if out_of_memory:
        return StepEnd.OUT_OF_MEMORY
    if number:
        return StepEnd.SIGNALLED
    if code < 0:
        return StepEnd.LOST
    return StepEnd.FAILED if code else StepEnd.SUCCEEDED


def _exit_code(code: int, number: int) -> int | None:
    if number:
        return _SIGNAL_BASE + number
    return code if code >= 0 else None


def _stopped(cause: EndCause) -> str:
    return "the agent was told to stop from outside" if cause is EndCause.STOPPED else ""


def _survivors(count: int) -> str:
    if count == _UNKNOWN:
        return "there is no /proc: what left the step's process group may be alive"
    return f"{count} processes of the step could not be killed" if count else ""


_REASONS: Final[dict[int, tuple[StartFailure, str]]] = {
    StartFailureCode.NOT_FOUND: ("not-found", "there is no program '{path}'"),
    StartFailureCode.NOT_EXECUTABLE: ("not-executable", "'{path}' is not an executable program"),
    StartFailureCode.IS_A_DIRECTORY: ("is-a-directory", "'{path}' is a directory"),
    StartFailureCode.BAD_INTERPRETER: (
        "bad-interpreter",
        "what '{path}' names as its interpreter cannot be run",
    ),
    StartFailureCode.CWD_MISSING: ("cwd-missing", "there is no working directory '{path}'"),
    StartFailureCode.CWD_NOT_A_DIRECTORY: (
        "cwd-not-a-directory",
        "the working directory '{path}' is not a directory",
    ),
    StartFailureCode.ARGUMENTS_TOO_LONG: (
        "arguments-too-long",
        "the arguments and the environment of '{path}' are too long",
    ),
    StartFailureCode.REFUSED: ("refused", "the system refuses to start '{path}': {why}"),
}


def start_error(step: StepRequest, reader: Reader) -> Exception:
    """Return what to raise for a START_FAILED frame."""
    code, number, path = reader.u8(), reader.u32(), reader.text()
    why = os.strerror(number)
    if code == StartFailureCode.NO_RESOURCES:
        return UnavailableError(
            f"step '{step.name}' cannot be started: {why}",
            fix="look for limits of processes, memory and open files",
            retryable=True,
        )
    if code not in _REASONS:
        return ProtocolError(f"the agent gave an unknown reason for a failed start: {code}")
    reason, what = _REASONS[code]
    message = f"step '{step.name}' cannot be started: {what.format(path=path, why=why)}"
    return StepStartError(message, reason=reason, path=path)


def failed_error(what: str, reader: Reader) -> Exception:
    """Return what to raise for a FAILED frame."""
    number, path = reader.u32(), reader.text()
    if number == errno.ESHUTDOWN:
        return LostError(f"{what}: the agent was told to stop from outside")
    name = errno.errorcode.get(number, str(number))
    place = f" '{path}'" if path else ""
    return WorkspaceError(f"{what}:{place} {os.strerror(number)} ({name})", errno_name=name)
