"""Running a script beside a step: by the same driver, with the same options, in the same place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import attrs

from swamp_driver._value import Value
from swamp_driver.errors import LostError, StepStartError
from swamp_driver.host._bindings import OpenedBinding
from swamp_driver.host.outputs._errors import HandOverError
from swamp_driver.host.outputs._scripts import NO_TAR, REPORT
from swamp_driver.spec import (
    CancelStage,
    CancelToken,
    StepEnd,
    StepIO,
    StepRequest,
    StepResult,
    Stream,
)

_ID_LIMIT = 40
_TEMPORARY = "tmp"
_WORDS_LIMIT = 4096
_TAR_REMEDY = (
    "there is no 'tar' where the step runs, and files cannot be handed on without it: "
    "add it to the image, or let the steps share a workspace"
)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Findings(Value):
    """What a script found: the states that it reported, by number."""

    states: Mapping[int, str]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Beside:
    """Runs scripts beside one step. Not thread-safe: they run one after another."""

    opened: OpenedBinding
    step_id: str
    cancel: CancelToken
    """Of the run: a script ends when the run is cancelled."""

    def run(
        self,
        part: str,
        script: str,
        args: Sequence[str],
        *,
        files: Mapping[str, bytes] | None = None,
        take: Callable[[bytes], object] = lambda _: None,
        stop: CancelToken | None = None,
    ) -> Findings:
        """Run a script to its end.

        Its first argument is the path of its report, in its exchange directory, where `files` are
        too; then come `args`. `part` tells the scripts of a step apart. What it prints goes to
        `take`; `stop` ends it, which is no error then.

        Raises:
            HandOverError: It failed, or was cancelled with the run.
            DriverError: As `run_step`; `LostError` where contact went while it ran.
        """
        words = bytearray()

        def sink(stream: Stream, data: bytes) -> None:
            if stream == "stdout":
                take(data)
            else:
                words.extend(data[: _WORDS_LIMIT - len(words)])

        token = self.cancel.child()
        if stop is not None:
            stop.on_change(token.cancel)
        io = StepIO(sink, cancel=token)
        result = self._run_step(self._request(part, script, args, files or {}), io)
        if stop is not None and stop.cancelled and not self.cancel.cancelled:
            return Findings(states={})
        if result.end is not StepEnd.SUCCEEDED:
            raise HandOverError(_failure(result.end, result.exit_code, bytes(words)))
        return _findings(result.collected.get(REPORT, b""))

    def _run_step(self, request: StepRequest, io: StepIO) -> StepResult:
        opened = self.opened
        try:
            result = opened.driver.run_step(opened.context, opened.workspace, request, io)
        except StepStartError as error:
            raise HandOverError(f"files cannot be handed on: {error}") from error
        if result.end is StepEnd.LOST:
            raise LostError(result.detail or "contact was lost")
        return result

    def _request(
        self, part: str, script: str, args: Sequence[str], files: Mapping[str, bytes]
    ) -> StepRequest:
        workspace = self.opened.context.workspace
        step_id = _part_id(self.step_id, part)
        exchange = workspace.exchange(step_id)
        return StepRequest(
            step_id=step_id,
            name=f"files of {self.step_id}",
            argv=("/bin/sh", "-c", script, "swamp", f"{exchange}/{REPORT}", *args),
            env={"HOME": workspace.home, "TMPDIR": f"{exchange}/{_TEMPORARY}", "LANG": "C"},
            cwd=workspace.path,
            exchange=exchange,
            files={**files, REPORT: b""},
            directories=(_TEMPORARY,),
            collect=(REPORT,),
        )


def stop_now(token: CancelToken) -> None:
    """End the script that was given `token`, at once."""
    token.cancel(CancelStage.NOW)


def _part_id(step_id: str, part: str) -> str:
    """Return the id of a script, which no step has: parts are words, steps are numbered."""
    found = f"{step_id}-{part}"
    if len(found) <= _ID_LIMIT:
        return found
    import hashlib  # noqa: PLC0415 - 3 ms, and few runs need it

    return f"x{hashlib.sha256(step_id.encode()).hexdigest()[:16]}-{part}"


def _failure(end: StepEnd, exit_code: int | None, words: bytes) -> str:
    if end is StepEnd.CANCELLED:
        return "cancelled while files were handed on"
    lines = words.decode("utf-8", "replace").split("\n")
    said = next((line.strip() for line in lines if line.strip()), "")
    what = f"exit code {exit_code}" if end is StepEnd.FAILED else str(end)
    return f"files cannot be handed on: {said or what}"


def _findings(report: bytes) -> Findings:
    """Read a report: `<number> <state>` in each line."""
    states: dict[int, str] = {}
    for line in report.decode("ascii", "replace").splitlines():
        number, _, state = line.partition(" ")
        if state == NO_TAR:
            raise HandOverError(_TAR_REMEDY)
        if number.isdecimal():
            states[int(number)] = state
    return Findings(states=states)
