"""A step whose turn has come -> the units that are run, every expression evaluated."""

from __future__ import annotations

import os
from collections.abc import Mapping

import attrs

from swamp_driver.host._frame import Frame
from swamp_driver.host._masking import looks_secret, maskable, too_short
from swamp_driver.host._pass_env import passed_env
from swamp_driver.host._unit import Unit, UnitRunner
from swamp_driver.spec import Notice, WorkspaceRequest
from swamp_driver.workflow import (
    Iteration,
    PlannedStep,
    RunScope,
    bind_config,
    bind_step,
    expand_for_each,
)


class UnitBinder:
    """Makes units of one run, and remembers what is secret in it. Not thread-safe."""

    def __init__(self, runner: UnitRunner, request: WorkspaceRequest) -> None:
        self._runner = runner
        self._request = request
        self._secrets: frozenset[bytes] = frozenset()
        self._warned: set[str] = set()

    @property
    def secrets(self) -> frozenset[bytes]:
        """Return what is secret in the run, as far as is known."""
        return self._secrets

    def bind(self, frame: Frame, job: str, step: PlannedStep) -> list[Unit]:
        """Return what is to be run of a step: one unit, or one for each entry of `forEach`.

        Raises:
            WorkflowError: an expression has no value, or one that cannot be used.
            ConfigError, PluginError: the driver does not take its options, or is not there.
        """
        scope = frame.scope(job)
        return [
            self._bind_unit(frame, job, step, iteration, scope)
            for iteration in expand_for_each(step, scope)
        ]

    def _bind_unit(
        self, frame: Frame, job: str, step: PlannedStep, iteration: Iteration, scope: RunScope
    ) -> Unit:
        scope = attrs.evolve(scope, self_values=iteration.self_values)
        binding = frame.binding(step)
        config = bind_config(binding, scope)
        passed = self._passed_env(binding.driver, config)
        bound = bind_step(step, iteration, scope=scope, request=self._request, passed_env=passed)
        secret = {name: value for name, value in passed.items() if looks_secret(name)}
        secret = {name: secret[name] for name in secret if bound.request.env[name] == secret[name]}
        self._learn_secrets(secret)
        request = attrs.evolve(bound.request, secret_names=frozenset(secret))
        return Unit(
            job=job,
            step=step,
            name=iteration.name,
            bound=attrs.evolve(bound, request=request),
            driver=binding.driver,
            config=config,
            secrets=self._secrets,
        )

    def _passed_env(self, driver: str, config: Mapping[str, object]) -> dict[str, str]:
        """Return the caller's variables that the options of the driver let pass."""
        options = self._runner.bindings.options(driver, config)  # type: ignore[arg-type]
        return passed_env(getattr(options, "pass_env", ()) or (), os.environ)

    def _learn_secrets(self, secret: Mapping[str, str]) -> None:
        self._secrets |= maskable(secret.values())
        for name in set(too_short(secret)) - self._warned:
            self._warned.add(name)
            self._runner.bus.emit(
                Notice, text=f"the value of '{name}' is too short to be masked in output"
            )
