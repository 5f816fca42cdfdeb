"""Whether what a driver hands back keeps the contract: pure checks, each yields what is wrong."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from swamp_driver.spec import (
    Availability,
    Capability,
    DriverInfo,
    Leftover,
    RunContext,
    StepEnd,
    StepIO,
    StepRequest,
    StepResult,
    TeardownReport,
    Workspace,
)

_SIGNAL_BASE = 128
_FAILURE_CODES = range(1, 256)
_DECIDED_BY_DRIVER = frozenset({StepEnd.TIMED_OUT, StepEnd.CANCELLED, StepEnd.OUT_OF_MEMORY})


def workspace_problems(workspace: object, *, run: RunContext, info: DriverInfo) -> Iterator[str]:
    """Yield what is wrong with what `prepare_workspace` returned."""
    if not isinstance(workspace, Workspace):
        yield _not_a("Workspace", workspace)
        return
    if workspace.path != run.workspace.path:
        yield f"'path' is '{workspace.path}', not the path asked for: '{run.workspace.path}'"
    if not _is_a(bool, workspace.host_visible):
        yield "'host_visible' is neither true nor false"
    if not _is_json(workspace.handle):
        yield "'handle' is not a mapping that JSON can hold"
    elif Capability.RECOVERABLE in info.capabilities and "version" not in workspace.handle:
        yield "'handle' has no 'version', and the capability 'recoverable' is declared"


def _is_json(handle: object) -> bool:
    """Return whether it comes back from JSON as it was: another process must read it."""
    if not isinstance(handle, Mapping):
        return False
    try:
        return bool(json.loads(json.dumps(dict(handle), allow_nan=False)) == handle)
    except (TypeError, ValueError, RecursionError):
        return False


def result_problems(result: object, *, step: StepRequest, io: StepIO) -> Iterator[str]:
    """Yield what is wrong with what `run_step` returned."""
    if not isinstance(result, StepResult):
        yield _not_a("StepResult", result)
        return
    if not _is_a(StepEnd, result.end):
        yield f"'end' is not a StepEnd: {result.end!r}"
        return
    yield from _end_problems(result)
    if result.end is StepEnd.TIMED_OUT and step.timeout_s is None:
        yield "'end' is timed-out, and the step has no time-out"
    if result.end is StepEnd.CANCELLED and not io.cancel.cancelled:
        yield "'end' is cancelled, and the step was not cancelled"
    if not (_is_time(result.started_at) and _is_time(result.duration_s)):
        yield "'started_at' and 'duration_s' must be seconds, not less than 0"
    yield from _collected_problems(result, step)


def _end_problems(result: StepResult) -> Iterator[str]:
    code, signal, end = result.exit_code, result.signal, result.end
    if not (_is_int_or_none(code) and _is_int_or_none(signal)):
        yield "'exit_code' and 'signal' must be integers or None"
        return
    if signal is not None and code != _SIGNAL_BASE + signal:
        yield f"'signal' is {signal}: 'exit_code' must then be {_SIGNAL_BASE + signal}, not {code}"
    fits = {
        StepEnd.SUCCEEDED: code == 0 and signal is None,
        StepEnd.FAILED: code in _FAILURE_CODES and signal is None,
        StepEnd.SIGNALLED: signal is not None,
        StepEnd.LOST: code is None and signal is None,
    }
    if not fits.get(end, end in _DECIDED_BY_DRIVER):
        yield f"'end' is {end}, which does not go with exit code {code} and signal {signal}"


def _is_int_or_none(value: object) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool))


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and value >= 0


def _collected_problems(result: StepResult, step: StepRequest) -> Iterator[str]:
    asked = set(step.collect)
    for field in ("collected", "collect_problems"):
        if not isinstance(getattr(result, field), Mapping):
            yield f"'{field}' is not a mapping"
            return
        unasked = sorted(str(name) for name in set(getattr(result, field)) - asked)
        if unasked:
            yield f"'{field}' has names that were not asked for: {', '.join(unasked)}"
    for name, content in result.collected.items():
        if not _is_a(bytes, content):
            yield f"'collected' has no bytes for '{name}'"
        elif len(content) > step.collect_limit_bytes:
            yield f"'collected' has {len(content)} bytes for '{name}', over the limit"
    both = sorted(set(result.collected) & set(result.collect_problems))
    if both:
        yield f"'collected' and 'collect_problems' both have: {', '.join(both)}"


def report_problems(report: object) -> Iterator[str]:
    """Yield what is wrong with what `teardown` returned."""
    if not isinstance(report, TeardownReport):
        yield _not_a("TeardownReport", report)
        return
    for field in ("removed", "kept", "errors"):
        lines = getattr(report, field)
        if not (isinstance(lines, tuple) and all(isinstance(line, str) for line in lines)):
            yield f"'{field}' is not a tuple of text"


def availability_problems(availability: object) -> Iterator[str]:
    """Yield what is wrong with what `probe_environment` returned."""
    if not isinstance(availability, Availability):
        yield _not_a("Availability", availability)


def leftovers_problems(leftovers: object) -> Iterator[str]:
    """Yield what is wrong with what `list_leftovers` returned."""
    if not isinstance(leftovers, Sequence) or isinstance(leftovers, str | bytes):
        yield _not_a("sequence of Leftover", leftovers)
        return
    if not all(isinstance(leftover, Leftover) for leftover in leftovers):
        yield "not everything in it is a Leftover"
        return
    names = Counter(f"{leftover.kind} {leftover.name}" for leftover in leftovers)
    twice = sorted(name for name, times in names.items() if times > 1)
    if twice:
        yield f"named more than once: {', '.join(twice)}"


def removal_problems(gone: object) -> Iterator[str]:
    """Yield what is wrong with what `remove_leftover` returned."""
    if not isinstance(gone, bool):
        yield _not_a("bool", gone)


def _not_a(wanted: str, found: object) -> str:
    kind = "None" if found is None else f"'{type(found).__name__}'"
    return f"it is no {wanted} but {kind}"


def _is_a(kind: type, value: object) -> bool:
    """Return whether a value is what its annotation claims, without the type checker's belief."""
    return isinstance(value, kind)
