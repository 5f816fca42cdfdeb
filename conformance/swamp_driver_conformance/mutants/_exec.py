"""Mutants of running a program (EXEC)."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from swamp_driver.spec import RunContext, StepEnd, StepResult
from swamp_driver_conformance.mutants._registry import mutant
from swamp_driver_conformance.reference import ReferenceDriver, StepRun


class _OtherResult(StepRun):
    """A step whose result is changed."""

    def execute(self) -> StepResult:
        return self.change(super().execute())

    def change(self, result: StepResult) -> StepResult:
        raise NotImplementedError


@mutant(
    "gives only seven bits of the exit code", kills="EXEC-001", also="EXEC-002 EXEC-016 RESULT-001"
)
class SevenBits(_OtherResult):
    def change(self, result: StepResult) -> StepResult:
        if result.end is not StepEnd.FAILED or result.exit_code is None:
            return result
        return attrs.evolve(result, exit_code=result.exit_code & 127)


@mutant("takes 124 for a time-out", kills="EXEC-002")
class TakesCodeForTimeOut(_OtherResult):
    def change(self, result: StepResult) -> StepResult:
        return attrs.evolve(result, end=StepEnd.TIMED_OUT) if result.exit_code == 124 else result  # noqa: PLR2004


@mutant("takes 137 for a kill", kills="EXEC-002", also="EXEC-016 LIFE-018")
class TakesCodeForKill(_OtherResult):
    def change(self, result: StepResult) -> StepResult:
        if result.end is StepEnd.FAILED and (result.exit_code or 0) > 128:  # noqa: PLR2004
            return attrs.evolve(result, end=StepEnd.SIGNALLED, signal=(result.exit_code or 0) - 128)
        return result


@mutant("gives the exit code of a signal as a negative number", kills="EXEC-003 RESULT-001")
class NegativeCode(_OtherResult):
    def change(self, result: StepResult) -> StepResult:
        return attrs.evolve(result, exit_code=-result.signal) if result.signal else result


@mutant(
    "reports death by signal as a failure", kills="EXEC-003", also="RESULT-001 RESULT-009 EXEC-021"
)
class SignalIsFailure(_OtherResult):
    def change(self, result: StepResult) -> StepResult:
        if result.end is not StepEnd.SIGNALLED:
            return result
        return attrs.evolve(result, end=StepEnd.FAILED, signal=None)


@mutant(
    "starts programs through a shell",
    kills="EXEC-004 EXEC-005 EXEC-006 EXEC-007",
    also="EXEC-009 FILES-003 RESULT-001 RESULT-004 RESULT-005 SEC-002 LIFE-011 ENV-007",
)
class StartsThroughShell(StepRun):
    def argv(self) -> tuple[str, ...]:
        return ("/bin/sh", "-c", 'exec "$0" "$@"', *super().argv())


@mutant("makes a working directory that is missing", kills="EXEC-008", also="RESULT-004")
class MakesWorkingDirectory(StepRun):
    def options(self) -> dict[str, Any]:
        with contextlib.suppress(FileExistsError):
            Path(self.step.cwd).mkdir(parents=True)
        return super().options()


class _Untranslated(StepRun):
    """A step that lets some errors of the system through."""

    numbers: tuple[str, ...] = ()

    def start_error(self, env: Mapping[str, str], error: Exception) -> Exception:
        found = super().start_error(env, error)
        return error if getattr(found, "reason", "") in self.numbers else found


@mutant("lets E2BIG through", kills="EXEC-009 RESULT-004", also="ENV-007")
class UntranslatedTooLong(_Untranslated):
    numbers = ("arguments-too-long",)


@mutant(
    "lets ENOENT through",
    kills="EXEC-004 RESULT-004",
    also="EXEC-007 EXEC-008 RESULT-005 SEC-002 FILES-003",
)
class UntranslatedNotFound(_Untranslated):
    numbers = ("not-found",)


@mutant("drops empty arguments", kills="EXEC-010", also="LIFE-018 ENV-005")
class DropsEmptyArguments(StepRun):
    def argv(self) -> tuple[str, ...]:
        return tuple(part for part in super().argv() if part)


@mutant("takes the arguments apart at newlines", kills="EXEC-010")
class SplitsArguments(StepRun):
    def argv(self) -> tuple[str, ...]:
        head, rest = super().argv()[:4], super().argv()[4:]
        return (*head, *(word for part in rest for word in part.split("\n")))


@mutant("looks programs up in the caller's PATH", kills="EXEC-011")
class CallersPath(StepRun):
    def spawn(self) -> subprocess.Popen[bytes]:
        program = self.step.argv[0]
        if "/" not in program and not self._is_here(program):
            raise self.start_error(self.environment(), FileNotFoundError(2, "not found"))
        return super().spawn()

    def _is_here(self, program: str) -> bool:
        return any(Path(folder, program).exists() for folder in os.get_exec_path())


@mutant("starts every program in the workspace", kills="EXEC-012", also="EXEC-008 RESULT-004")
class AlwaysInWorkspace(StepRun):
    def options(self) -> dict[str, Any]:
        return {**super().options(), "cwd": self.run.workspace.path}


@mutant("leaves standard input open", kills="EXEC-013")
class OpenInput(StepRun):
    _write_fd = -1

    def options(self) -> dict[str, Any]:
        read_fd, self._write_fd = os.pipe()
        return {**super().options(), "stdin": read_fd}

    def spawn(self) -> subprocess.Popen[bytes]:
        options = self.options()
        self.options = lambda: options  # type: ignore[method-assign]
        try:
            return super().spawn()
        finally:
            os.close(options["stdin"])

    def execute(self) -> StepResult:
        try:
            return super().execute()
        finally:
            if self._write_fd >= 0:
                os.close(self._write_fd)


@mutant("gives steps the caller's standard input", kills="EXEC-014", also="EXEC-013")
class CallersInput(StepRun):
    def options(self) -> dict[str, Any]:
        return {**super().options(), "stdin": None}


@mutant("leaves steps in the caller's session", kills="EXEC-014", also="EXEC-021 LIFE-001")
class CallersSession(StepRun):
    def options(self) -> dict[str, Any]:
        return {**super().options(), "start_new_session": False, "process_group": 0}


@mutant("passes the caller's descriptors on", kills="EXEC-015", also="LOG-005 LIFE-006 PAR-004")
class PassesDescriptors(StepRun):
    def options(self) -> dict[str, Any]:
        return {**super().options(), "close_fds": False}


@mutant("passes signals on that Python ignores", kills="EXEC-016")
class PassesIgnoredByPython(StepRun):
    def options(self) -> dict[str, Any]:
        return {**super().options(), "restore_signals": False}


@mutant("passes signals on that the caller ignores", kills="EXEC-022")
class PassesIgnoredByCaller(StepRun):
    def options(self) -> dict[str, Any]:
        return {**super().options(), "preexec_fn": None}


@mutant(
    "takes the end of the output for the end of the program",
    kills="EXEC-017",
    also="RESULT-001 LIFE-006 LIFE-001 LIFE-002 LIFE-003 LIFE-012",
)
class EndsWithOutput(StepRun):
    def start_pumps(self, process: subprocess.Popen[bytes]) -> Any:
        self._pumps = super().start_pumps(process)
        return self._pumps

    def has_ended(self) -> bool:
        if any(pump.is_reading for pump in self._pumps):
            return super().has_ended()
        return super().has_ended() or not self._still_needed()

    def _still_needed(self) -> bool:
        os.kill(self.pid, signal.SIGKILL)
        return False


@contextlib.contextmanager
def _changed_directory(path: str) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(path)
    try:
        yield
    finally:
        os.chdir(before)


@mutant("changes the working directory of its process while it starts a step", kills="EXEC-018")
class ChangesDirectory(StepRun):
    def supervise(self) -> StepResult:
        if not Path(self.step.cwd).is_dir():
            return super().supervise()
        with _changed_directory(self.step.cwd):
            return super().supervise()


@mutant(
    "puts the step's variables into its own environment",
    kills="EXEC-018",
    also="ENV-002 ENV-005 SEC-001",
)
class ChangesEnviron(StepRun):
    def supervise(self) -> StepResult:
        os.environ["SWAMP_LAST_STEP"] = self.step.step_id
        try:
            return super().supervise()
        finally:
            os.environ.pop("SWAMP_LAST_STEP", None)


@mutant("sets its own umask for the step", kills="EXEC-018")
class ChangesUmask(StepRun):
    def supervise(self) -> StepResult:
        before = os.umask(0o027)
        try:
            return super().supervise()
        finally:
            os.umask(before)


@mutant("prints what it does", kills="EXEC-019")
class Prints(ReferenceDriver):
    def check_is_ready(self, run: RunContext, step: Any) -> None:
        super().check_is_ready(run, step)
        sys.stderr.write(f"running {step.name}\n")


@mutant("makes a file named after the step", kills="EXEC-020")
class FileNamedAfterStep(StepRun):
    def make_exchange(self) -> None:
        super().make_exchange()
        path = Path(self.step.exchange, f"{self.step.name}.log")
        path.write_bytes(b"")
        path.unlink()


@mutant("cuts the id of the step", kills="EXEC-020", also="PAR-003")
class RefusesLongIds(StepRun):
    def make_exchange(self) -> None:
        if len(self.step.step_id) > 32:  # noqa: PLR2004 - the kind of limit that it is about
            raise ValueError("the name of the container is too long")
        super().make_exchange()


@mutant(
    "leaves steps in the caller's process group",
    kills="EXEC-021 LIFE-009",
    also="EXEC-014 LIFE-001 LIFE-002 LIFE-003 LIFE-004 LIFE-012 LIFE-019 LOG-009 LIFE-008 LIFE-013",
)
class CallersGroup(StepRun):
    def options(self) -> dict[str, Any]:
        return {**super().options(), "start_new_session": False}

    def terminate(self) -> None:
        os.kill(self.pid, signal.SIGTERM)

    def must_kill(self, *facts: Any) -> bool:
        if super().must_kill(*facts):
            os.kill(self.pid, signal.SIGKILL)
        return False
