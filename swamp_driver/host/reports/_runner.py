"""Makes the reports of one run: those on methods beside the steps, those on the workflow last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from swamp_driver.host._masking import mask_json, mask_text
from swamp_driver.host._records import ReportRecord, ReportStatus, StepRecord
from swamp_driver.host._reporting import ReportSources
from swamp_driver.host.reports._process import ReportAnswer, make_report
from swamp_driver.host.reports._request import report_request
from swamp_driver.spec import CancelStage, RunStatus, StepStatus
from swamp_driver.workflow import PlannedReport

LIMIT_S = 60.0
"""How long one report may take."""
_AT_ONCE = 2


class ReportRunner:
    """Makes the reports of a run.

    Tell it of each step that ended, from any thread; that does not wait. Then call `finish` once,
    and `close` in any case. `keep` is called with each report as it is made, from several threads.
    Nothing is made any more, and nothing kept, once the run is cancelled.
    """

    def __init__(
        self,
        reports: Sequence[PlannedReport],
        *,
        sources: ReportSources,
        keep: Callable[[ReportRecord], None],
        limit_s: float = LIMIT_S,
    ) -> None:
        self._reports = reports
        self._sources = sources
        self._keep = keep
        self._limit_s = limit_s
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="swamp-report")
        self._pending: list[Future[None]] = []

    def step_ended(self, step: StepRecord) -> None:
        """Make the reports on a method that was called; do nothing after any other step."""
        if step.model_type is None or step.status not in {StepStatus.SUCCEEDED, StepStatus.FAILED}:
            return
        for report in self._reports:
            if report.is_made_after(model_type=step.model_type, method=step.method or ""):
                self._submit(report, step, RunStatus.RUNNING)

    def finish(self, status: RunStatus) -> tuple[str, ...]:
        """Make the reports on the workflow when those on methods are done; wait for all.

        `status` is what the run came to. Returns in words what was required and not made, also by
        another process before the run was suspended.
        """
        self._wait()
        for report in self._reports:
            if report.scope == "workflow":
                self._submit(report, None, status)
        self._wait()
        return tuple(
            f"{one.title} is required and could not be made: {one.error}"
            for one in self._sources.store.reports(self._sources.run_id)
            if one.required and one.status is ReportStatus.FAILED
        )

    def close(self) -> None:
        """Make those that are under way, and no more; return then. Calling it twice is fine."""
        self._pool.shutdown()

    def _submit(self, report: PlannedReport, step: StepRecord | None, status: RunStatus) -> None:
        self._pending.append(self._pool.submit(self._make, report, step, status))

    def _wait(self) -> None:
        """Wait for the reports under way; raise what their threads raised."""
        pending, self._pending = self._pending, []
        for future in pending:
            future.result()

    def _make(self, report: PlannedReport, step: StepRecord | None, status: RunStatus) -> None:
        cancel = self._sources.cancel
        if cancel.cancelled:
            return
        answer = make_report(
            report_request(report, step, status=status, sources=self._sources),
            limit_s=self._limit_s,
            cancel=cancel,
            environ=self._sources.environ,
        )
        if cancel.stage is CancelStage.NONE:  # it may have been set meanwhile
            self._keep(_record(report, step, answer, self._sources.secrets()))


def _record(
    report: PlannedReport, step: StepRecord | None, answer: ReportAnswer, secrets: frozenset[bytes]
) -> ReportRecord:
    return ReportRecord(
        name=report.name,
        scope=report.scope,
        description=report.description,
        required=report.required,
        step_id=None if step is None else step.step_id,
        job=None if step is None else step.job,
        step=None if step is None else step.step,
        status=_status(answer),
        markdown=mask_text(answer.markdown, secrets),
        json=mask_json(answer.json, secrets),
        error=mask_text(answer.error or "", secrets),
        words=mask_text(answer.words, secrets) if answer.error else "",
        duration_s=answer.duration_s,
    )


def _status(answer: ReportAnswer) -> ReportStatus:
    if answer.error is not None:
        return ReportStatus.FAILED
    return ReportStatus.MADE if answer.made else ReportStatus.EMPTY
