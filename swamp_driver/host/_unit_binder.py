"""A step whose turn has come -> its units, every expression evaluated."""

from __future__ import annotations

import os
from collections.abc import Mapping

import attrs

from swamp_driver.host._frame import Frame
from swamp_driver.host._kept import History
from swamp_driver.host._masking import (
    looks_secret,
    mask_text,
    maskable,
    maskable_anywhere,
    too_short,
)
from swamp_driver.host._pass_env import passed_env
from swamp_driver.host._records import StepRecord
from swamp_driver.host._unit import UnitRunner
from swamp_driver.host._units import AnyUnit, EndedUnit, NestedUnit, QuestionUnit, Unit
from swamp_driver.spec import Notice, WorkspaceRequest
from swamp_driver.workflow import (
    ApprovalCommand,
    Iteration,
    PlannedStep,
    RunScope,
    WorkflowCommand,
    bind_call,
    bind_config,
    bind_question,
    bind_step,
    expand_for_each,
    id_of_path,
)


class UnitBinder:
    """Makes units of one run, and remembers what is secret in it. Not thread-safe."""

    def __init__(self, runner: UnitRunner, request: WorkspaceRequest, history: History) -> None:
        self._runner = runner
        self._request = request
        self._history = history
        self._secrets: frozenset[bytes] = frozenset()
        self._from_vaults: frozenset[bytes] = frozenset()
        self._warned: set[str] = set()

    @property
    def secrets(self) -> frozenset[bytes]:
        """Return what is secret in the run, as far as is known."""
        return self._secrets

    def bind(self, frame: Frame, job: str, step: PlannedStep) -> list[AnyUnit]:
        """Return what there is to do for a step: one unit, or one for each entry of `forEach`.

        What ended before the run was suspended is not evaluated again.

        Raises:
            WorkflowError: an expression has no value, or one that cannot be used.
            ConfigError, PluginError: the driver does not take its options, or is not there.
        """
        if step.for_each is not None and (ended := self._ended(frame, job, step, None)):
            return [ended]  # it could not be evaluated
        scope = frame.scope(job)
        kept = self._history.frames.get(frame.id)
        iterations = kept.iterations.get(step.id) if kept else None
        if iterations is None:
            iterations = expand_for_each(step, scope)
        frame.iterations[step.id] = iterations
        try:
            units = [
                self._ended(frame, job, step, iteration)
                or self._bind(
                    frame, step, iteration, attrs.evolve(scope, self_values=iteration.self_values)
                )
                for iteration in iterations
            ]
        finally:
            # Also after an error: its message may hold a value.
            self._learn_from_vaults()
        return [self._with_secrets(unit) for unit in units]

    def up_to_date(self, unit: Unit) -> Unit:
        """Return a unit that waited, with all that has turned out to be secret meanwhile."""
        if unit.secrets == self._secrets:
            return unit
        return attrs.evolve(unit, secrets=self._secrets)

    def mask(self, text: str) -> str:
        """Return a text with all masked that is known to be secret so far."""
        return mask_text(text, self._secrets)

    def _learn_from_vaults(self) -> None:
        taken = self._runner.answers.take_secrets()
        if taken:
            self._learn_secrets(taken)
            self._from_vaults |= maskable_anywhere(taken.values())
            self._secrets |= self._from_vaults

    def _with_secrets(self, unit: AnyUnit) -> AnyUnit:
        """Return a unit that knows what is secret; variables with secrets in them are named."""
        if not self._from_vaults or not isinstance(unit, Unit):
            return unit
        request = unit.bound.request
        names = {
            name
            for name, value in request.env.items()
            if any(secret in value.encode(errors="surrogateescape") for secret in self._from_vaults)
        }
        # A secret can come into a name through the outputs of a step.
        name = self.mask(unit.name)
        request = attrs.evolve(request, name=name, secret_names=request.secret_names | names)
        bound = attrs.evolve(unit.bound, request=request)
        return attrs.evolve(unit, name=name, bound=bound, secrets=self._secrets)

    def _ended(
        self, frame: Frame, job: str, step: PlannedStep, iteration: Iteration | None
    ) -> EndedUnit | None:
        path = frame.path(step, iteration.index if iteration else None)
        record = self._history.steps.get(id_of_path(path))
        if record is None and iteration is not None:
            record = self._taken(frame, job, step, iteration)
        if record is None:
            return None
        return EndedUnit(
            job=frame.shown_job(job), step=step, name=record.step, frame=frame.id, before=record
        )

    def _taken(
        self, frame: Frame, job: str, step: PlannedStep, iteration: Iteration
    ) -> StepRecord | None:
        """Return what became of it in an earlier run, where that holds still."""
        if step.background is not None:
            return None  # it lives no more, and a step that is run again may need it
        found = self._history.taken.get((frame.shown_job(job), iteration.name))
        if found is None or frame.depends_on_anew(job, step):
            return None
        if found.handed_on and not frame.plan.workspace.enabled:
            return None  # its files were kept for the earlier run alone
        return attrs.evolve(
            found,
            run_id=self._runner.run_id,
            step_id=id_of_path(frame.path(step, iteration.index)),
            detail=f"in run {found.run_id}",
        )

    def _bind(
        self, frame: Frame, step: PlannedStep, iteration: Iteration, scope: RunScope
    ) -> AnyUnit:
        path = frame.path(step, iteration.index)
        job = frame.shown_job(scope.job)
        match step.command:
            case WorkflowCommand() as command:
                return NestedUnit(
                    job=job,
                    step=step,
                    name=iteration.name,
                    frame=frame.id,
                    secrets=self._secrets,
                    path=path,
                    command=command,
                    call=bind_call(step, command, scope=scope),
                )
            case ApprovalCommand() as command:
                return QuestionUnit(
                    job=job,
                    step=step,
                    name=iteration.name,
                    frame=frame.id,
                    secrets=self._secrets,
                    path=path,
                    question=bind_question(step, command, scope=scope),
                )
            case _:
                return self._bind_program(frame, step, iteration, scope)

    def _bind_program(
        self, frame: Frame, step: PlannedStep, iteration: Iteration, scope: RunScope
    ) -> Unit:
        binding = frame.binding(step)
        assert binding is not None
        config = bind_config(binding, scope)
        passed = self._passed_env(binding.driver, config)
        bound = bind_step(
            step,
            iteration,
            scope=scope,
            request=self._request,
            passed_env=passed,
            methods=frame.methods,
        )
        secret = {name: value for name, value in passed.items() if looks_secret(name)}
        secret = {name: secret[name] for name in secret if bound.request.env[name] == secret[name]}
        self._learn_secrets(secret)
        request = attrs.evolve(bound.request, secret_names=frozenset(secret))
        return Unit(
            job=frame.shown_job(scope.job),
            step=step,
            name=iteration.name,
            frame=frame.id,
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
