"""The loop of a run: one thread decides, many threads run steps."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Iterable, Mapping

import attrs

from swamp_driver.errors import SwampDriverError
from swamp_driver.host._frame import Frame, StepState
from swamp_driver.host._kept import History, KeptFrame
from swamp_driver.host._nested import NestedWorkflows, failed_jobs
from swamp_driver.host._questions import Questions
from swamp_driver.host._queue import Queued, ReadyQueue
from swamp_driver.host._records import StepRecord
from swamp_driver.host._schedule import (
    Decision,
    EndJob,
    SkipStep,
    StartJob,
    StartStep,
    StopServices,
)
from swamp_driver.host._service import Service
from swamp_driver.host._services import Services
from swamp_driver.host._unit import UnitRunner, emit_step_ended
from swamp_driver.host._unit_binder import UnitBinder
from swamp_driver.host._units import (
    AnyUnit,
    EndedUnit,
    NestedUnit,
    QuestionUnit,
    Settled,
    Unit,
    record_of,
)
from swamp_driver.host._workspaces import OnceMarks
from swamp_driver.spec import (
    CancelStage,
    JobEnded,
    JobStarted,
    StepReady,
    StepStatus,
    WorkspaceRequest,
)
from swamp_driver.workflow import Plan, PlannedStep, RunScope, StepView, aggregate, id_of_path

_MOST_THREADS = 256
"""How many steps run at once where the file sets no bound: a machine has an end."""
_LISTEN_S = 1.0
"""How often answers are looked for while other steps run."""


class _Cancelled:
    """The message that the run's cancel token was set."""


@attrs.frozen
class _Ready:
    """The message that a background unit is ready, and lives on."""

    unit: Unit


_Message = _Cancelled | _Ready | tuple[Unit, Settled | BaseException]


class Coordinator:
    """Runs the steps of a plan, once. What has happened is in its attributes afterwards.

    The workflows that steps run are frames beside that of the plan: all share the queue, so that
    limits, exclusive steps and `once` keys hold for the run as a whole.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        scope: RunScope,
        request: WorkspaceRequest,
        runner: UnitRunner,
        once: OnceMarks,
        history: History | None = None,
    ) -> None:
        history = history or History()
        self._main = Frame(plan, scope)
        self._frames = {self._main.id: self._main}
        self._binder = UnitBinder(runner, request, history)
        self._nested = NestedWorkflows(runner, history)
        self._questions = Questions(runner)
        self._runner = runner
        self._once = once
        self._history = history
        self._queue = ReadyQueue(self._main.limits, limit=_MOST_THREADS)
        self._services = Services()
        self._threads: dict[str, threading.Thread] = {}
        """The threads of the units that run, by step id."""
        self._ended_before: deque[EndedUnit] = deque()
        self._inbox: queue.SimpleQueue[_Message] = queue.SimpleQueue()
        self._failed_since = False
        """A step failed since the waiting ones were looked through."""
        self.broken: list[str] = list(history.broken)
        """What broke, in words: a driver or its engine, never a step."""
        self.broken_exit_code = history.broken_exit_code
        self.is_suspended = False
        """Steps wait for approvals, and there is nothing else to do."""
        self.masked: list[str] = []
        """The steps with secrets in their outputs: a process that goes on later has them masked."""

    @property
    def job_statuses(self) -> Mapping[str, StepStatus]:
        """Return how the jobs ended."""
        return self._main.schedule.job_statuses

    @property
    def frames(self) -> Mapping[str, KeptFrame]:
        """Return the workflows that are under way, for a process that goes on later."""
        return {
            frame.id: KeptFrame(plan=frame.plan, iterations=dict(frame.iterations))
            for frame in self._frames.values()
        }

    @property
    def secrets(self) -> frozenset[bytes]:
        """Return what is secret in the run, as far as is known. From any thread."""
        return self._binder.secrets

    def run(self) -> None:
        """Run all steps to their ends; return when nothing of them runs any more.

        Returns early, with `is_suspended` set, where steps wait for approvals and nothing else can
        be done. The token of the run may be set from any thread at any time.
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
        self._carry_out(self._main, self._main.schedule.begin())
        self._start_ready()
        while not self._main.schedule.is_over:
            message = self._next_message()
            if message is not None:
                self._take(message)
            for unit, settled in self._questions.take_answered():
                self._unit_ended(unit, settled)
            self._start_ready()
            if message is None and self._has_only_questions():
                self.is_suspended = True
                return

    def _next_message(self) -> _Message | None:
        """Wait for what happens next; None where it is time to look for answers."""
        try:
            if self._has_only_questions():
                return self._inbox.get_nowait()
            return self._inbox.get(timeout=_LISTEN_S if self._questions else None)
        except queue.Empty:
            return None

    def _has_only_questions(self) -> bool:
        return len(self._questions) > 0 and not self._threads

    def _take(self, message: _Message) -> None:
        if isinstance(message, _Cancelled):
            self._cancel()
            return
        if isinstance(message, _Ready):
            self._unit_ready(message.unit)
            return
        unit, ended = message
        if not self._services.is_ready(unit):
            self._queue.ended(unit)
        if thread := self._threads.pop(unit.step_id, None):
            thread.join()
        if isinstance(ended, BaseException):
            raise ended
        self._services.ended(unit)
        if self._services.is_ready(unit):
            self._service_ended(unit, ended)
        else:
            self._unit_ended(unit, ended)

    def _cancel(self) -> None:
        for frame in self._frames.values():
            frame.schedule.cancel()
        for unit in (*self._queue.take_all(), *self._questions.take_all()):
            self._settle_unrun(unit, StepStatus.CANCELLED, "the run was cancelled")

    def _carry_out(self, frame: Frame, decisions: Iterable[Decision]) -> None:
        """Carry out decisions, and those that follow from them."""
        pending = deque(decisions)
        while pending:
            match pending.popleft():
                case StartJob(job=job):
                    self._runner.bus.emit(JobStarted, job=frame.shown_job(job))
                case EndJob(job=job, status=status):
                    self._runner.data.end_job(frame.shown_job(job))
                    self._runner.bus.emit(JobEnded, job=frame.shown_job(job), status=status)
                case SkipStep(job=job, step=step, status=status, reason=reason):
                    self._note_step(frame, job, step, status, detail=reason)
                case StopServices(step_ids=step_ids):
                    self._services.stop(frame.id, step_ids)
                case StartStep(job=job, step=step):
                    pending.extend(self._prepare_step(frame, job, step))
        self._close_if_over(frame)

    def _close_if_over(self, frame: Frame) -> None:
        """End the step that runs a nested workflow which is over."""
        if frame.caller and frame.schedule.is_over and self._frames.pop(frame.id, None):
            self._queue.ended(frame.caller)
            settled = self._nested.close(frame.caller, frame.status, detail=failed_jobs(frame))
            self._unit_ended(frame.caller, settled)

    def _prepare_step(self, frame: Frame, job: str, step: PlannedStep) -> list[Decision]:
        """Evaluate a step into units; return decisions where it has ended by that."""
        try:
            units = self._binder.bind(frame, job, step)
        except SwampDriverError as error:
            detail = self._binder.mask(str(error))
            self._note_step(frame, job, step, StepStatus.FAILED, detail=detail)
            return frame.schedule.step_ended(job, step, StepStatus.FAILED)
        if not units:
            frame.set_view(job, step.name.text, StepView(status=StepStatus.SUCCEEDED))
            return frame.schedule.step_ended(job, step, StepStatus.SUCCEEDED)
        frame.begin_step(job, step, len(units))
        if not all(isinstance(unit, EndedUnit) for unit in units):
            frame.note_anew(job, step)
        if queued := [unit for unit in units if isinstance(unit, Unit | NestedUnit)]:
            self._queue.add(queued)
        for unit in units:
            if isinstance(unit, QuestionUnit):
                self._questions.ask(unit)
            elif isinstance(unit, EndedUnit):
                self._ended_before.append(unit)
        return []

    def _start_ready(self) -> None:
        # One after the other, not from within each other: there may be thousands.
        while self._ended_before:
            unit = self._ended_before.popleft()
            self._runner.store.put_step(unit.before)
            emit_step_ended(self._runner.bus, unit.before, previous=True)
            self._runner.hand_over.recall(unit.name, unit.before.handed_on)
            self._unit_ended(unit, Settled(record=unit.before, outputs=unit.before.outputs))
        self._start_queued()

    def _start_queued(self) -> None:
        for unit in self._stopped_units():
            self._settle_unrun(unit, StepStatus.SKIPPED, "an earlier step of its job failed")
        while ready := list(self._queue.take()):
            for unit in ready:
                self._frames[unit.frame].steps[unit.step.id].started = True
                if isinstance(unit, NestedUnit):
                    self._open(unit)
                elif not self._settle_by_once(unit):
                    self._start(self._binder.up_to_date(unit))
            if self._ended_before:
                self._start_ready()

    def _open(self, unit: NestedUnit) -> None:
        """Begin a nested workflow; a unit whose workflow cannot be planned has failed."""
        try:
            frame = self._nested.open(unit, self._frames[unit.frame])
        except SwampDriverError as error:
            self._queue.ended(unit)
            detail = self._binder.mask(str(error))
            self._unit_ended(unit, self._nested.close(unit, StepStatus.FAILED, detail=detail))
            return
        if self._runner.cancel.cancelled:
            frame.schedule.cancel()
        self._frames[frame.id] = frame
        self._queue.know_jobs(frame.limits)
        self._carry_out(frame, frame.schedule.begin())

    def _start(self, unit: Unit) -> None:
        service = None
        if unit.bound.service is not None:
            service = Service(
                unit.bound, self._runner.cancel, on_ready=lambda: self._inbox.put(_Ready(unit))
            )
            self._services.add(unit, service)
        thread = threading.Thread(
            target=self._run_unit, args=(unit, service), name=f"swamp-step-{unit.step_id}"
        )
        thread.start()
        self._threads[unit.step_id] = thread

    def _run_unit(self, unit: Unit, service: Service | None) -> None:
        """Run a unit in a thread of its own, and hand over how it ended."""
        try:
            self._inbox.put((unit, self._runner.run(unit, service)))
        except BaseException as error:  # noqa: BLE001 - raised by the thread that takes it
            self._inbox.put((unit, error))

    def _stopped_units(self) -> list[Queued]:
        """Return the waiting units of steps that must not start any more."""
        if not self._failed_since:
            return []
        self._failed_since = False
        return [
            unit
            for frame in self._frames.values()
            for state in frame.stopped_steps()
            for unit in self._queue.drop_step(
                frame.shown_job(state.job), state.step.id, frame=frame.id
            )
        ]

    def _settle_by_once(self, unit: Unit) -> bool:
        """End a unit whose `once` key was done before; return whether it was."""
        key = unit.once_key
        outputs = self._once.outputs_of(key) if key is not None else None
        if outputs is None or self._once.is_undone(unit.bound.outputs):
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

    def _settle_unrun(self, unit: AnyUnit, status: StepStatus, reason: str) -> None:
        record = record_of(unit, self._runner.run_id, status, detail=reason)
        self._runner.store.put_step(record)
        emit_step_ended(self._runner.bus, record)
        self._unit_ended(unit, Settled(record=record))

    def _unit_ready(self, unit: Unit) -> None:
        """Let what waits for a background unit go on: to it, the unit has succeeded."""
        self._services.note_ready(unit)
        self._runner.bus.emit(StepReady, step_id=unit.step_id, job=unit.job, step=unit.name)
        self._queue.ended(unit)
        self._settle_unit(unit, StepView(status=StepStatus.SUCCEEDED))

    def _service_ended(self, unit: Unit, settled: Settled) -> None:
        """Take note that a background unit has ended that was ready."""
        self._note_broken(settled)
        record = settled.record
        assert record.status is not None
        frame = self._frames[unit.frame]
        state = frame.steps.get(unit.step.id) or self._services.state(unit)
        if record.status is not StepStatus.SUCCEEDED:
            view = StepView(status=record.status, exit_code=record.exit_code)
            frame.set_view(state.job, unit.name, view)
        state.statuses.append(record.status)
        if unit.step.id in frame.steps:
            return  # another iteration is not ready yet
        self._failed_since |= record.status is StepStatus.FAILED
        self._carry_out(
            frame,
            frame.schedule.service_changed(
                state.job, unit.step, record.status, is_over=not self._services.lives(unit)
            ),
        )

    def _note_broken(self, settled: Settled) -> None:
        if settled.broken:
            self.broken.append(settled.broken)
            self.broken_exit_code = settled.broken_exit_code

    def _unit_ended(self, unit: AnyUnit, settled: Settled) -> None:
        self._note_broken(settled)
        status = settled.record.status
        assert status is not None
        key = unit.once_key if isinstance(unit, Unit) else None
        if key is not None and status is StepStatus.SUCCEEDED:
            self._once.mark(key, settled.outputs)
        if settled.outputs and dict(settled.outputs) != dict(settled.record.outputs):
            self.masked.append(f"{unit.job}/{unit.name}")
        view = StepView(
            status=status, exit_code=settled.record.exit_code, outputs=dict(settled.outputs)
        )
        self._settle_unit(unit, view)

    def _settle_unit(self, unit: AnyUnit, view: StepView) -> None:
        frame = self._frames[unit.frame]
        state = frame.steps[unit.step.id]
        frame.set_view(state.job, unit.name, view)
        state.statuses.append(view.status)
        state.left -= 1
        if state.left == 0:
            self._step_ended(frame, state, lives_on=self._services.keep(unit, state))

    def _step_ended(self, frame: Frame, state: StepState, *, lives_on: bool) -> None:
        status = aggregate(state.statuses)
        if state.step.for_each is not None:
            frame.set_view(state.job, state.step.name.text, StepView(status=status))
        del frame.steps[state.step.id]
        self._failed_since |= status is StepStatus.FAILED
        settle = frame.schedule.service_ready if lives_on else frame.schedule.step_ended
        self._carry_out(frame, settle(state.job, state.step, status))

    def _note_step(
        self, frame: Frame, job: str, step: PlannedStep, status: StepStatus, *, detail: str
    ) -> None:
        """Record a step that has no units: it was skipped, or could not be evaluated."""
        binding = frame.binding(step)
        record = StepRecord(
            run_id=self._runner.run_id,
            step_id=id_of_path(frame.path(step)),
            job=frame.shown_job(job),
            step=step.name.text,
            driver=binding.driver if binding else "",
            status=status,
            detail=detail,
            allowed_failure=step.allow_failure and status is StepStatus.FAILED,
        )
        before = self._history.steps.get(record.step_id)
        if status is StepStatus.FAILED or frame.depends_on_anew(job, step):
            frame.note_anew(job, step)
        if before is None:
            self._runner.store.put_step(record)
        emit_step_ended(self._runner.bus, before or record, previous=before is not None)
        frame.set_view(job, step.name.text, StepView(status=status))
