"""Mutants of results and errors (RESULT)."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping

import attrs

from swamp_driver.errors import StepStartError
from swamp_driver.spec import (
    Capability,
    ConfigSample,
    RunContext,
    StepEnd,
    StepRequest,
    StepResult,
    Usage,
)
from swamp_driver_conformance.mutants._registry import declares, mutant
from swamp_driver_conformance.reference import ReferenceDriver, StepRun


@mutant("says what it thinks in several lines", kills="RESULT-001")
class TalksALot(StepRun):
    def execute(self) -> StepResult:
        result = super().execute()
        return attrs.evolve(result, detail=f"ended\nby itself\n{result.end}")


@mutant("collects what nobody asked for", kills="RESULT-001", also="FILES-005 FILES-004 FILES-007")
class CollectsMore(StepRun):
    def collect(self, result: StepResult) -> tuple[dict[str, bytes], dict[str, str]]:
        files, problems = super().collect(result)
        return ({**files, "log": b""} if not self.step.collect else files), problems


@mutant("gives the duration in milliseconds", kills="RESULT-002")
class Milliseconds(StepRun):
    def execute(self) -> StepResult:
        result = super().execute()
        return attrs.evolve(result, duration_s=result.duration_s * 1000)


@mutant("gives the time since the machine was started", kills="RESULT-002")
class TimeOfMachine(StepRun):
    def execute(self) -> StepResult:
        return attrs.evolve(super().execute(), started_at=self.began)


@mutant("reports its own use", kills="RESULT-003")
class ReportsOwnUse(StepRun):
    def execute(self) -> StepResult:
        used = os.times()
        cpu_s = 1000 + used.user + used.system
        return attrs.evolve(super().execute(), usage=Usage(cpu_s=cpu_s))


@mutant(
    "raises what nobody expects for a step at the wrong time",
    kills="RESULT-004 RESULT-006 RESULT-007",
)
class RaisesOtherErrors(ReferenceDriver):
    def check_is_ready(self, run: RunContext, step: StepRequest) -> None:
        if self._state != "ready":
            raise RuntimeError(f"run {run.run_id}: '{step.name}' at the wrong time")


@mutant("says only that it failed", kills="RESULT-005")
class SaysNothing(StepRun):
    def start_error(self, env: Mapping[str, str], error: Exception) -> Exception:
        found = super().start_error(env, error)
        if isinstance(found, StepStartError):
            return StepStartError("it failed", reason=found.reason, path=found.path)
        return found


@mutant("runs steps at any time", kills="RESULT-006 RESULT-007", also="RESULT-004")
class RunsAtAnyTime(ReferenceDriver):
    def check_is_ready(self, run: RunContext, step: StepRequest) -> None:
        pass


@mutant("runs steps after the teardown", kills="RESULT-007", also="RESULT-004")
class RunsAfterTeardown(ReferenceDriver):
    def check_is_ready(self, run: RunContext, step: StepRequest) -> None:
        if self._state == "new":
            super().check_is_ready(run, step)


@mutant("prepares any number of times", kills="RESULT-008")
class PreparesAgain(ReferenceDriver):
    def check_is_new(self, run: RunContext) -> None:
        if self._state != "new":
            self.records.drop(run.workspace.run_dir)
            os.rename(run.workspace.run_dir, f"{run.workspace.run_dir}.old")  # noqa: PTH104


@mutant("declares a limit of memory that it does not set", kills="RESULT-009")
class NoMemoryLimit(ReferenceDriver):
    info = declares(
        Capability.MEMORY_LIMIT,
        good_configs=(
            ConfigSample(title="as it comes", data={}),
            ConfigSample(title="memory-limit", data={}),
        ),
    )


@mutant(
    "takes every KILL for a lack of memory", kills="RESULT-001 EXEC-003", also="RESULT-009 SEC-002"
)
class KillIsMemory(StepRun):
    def end(self, code: int, decided: StepEnd | None) -> StepEnd:
        if decided is None and code == -signal.SIGKILL:
            return StepEnd.OUT_OF_MEMORY
        return super().end(code, decided)
