"""Mutants of processes, time-outs and cancelling (LIFE)."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import Any, ClassVar

import attrs

from swamp_driver.spec import CancelStage, StepEnd, StepResult
from swamp_driver_conformance.mutants._registry import declares, mutant
from swamp_driver_conformance.reference import OutputPump, ReferenceDriver, StepRun


def _children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return []
    found = [int(one) for one in text.split()]
    return found + [below for one in found for below in _children(one)]


def _kill(pids: list[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(OSError):
            os.kill(pid, number)


@mutant(
    "leaves everything but the leader running",
    kills="LIFE-001 LIFE-002 LIFE-003",
    also="LIFE-012 LIFE-019 LIFE-006 LOG-010 LOG-014 TD-010 TD-005 FILES-013 GC-005",
)
class LeavesChildren(StepRun):
    def end_rest(self, decided: StepEnd | None) -> None:
        if decided is not None:
            super().end_rest(decided)


@mutant(
    "kills what is below the leader, by parents",
    kills="LIFE-002",
    also="LIFE-001 LIFE-003 LIFE-012 LIFE-006 LOG-014 LOG-010 TD-010",
)
class KillsByParents(StepRun):
    def end_rest(self, decided: StepEnd | None) -> None:
        if decided is not None:
            super().end_rest(decided)
        _kill(self._below, signal.SIGKILL)

    _below: ClassVar[list[int]] = []

    def has_ended(self) -> bool:
        below = _children(self.pid)
        if below:
            self._below = below  # type: ignore[misc]
        return super().has_ended()


@mutant("sends only TERM to what is left", kills="LIFE-003", also="LIFE-012 LIFE-019")
class OnlyTermAtTheEnd(StepRun):
    def end_rest(self, decided: StepEnd | None) -> None:
        del decided
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGTERM)
        time.sleep(0.05)


@mutant(
    "declares containment and has process groups only",
    kills="LIFE-004 LIFE-005 GC-009",
    also="TD-010",
    needs="linux setsid",
)
class GroupsOnly(ReferenceDriver):
    info = declares("containment")

    class step_class(StepRun):  # noqa: N801 - it stands for the attribute of that name
        def end_rest(self, decided: StepEnd | None) -> None:
            del decided
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)


@mutant(
    "declares containment and finds processes by a tag only",
    kills="LIFE-005 GC-009",
    needs="linux setsid",
)
class TagsOnly(ReferenceDriver):
    info = declares("containment")


@mutant(
    "waits for the end of the output",
    kills="LIFE-006",
    also="LOG-010 LOG-014 TD-010 LIFE-001 EXEC-017",
)
class WaitsForOutput(StepRun):
    def start_pumps(self, process: Any) -> list[OutputPump]:
        self._pumps = super().start_pumps(process)
        return self._pumps

    def end_rest(self, decided: StepEnd | None) -> None:
        give_up = time.monotonic() + 8
        while any(pump.is_reading for pump in self._pumps) and time.monotonic() < give_up:
            time.sleep(0.01)
        super().end_rest(decided)


@mutant(
    "is three seconds late with time-outs", kills="LIFE-007", also="LIFE-010 LIFE-011 RESULT-001"
)
class LateTimeOut(StepRun):
    def is_late(self, now: float) -> bool:
        return super().is_late(now - 4)


@mutant("reports a time-out as a failure", kills="LIFE-007 RESULT-001", also="SWD-*")
class TimeOutIsFailure(StepRun):
    def end(self, code: int, decided: StepEnd | None) -> StepEnd:
        return super().end(code, None if decided is StepEnd.TIMED_OUT else decided)


@mutant(
    "kills at once at a time-out",
    kills="LIFE-008 LIFE-009",
    also="LOG-009 LIFE-013 LIFE-016",
)
class KillsAtOnce(StepRun):
    def terminate(self) -> None:
        os.killpg(self.pid, signal.SIGKILL)


@mutant("sends TERM to the leader only", kills="LIFE-009", also="LIFE-008")
class TermToLeaderOnly(StepRun):
    def terminate(self) -> None:
        os.kill(self.pid, signal.SIGTERM)


@mutant("forgets the handler's exit code", kills="LIFE-008", also="RESULT-001")
class ForgetsCodeOfHandler(StepRun):
    def execute(self) -> StepResult:
        result = super().execute()
        if result.end in {StepEnd.TIMED_OUT, StepEnd.CANCELLED}:
            return attrs.evolve(result, exit_code=143, signal=15)
        return result


@mutant(
    "never kills after the grace",
    kills="LIFE-010 LIFE-011 LIFE-013",
    also="LIFE-012 LIFE-015 LIFE-019",
)
class NeverKills(StepRun):
    def must_kill(self, stage: CancelStage, now: float, kill_at: float) -> bool:
        return stage is CancelStage.NOW or now > kill_at + 8


@mutant("does not kill the rest after a time-out", kills="LIFE-012", also="LIFE-019 TD-010")
class LeavesRestAfterTimeOut(StepRun):
    def end_rest(self, decided: StepEnd | None) -> None:
        if decided is None:
            super().end_rest(decided)


@mutant(
    "waits for the whole grace at a cancel",
    kills="LIFE-013",
    also="LOG-009 FILES-006 LIFE-016 LIFE-018 LIFE-019 LIFE-015",
)
class KillsOnlyAfterGrace(StepRun):
    def terminate(self) -> None:
        if self.stage() is CancelStage.NONE:
            super().terminate()


@mutant(
    "takes a cancel now for a graceful one",
    kills="LIFE-014 LIFE-015",
    also="LOG-009 LOG-005 LIFE-018",
)
class NowIsGraceful(StepRun):
    def stage(self) -> CancelStage:
        return min(super().stage(), CancelStage.GRACEFUL)


@mutant("looks at the stage once", kills="LIFE-015")
class LooksOnce(StepRun):
    _first = CancelStage.NONE

    def stage(self) -> CancelStage:
        self._first = self._first or super().stage()
        return self._first


@mutant("calls a step that exits with 0 a success", kills="LIFE-016", also="LIFE-009")
class ZeroIsSuccess(StepRun):
    def end(self, code: int, decided: StepEnd | None) -> StepEnd:
        return StepEnd.SUCCEEDED if code == 0 else super().end(code, decided)


@mutant("starts a step that was cancelled before", kills="LIFE-017", also="LIFE-019")
class StartsCancelled(StepRun):
    def is_cancelled_before(self) -> bool:
        return False

    def stage(self) -> CancelStage:
        is_young = time.monotonic() - self.began < 0.1  # noqa: PLR2004 - time to do something
        return CancelStage.NONE if is_young else super().stage()


@mutant("cancels all steps with one", kills="LIFE-018", also="LIFE-019 PAR-004 GC-005")
class CancelsAll(StepRun):
    _groups: ClassVar[set[int]] = set()

    def supervise(self) -> StepResult:
        try:
            return super().supervise()
        finally:
            self._groups.discard(self.pid)

    def start_pumps(self, process: Any) -> list[OutputPump]:
        self._groups.add(process.pid)
        return super().start_pumps(process)

    def end_rest(self, decided: StepEnd | None) -> None:
        if decided is StepEnd.CANCELLED:
            for group in set(self._groups):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(group, signal.SIGKILL)
        super().end_rest(decided)


@mutant("misses a cancel in the first moments", kills="LIFE-019")
class MissesEarlyCancel(StepRun):
    _is_deaf = False

    def spawn(self) -> Any:
        # It begins to listen to cancels too late: once the program has been started.
        time.sleep(0.03)
        self._is_deaf = self.io.cancel.cancelled
        return super().spawn()

    def stage(self) -> CancelStage:
        return CancelStage.NONE if self._is_deaf else super().stage()


@mutant("raises where it is cancelled after the end", kills="LIFE-020", also="LIFE-019")
class RaisesOnLateCancel(StepRun):
    def execute(self) -> StepResult:
        result = super().execute()
        if self.io.cancel.stage is CancelStage.NONE:
            self.io.cancel.on_change(self._signal)
        return result

    def _signal(self, _stage: CancelStage) -> None:
        os.killpg(self.pid, signal.SIGTERM)
