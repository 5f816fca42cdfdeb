"""The loop of a run: one thread decides, many threads run steps."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Mapping
from queue import SimpleQueue

from swamp_driver.errors import SwampDriverError
from swamp_driver.host._frame import Frame, StepState
from swamp_driver.host._queue import ReadyQueue
from swamp_driver.host._records import StepRecord
from swamp_driver.host._schedule import Decision, EndJob, SkipStep, StartJob, StartStep
from swamp_driver.host._unit import Settled, Unit, UnitRunner, emit_step_ended
from swamp_driver.host._unit_binder import UnitBinder
from swamp_driver.host._workspaces import OnceMarks
from swamp_driver.spec import (
    CancelStage,
    JobEnded,
    JobStarted,
    StepStatus,
    WorkspaceRequest,
)
from swamp_driver.workflow import (
    Plan,
    PlannedStep,
    RunScope,
    StepView,
    aggregate,
)

_MOST_THREADS = 256
"""How many steps run at once where the file sets no bound: a machine has an end."""


class _Cancelled:
    """The message that the run's cancel token was set."""


_Message = _Cancelled | tuple[Unit, Settled | BaseException]


class Coordinator:
    """Runs the steps of a plan, once. What has happened is in its attributes afterwards."""

    def __init__(
        self,
        plan: Plan,
        *,
        scope: RunScope,
        request: WorkspaceRequest,
        runner: UnitRunner,
        once: OnceMarks,
    ) -> None:
        self._frame = Frame(plan, scope)
        self._schedule = self._frame.schedule
        self._binder = UnitBinder(runner, request)
        self._runner = runner
        self._once = once
        self._queue = ReadyQueue(
            {job.name: job.concurrency for job in plan.jobs}, limit=_MOST_THREADS
        )
        self._threads: dict[str, threading.Thread] = {}
        """The threads of the units that run, by step id."""
        self._inbox: SimpleQueue[_Message] = SimpleQueue()
        self._failed_since = False
        """A step failed since the waiting ones were looked through."""
        self.broken: list[str] = []
        """What broke, in words: a driver or its engine, never a step."""
        self.broken_exit_code = 3

    @property
    def job_statuses(self) -> Mapping[str, StepStatus]:
        """Return how the jobs ended."""
        return self._schedule.job_statuses

    @property
    def secrets(self) -> frozenset[bytes]:
        """Return what is secret in the run, as far as is known. From any thread."""
        return self._binder.secrets

    def run(self) -> None:
        """Run all steps to their ends; return when nothing of them runs any more.

        The token of the run may be set from any thread at any time.
        """
        unsubscribe = self._runner.cancel.on_change(lambda _: self._inbox.put(_Cancelled()))
        try:
            self._loop()
        except BaseException:
            # Nothing decides any more: the steps that run must end, for they are waited for.
            self._runner.cancel.cancel(CancelStage.NOW)
            raise
        finally:
            for thread in self._threads.values():
                thread.join()
            unsubscribe()

    def _loop(self) -> None:
        self._carry_out(self._schedule.begin())
        self._start_ready()
        while not self._schedule.is_over:
            self._take(self._inbox.get())
            self._start_ready()

    def _take(self, message: _Message) -> None:
        if isinstance(message, _Cancelled):
            self._schedule.cancel()
            for unit in self._queue.take_all():
                self._settle_unrun(unit, StepStatus.CANCELLED, "the run was cancelled")
            return
        unit, ended = message
        self._queue.ended(unit)
        if thread := self._threads.pop(unit.step_id, None):
            thread.join()
        if isinstance(ended, BaseException):
            raise ended
        self._unit_ended(unit, ended)

    def _carry_out(self, decisions: Iterable[Decision]) -> None:
        """Carry out decisions, and those that follow from them."""
        pending = deque(decisions)
        while pending:
            match pending.popleft():
                case StartJob(job=job):
                    self._runner.bus.emit(JobStarted, job=job)
                case EndJob(job=job, status=status):
                    self._runner.bus.emit(JobEnded, job=job, status=status)
                case SkipStep() as skip:
                    self._skip(skip)
                case StartStep(job=job, step=step):
                    pending.extend(self._prepare_step(job, step))

    def _prepare_step(self, job: str, step: PlannedStep) -> list[Decision]:
        """Evaluate a step into units; return decisions where it has ended by that."""
        try:
            units = self._binder.bind(self._frame, job, step)
        except SwampDriverError as error:
            self._note_step(job, step, StepStatus.FAILED, detail=str(error))
            self._set_view(job, step, StepStatus.FAILED)
            return self._schedule.step_ended(job, step, StepStatus.FAILED)
        if not units:
            self._set_view(job, step, StepStatus.SUCCEEDED)
            return self._schedule.step_ended(job, step, StepStatus.SUCCEEDED)
        self._frame.begin_step(job, step, len(units))
        self._queue.add(units)
        return []

    def _start_ready(self) -> None:
        for unit in self._stopped_units():
            self._settle_unrun(unit, StepStatus.SKIPPED, "an earlier step of its job failed")
        for unit in self._queue.take():
            self._frame.steps[unit.step.id].started = True
            if not self._settle_by_once(unit):
                self._start(unit)

    def _start(self, unit: Unit) -> None:
        thread = threading.Thread(
            target=self._run_unit, args=(unit,), name=f"swamp-step-{unit.step_id}"
        )
        thread.start()
        self._threads[unit.step_id] = thread

    def _run_unit(self, unit: Unit) -> None:
        """Run a unit in a thread of its own, and hand over how it ended."""
        try:
            self._inbox.put((unit, self._runner.run(unit)))
        except BaseException as error:  # noqa: BLE001 - raised by the thread that takes it
            self._inbox.put((unit, error))

    def _stopped_units(self) -> list[Unit]:
        """Return the waiting units of steps that must not start any more."""
        if not self._failed_since:
            return []
        self._failed_since = False
        return [
            unit
            for state in self._frame.stopped_steps()
            for unit in self._queue.drop_step(state.job, state.step.id)
        ]

    def _settle_by_once(self, unit: Unit) -> bool:
        """End a unit whose `once` key was done before; return whether it was."""
        key = unit.bound.once_key
        outputs = self._once.outputs_of(key) if key is not None else None
        if outputs is None:
            return False
        record = unit.record(
            self._runner.run_id,
            StepStatus.SUCCEEDED,
            outputs=outputs,
            detail=f"done before (once: '{key}')",
        )
        self._inbox.put((unit, Settled(record=record, outputs=outputs)))
        self._runner.store.put_step(record)
        emit_step_ended(self._runner.bus, record)
        return True

    def _settle_unrun(self, unit: Unit, status: StepStatus, reason: str) -> None:
        record = unit.record(self._runner.run_id, status, detail=reason)
        self._runner.store.put_step(record)
        emit_step_ended(self._runner.bus, record)
        self._unit_ended(unit, Settled(record=record))

    def _unit_ended(self, unit: Unit, settled: Settled) -> None:
        if settled.broken:
            self.broken.append(settled.broken)
            self.broken_exit_code = settled.broken_exit_code
        status = settled.record.status
        assert status is not None
        key = unit.bound.once_key
        if key is not None and status is StepStatus.SUCCEEDED:
            self._once.mark(key, settled.outputs)
        state = self._frame.steps[unit.step.id]
        view = StepView(
            status=status, exit_code=settled.record.exit_code, outputs=dict(settled.outputs)
        )
        self._frame.set_view(state.job, unit.name, view)
        state.statuses.append(status)
        state.left -= 1
        if state.left == 0:
            self._step_ended(state)

    def _step_ended(self, state: StepState) -> None:
        status = aggregate(state.statuses)
        if state.step.for_each is not None:
            self._set_view(state.job, state.step, status)
        del self._frame.steps[state.step.id]
        self._failed_since |= status is StepStatus.FAILED
        self._carry_out(self._schedule.step_ended(state.job, state.step, status))

    def _skip(self, skip: SkipStep) -> None:
        self._note_step(skip.job, skip.step, skip.status, detail=skip.reason)
        self._set_view(skip.job, skip.step, skip.status)

    def _note_step(self, job: str, step: PlannedStep, status: StepStatus, *, detail: str) -> None:
        """Record a step that has no units: it was skipped, or could not be evaluated."""
        record = StepRecord(
            run_id=self._runner.run_id,
            step_id=step.id,
            job=job,
            step=step.name.text,
            driver=self._frame.binding(step).driver,
            status=status,
            detail=detail,
            allowed_failure=step.allow_failure and status is StepStatus.FAILED,
        )
        self._runner.store.put_step(record)
        emit_step_ended(self._runner.bus, record)

    def _set_view(self, job: str, step: PlannedStep, status: StepStatus) -> None:
        self._frame.set_view(job, step.name.text, StepView(status=status))
