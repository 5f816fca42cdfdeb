"""Mutants of the environment (ENV)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from swamp_driver_conformance.mutants._registry import mutant
from swamp_driver_conformance.reference import StepRun


@mutant("drops variables without a value", kills="ENV-001")
class DropsEmpty(StepRun):
    def environment(self) -> Mapping[str, str]:
        return {name: value for name, value in super().environment().items() if value}


@mutant("takes values apart at a newline, as a file of variables does", kills="ENV-001")
class OneLineOnly(StepRun):
    def environment(self) -> Mapping[str, str]:
        return {name: value.split("\n")[0] for name, value in super().environment().items()}


@mutant(
    "passes the caller's environment on",
    kills="ENV-002 ENV-003 CONFIG-007",
    also="ENV-007 EXEC-009",
)
class LeaksEnvironment(StepRun):
    def environment(self) -> Mapping[str, str]:
        return {**os.environ, **super().environment()}


@mutant("passes a few useful variables of the caller on", kills="ENV-002", also="ENV-003")
class LeaksProxy(StepRun):
    def environment(self) -> Mapping[str, str]:
        few = {name: value for name, value in os.environ.items() if name.endswith("_PROXY")}
        return {**few, **super().environment()}


@mutant("resolves passEnv itself", kills="CONFIG-007")
class ResolvesPassEnv(StepRun):
    def environment(self) -> Mapping[str, str]:
        wanted = [name.rstrip("*") for name in getattr(self.run.config, "pass_env", ())]
        passed = {
            name: value for name, value in os.environ.items() if name.startswith(tuple(wanted))
        }
        return {**passed, **super().environment()}


@mutant("lets its own PATH win", kills="ENV-004", also="EXEC-011")
class OwnPathWins(StepRun):
    def environment(self) -> Mapping[str, str]:
        return {**super().environment(), "PATH": os.environ.get("PATH", os.defpath)}


_LAST: dict[str, str] = {}


@mutant("adds up the variables of all steps", kills="ENV-005", also="ENV-003")
class AddsUp(StepRun):
    def environment(self) -> Mapping[str, str]:
        own = super().environment()
        kept = {name: value for name, value in self.step.env.items() if name == "ONLY_A"}
        _LAST.update(kept)
        return {**_LAST, **own}


@mutant("has no PATH for programs without a slash", kills="ENV-006")
class NoPath(StepRun):
    def environment(self) -> Mapping[str, str]:
        found = dict(super().environment())
        if "/" not in self.step.argv[0] and "PATH" not in self.step.env:
            found["PATH"] = "/nonexistent"
        return found


@mutant("refuses a large environment with an error of its own", kills="ENV-007")
class RefusesLarge(StepRun):
    def spawn(self) -> Any:
        if sum(map(len, self.step.env.values())) > 500_000:  # noqa: PLR2004 - the kind of limit
            raise ValueError("the environment is too large")
        return super().spawn()


@mutant("passes the caller's umask on", kills="ENV-008")
class CallersUmask(StepRun):
    def options(self) -> dict[str, Any]:
        return {name: value for name, value in super().options().items() if name != "umask"}


@mutant("adds variables of its own", kills="ENV-003")
class AddsVariables(StepRun):
    def environment(self) -> Mapping[str, str]:
        return {"CI": "true", **super().environment()}
