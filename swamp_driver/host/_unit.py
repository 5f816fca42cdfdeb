"""One unit that a driver runs, from its request to its settled record."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping

import attrs

from swamp_driver.errors import StepStartError, SwampDriverError
from swamp_driver.host._answers import RunAnswers
from swamp_driver.host._bindings import Bindings, OpenedBinding
from swamp_driver.host._bus import EventBus
from swamp_driver.host._capture import Capture
from swamp_driver.host._masking import Masker, mask_text
from swamp_driver.host._method_end import MethodEnd, start_problem
from swamp_driver.host._readiness import NotReadyError
from swamp_driver.host._records import StepRecord
from swamp_driver.host._run_data import RunData
from swamp_driver.host._service import Service
from swamp_driver.host._step_log import StepLog
from swamp_driver.host._store import Store
from swamp_driver.host._units import Settled, Unit
from swamp_driver.host.outputs import Beside, HandOver, HandOverError
from swamp_driver.spec import (
    CancelToken,
    Notice,
    StepEnd,
    StepEnded,
    StepIO,
    StepResult,
    StepStarted,
    StepStatus,
    Stream,
)
from swamp_driver.workflow import BoundData, BoundStep, OutputsError, parse_outputs


@attrs.frozen(kw_only=True, eq=False, repr=False)
class UnitRunner:
    """Runs units of one run; `run` may be called from many threads at once."""

    run_id: str
    bindings: Bindings
    bus: EventBus
    store: Store
    cancel: CancelToken
    data: RunData
    answers: RunAnswers
    """What expressions ask, and what vaults gave."""
    step_env: Callable[[str], Mapping[str, str]] | None = None
    """See `RunOptions.step_env`."""
    hand_over: HandOver

    def run(self, unit: Unit, service: Service | None = None) -> Settled:
        """Run a unit to its end, and return how it ended; its records and events are written.

        `service` is what watches and stops it where it is a background step.

        Never raises what a driver raises: it is in `Settled`. Raises `StoreError`.
        """
        log = self.store.open_step_log(self.run_id, unit.step_id)
        try:
            settled = self._run_logged(unit, service, log)
        finally:
            log.close()
        self.store.put_step(settled.record)
        emit_step_ended(self.bus, settled.record)
        return settled

    def _run_logged(self, unit: Unit, service: Service | None, log: StepLog) -> Settled:
        started_at = time.time()
        self.store.put_step(unit.record(self.run_id, None, started_at=started_at))
        self.bus.emit(
            StepStarted,
            step_id=unit.step_id,
            job=unit.job,
            step=unit.name,
            driver=unit.driver,
            command=mask_text(unit.bound.command_line, unit.secrets),
        )
        output = _Output(self.bus, log, unit, service)
        data = unit.bound.data
        try:
            opened = self.bindings.get(unit.step.binding, unit.driver, unit.config)
            beside = Beside(opened=opened, step_id=unit.step_id, cancel=self.cancel)
            self.hand_over.before(beside, unit)
            result = self._run_in(opened, unit, service, output)
        except SwampDriverError as error:
            return self._not_run(unit, error, started_at)
        finally:
            output.close()
        end = MethodEnd() if data is None else self._keep_data(unit, data, result, output.capture)
        return self._hand_on(beside, unit, _settle(unit, service, result, self.run_id, end))

    def _hand_on(self, beside: Beside, unit: Unit, settled: Settled) -> Settled:
        """Check or take the files that a step hands on; it has failed where they are not there."""
        record = settled.record
        status, broken = record.status, settled.broken
        assert status is not None
        if not unit.bound.outputs and unit.bound.directory is None:
            return settled
        problems: tuple[str, ...]
        try:
            found = self.hand_over.after(beside, unit, status)
            handed_on, problems = found.handed_on, found.problems
        except HandOverError as error:
            handed_on, problems = (), (str(error),)
        except SwampDriverError as error:
            handed_on, problems = (), (str(error),)
            broken = broken or f"step '{unit.name}': driver '{unit.driver}': {error}"
        if problems and status is StepStatus.SUCCEEDED:
            status = StepStatus.CANCELLED if self.cancel.cancelled else StepStatus.FAILED
        return attrs.evolve(
            settled,
            record=attrs.evolve(
                record,
                status=status,
                allowed_failure=unit.step.allow_failure and status is StepStatus.FAILED,
                detail=mask_text("; ".join(filter(None, (record.detail, *problems))), unit.secrets),
                handed_on=handed_on,
            ),
            broken=broken,
        )

    def _keep_data(
        self, unit: Unit, data: BoundData, result: StepResult, capture: Capture | None
    ) -> MethodEnd:
        """Keep what a step has written as data; return how its method ended."""
        # Most steps write none, and need not pay for it.
        from swamp_driver.host import _method_results as methods  # noqa: PLC0415

        if capture is not None:
            end = MethodEnd(results=(methods.shell_result(data, result, capture),))
        else:
            end = methods.read_method_end(data, result)
        if not end.results:
            return end
        problem = methods.keep_results(
            self.data.store(),
            data,
            end.results,
            run_id=self.run_id,
            job=unit.job,
            step_id=unit.step_id,
            secrets=unit.secrets,
        )
        return attrs.evolve(end, problem=end.problem or problem)

    def _run_in(
        self, opened: OpenedBinding, unit: Unit, service: Service | None, output: _Output
    ) -> StepResult:
        request = unit.bound.request
        if self.step_env is not None:
            env = {**self.step_env(unit.step_id), **request.env}
            request = attrs.evolve(request, env=env)
        io = StepIO(output.write, cancel=service.cancel if service else self.cancel.child())
        with service.watched(opened, request) if service else contextlib.nullcontext():
            result = opened.driver.run_step(opened.context, opened.workspace, request, io)
        if io.sink_error is not None:
            self.bus.emit(
                Notice,
                text=f"output of step '{unit.name}' was lost: {io.sink_error}",
            )
        return result

    def _not_run(self, unit: Unit, error: SwampDriverError, started_at: float) -> Settled:
        detail = mask_text(start_problem(unit.bound.data, unit.driver, error), unit.secrets)
        cancelled = self.cancel.cancelled
        record = unit.record(
            self.run_id,
            StepStatus.CANCELLED if cancelled else StepStatus.FAILED,
            started_at=started_at,
            detail=detail,
        )
        if cancelled or isinstance(error, StepStartError | HandOverError | NotReadyError):
            return Settled(record=record)
        return Settled(
            record=record,
            broken=f"step '{unit.name}': driver '{unit.driver}': {detail}",
            broken_exit_code=error.exit_code,
        )


def emit_step_ended(bus: EventBus, record: StepRecord, *, previous: bool = False) -> None:
    """Tell that a step ended as `record` says; `previous`: before the run was suspended."""
    assert record.status is not None
    bus.emit(
        StepEnded,
        step_id=record.step_id,
        job=record.job,
        step=record.step,
        status=record.status,
        end=record.end,
        exit_code=record.exit_code,
        signal=record.signal,
        duration_s=record.duration_s,
        allowed_failure=record.allowed_failure,
        usage=record.usage,
        detail=record.detail,
        previous=previous,
    )


class _Output:
    """The sink of one unit: masks what is secret, logs it, and tells it."""

    def __init__(
        self, bus: EventBus, log: StepLog, unit: Unit, service: Service | None = None
    ) -> None:
        self._bus = bus
        self._log = log
        self._service = service
        self._step = {"step_id": unit.step_id, "job": unit.job, "step": unit.name}
        streams: tuple[Stream, ...] = ("stdout", "stderr") if unit.secrets else ()
        data = unit.bound.data
        self.capture = Capture() if data is not None and data.script is not None else None
        """Of a script whose result is kept as data."""
        self._maskers = {stream: Masker(unit.secrets) for stream in streams}

    def write(self, stream: Stream, data: bytes) -> None:
        if self._service is not None:
            self._service.see(stream, data)
        masker = self._maskers.get(stream)
        self._pass_on(stream, masker.feed(data) if masker else data)

    def close(self) -> None:
        """Pass on what was held back, and say what was not kept."""
        for stream, masker in self._maskers.items():
            self._pass_on(stream, masker.flush())
        if self._log.left_out_bytes:
            self._bus.emit(
                Notice,
                text=f"step '{self._step['step']}' printed more than is kept: "
                f"{self._log.left_out_bytes} bytes are not in its log",
            )

    def _pass_on(self, stream: Stream, data: bytes) -> None:
        if data and self._service is not None:
            self._service.show(data)
        if data:
            if self.capture is not None:
                self.capture.add(stream, data)
            self._bus.emit_output(self._log, stream=stream, data=data, **self._step)


def _settle(
    unit: Unit, service: Service | None, result: StepResult, run_id: str, end: MethodEnd
) -> Settled:
    """Return what a driver's result, and what a method says itself, mean for the run."""
    status = _status(unit.bound, result)
    outputs, problem = _outputs(result)
    if (problem or end.problem) and status is StepStatus.SUCCEEDED:
        status = StepStatus.FAILED
    told = (result.detail, end.problem, problem)
    detail = "; ".join(filter(None, told))
    if service is not None:
        status, detail = service.judge(result, status, detail)
    detail = mask_text(detail, unit.secrets)
    record = unit.record(
        run_id,
        status,
        end=result.end,
        exit_code=result.exit_code,
        signal=result.signal,
        started_at=result.started_at,
        duration_s=result.duration_s,
        detail=detail,
        outputs={key: mask_text(value, unit.secrets) for key, value in outputs.items()},
        usage=result.usage,
    )
    lost = result.end is StepEnd.LOST
    return Settled(
        record=record,
        outputs=outputs,
        broken=f"step '{unit.name}': driver '{unit.driver}': {detail}" if lost else None,
    )


def _outputs(result: StepResult) -> tuple[Mapping[str, str], str | None]:
    """Return what the step wrote to `$SWAMP_OUTPUT`, and why it cannot be understood."""
    if problem := result.collect_problems.get("output"):
        return {}, f"$SWAMP_OUTPUT cannot be read: {problem}"
    try:
        return parse_outputs(result.collected.get("output", b"")), None
    except OutputsError as error:
        return {}, str(error)


def _status(bound: BoundStep, result: StepResult) -> StepStatus:
    if result.end is StepEnd.SUCCEEDED:
        return StepStatus.SUCCEEDED
    if result.end is StepEnd.CANCELLED:
        return StepStatus.CANCELLED
    if result.end is StepEnd.FAILED and bound.ignore_exit_code:
        return StepStatus.SUCCEEDED
    return StepStatus.FAILED
