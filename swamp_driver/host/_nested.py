"""Workflows within a run: a frame for each while it goes on, and one settled unit at its end."""

from __future__ import annotations

import time
from pathlib import Path, PurePath

import attrs

from swamp_driver.host._frame import Frame
from swamp_driver.host._kept import History
from swamp_driver.host._unit import UnitRunner, emit_step_ended
from swamp_driver.host._units import NestedUnit, Settled, record_of
from swamp_driver.spec import StepStarted, StepStatus, WorkflowStarted
from swamp_driver.workflow import Plan, RunScope, plan_nested, self_of


class NestedWorkflows:
    """Opens and closes the frames of one run. Not thread-safe."""

    def __init__(self, runner: UnitRunner, history: History) -> None:
        self._runner = runner
        self._history = history
        self._started_at: dict[str, float] = {}

    def open(self, unit: NestedUnit, parent: Frame) -> Frame:
        """Plan what a unit runs, now that its inputs are known, and return its frame.

        Raises:
            WorkflowError: the inputs, or something that depends on them, are wrong.
            PluginError: a driver cannot be used.
        """
        runner = self._runner
        self._started_at[unit.path] = started_at = time.time()
        runner.store.put_step(record_of(unit, runner.run_id, None, started_at=started_at))
        runner.bus.emit(
            StepStarted,
            step_id=unit.step_id,
            job=unit.job,
            step=unit.name,
            driver="",
            command=f"workflow {unit.command.source}",
        )
        kept = self._history.frames.get(unit.path)
        plan = kept.plan if kept else self._plan(unit, parent.plan)
        frame = Frame(
            plan,
            _scope(unit, parent, plan),
            caller=unit,
            runs_anew=parent.depends_on_anew(parent.steps[unit.step.id].job, unit.step),
        )
        runner.bus.emit(
            WorkflowStarted,
            step_id=unit.step_id,
            job=unit.job,
            step=unit.name,
            workflow=plan.workflow,
            source=plan.source,
            jobs=frame.outlines(),
        )
        return frame

    def _plan(self, unit: NestedUnit, plan: Plan) -> Plan:
        from swamp_driver.host.models import catalog_of  # noqa: PLC0415 - few runs nest

        assert plan.nesting is not None
        return plan_nested(
            unit.command,
            nesting=plan.nesting,
            inputs=unit.call.inputs,
            tiers=unit.call.tiers,
            workspace=plan.workspace,
            catalog=self._runner.bindings,
            models=catalog_of(Path(plan.directory)),
        )

    def close(self, unit: NestedUnit, status: StepStatus, *, detail: str = "") -> Settled:
        """Record how a unit ended, and return it."""
        started_at = self._started_at.pop(unit.path)
        record = record_of(
            unit,
            self._runner.run_id,
            status,
            started_at=started_at,
            duration_s=time.time() - started_at,
            detail=detail,
        )
        self._runner.store.put_step(record)
        emit_step_ended(self._runner.bus, record)
        return Settled(record=record)


def _scope(unit: NestedUnit, parent: Frame, plan: Plan) -> RunScope:
    scope = parent.scope("")
    return attrs.evolve(
        scope,
        inputs=plan.inputs,
        defaults=plan.defaults,
        steps={},
        self_values=self_of(plan),
        source=plan.source,
        directory=str(PurePath(unit.command.path).parent),
        workspace_path=scope.workspace_path if plan.workspace.enabled else None,
        frame=unit.path,
    )


def failed_jobs(frame: Frame) -> str:
    """Return in words which jobs of a nested workflow failed; empty where none did."""
    failed = [
        repr(job)
        for job, status in frame.schedule.job_statuses.items()
        if status is StepStatus.FAILED
    ]
    if not failed:
        return ""
    return f"{'job' if len(failed) == 1 else 'jobs'} {', '.join(failed)} failed"
