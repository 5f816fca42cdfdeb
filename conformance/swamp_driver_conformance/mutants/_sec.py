"""Mutants of secrets and borders (SEC)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs

from swamp_driver.errors import StepStartError
from swamp_driver.spec import Capability, ConfigSample, Leftover, StepResult
from swamp_driver_conformance.mutants._registry import declares, mutant
from swamp_driver_conformance.reference import Record, ReferenceDriver, RunFiles, StepRun
from swamp_driver_conformance.variants._plain import FullDriver, OtherUserStep


@mutant(
    "gives variables on the command line",
    kills="SEC-001",
    also="EXEC-009 ENV-001 ENV-007 EXEC-004 EXEC-005 EXEC-006 EXEC-007 EXEC-011 FILES-003 SEC-002 "
    "RESULT-004 RESULT-005 ENV-006 LIFE-011",
)
class VariablesAsArguments(StepRun):
    def argv(self) -> tuple[str, ...]:
        secrets = [f"{name}={self.step.env[name]}" for name in self.step.secret_names]
        if len(secrets) != 1:
            return super().argv()
        # A shell that waits for the program, as `docker exec --env` does: `env` alone is gone soon.
        script = 'secret=$1; shift; export "$secret"; "$@"; exit $?'
        return ("/bin/sh", "-c", script, "sh", *secrets, *super().argv())


@mutant("shows the environment in the detail of a result", kills="SEC-002", also="RESULT-001")
class EnvironmentInDetail(StepRun):
    def execute(self) -> StepResult:
        result = super().execute()
        shown = " ".join(f"{name}={value}" for name, value in self.step.env.items())
        return attrs.evolve(result, detail=f"{result.end} with {shown}"[:4000].replace("\n", " "))


@mutant("shows the environment in errors", kills="SEC-002", also="RESULT-005")
class EnvironmentInErrors(StepRun):
    def start_error(self, env: Mapping[str, str], error: Exception) -> Exception:
        found = super().start_error(env, error)
        if isinstance(found, StepStartError):
            text = f"{found} (environment: {dict(env)})"
            return StepStartError(text, reason=found.reason, path=found.path)
        return found


@mutant("leaves a file with the environment in the home", kills="SEC-003", also="SWD-*")
class LeavesEnvironmentFile(StepRun):
    def make_exchange(self) -> None:
        super().make_exchange()
        lines = "".join(f"{name}={value}\n" for name, value in self.step.env.items())
        Path(self.run.workspace.run_dir, ".env").write_text(lines, encoding="utf-8")


@mutant("declares isolation that it does not have", kills="SEC-004 SEC-005")
class NoIsolation(ReferenceDriver):
    info = declares(Capability.ISOLATION)


@mutant("declares a choice of the user and does not make it", kills="SEC-006")
class IgnoresUser(ReferenceDriver):
    info = declares(
        Capability.USER,
        good_configs=(
            ConfigSample(title="as it comes", data={}),
            ConfigSample(title="user", data={}),
        ),
    )


@mutant(
    "does not let the chosen user write",
    kills="SEC-006",
    also="SEC-007",
    needs="root setpriv linux",
)
class UserCannotWrite(FullDriver):
    class step_class(OtherUserStep):  # noqa: N801 - it stands for the attribute of that name
        def _given(self) -> list[Path]:
            return []


@mutant(
    "leaves files to the user that was chosen",
    kills="SEC-007 FILES-011",
    needs="root setpriv linux",
)
class KeepsOtherOwner(FullDriver):
    class files_class(RunFiles):  # noqa: N801 - it stands for the attribute of that name
        def repair(self) -> list[str]:
            return []


_SHOWN: dict[str, str] = {}


@mutant("shows the environment of steps in labels", kills="SEC-008")
class EnvironmentInLabels(ReferenceDriver):
    class step_class(StepRun):  # noqa: N801 - it stands for the attribute of that name
        def make_exchange(self) -> None:
            super().make_exchange()
            _SHOWN[self.run.run_id] = repr(dict(self.step.env))

    def leftover(self, record: Record) -> Leftover:
        return attrs.evolve(super().leftover(record), detail=_SHOWN.get(record.run_id, ""))
