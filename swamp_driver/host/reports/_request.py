"""What a report is told, as the JSON that its process reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from swamp_driver.host._records import RunRecord, StepRecord
from swamp_driver.host._reporting import ReportSources
from swamp_driver.spec import RunStatus
from swamp_driver.workflow import PlannedReport


def report_request(
    report: PlannedReport, step: StepRecord | None, *, status: RunStatus, sources: ReportSources
) -> Mapping[str, Any]:
    """Return the request for a report on a step, or on the run where `step` is None.

    `status` is what the run has come to.
    Its fields are those that `swamp_driver.reports._child` takes.
    """
    run = sources.store.find_run(sources.run_id)
    return {
        "function": _function(report),
        "run": _run(run, status, sources),
        "steps": [_step(one) for one in run.steps if one.status is not None],
        "step": None if step is None else _step(step),
        "data": [dict(one) for one in sources.data()],
        "workspace": sources.workspace() if report.scope == "workflow" else None,
        "repository": str(sources.repository()),
    }


def _function(report: PlannedReport) -> Mapping[str, str]:
    if report.file is not None:
        return {"file": report.file, "name": report.function}
    assert report.module is not None
    return {"module": report.module, "name": report.function}


def _run(run: RunRecord, status: RunStatus, sources: ReportSources) -> Mapping[str, Any]:
    return {
        "id": run.run_id,
        "status": str(status),
        "workflow": run.workflow,
        "started_at": run.started_at,
        "inputs": dict(run.inputs),
        "tags": dict(sources.tags),
        "source": run.source,
    }


def _step(step: StepRecord) -> Mapping[str, Any]:
    return {
        "id": step.step_id,
        "job": step.job,
        "name": step.step,
        "status": str(step.status),
        "driver": step.driver,
        "allowed_failure": step.allowed_failure,
        "exit_code": step.exit_code,
        "started_at": step.started_at,
        "duration_s": step.duration_s,
        "detail": step.detail,
        "outputs": dict(step.outputs),
        "model": step.model,
        "model_type": step.model_type,
        "method": step.method,
    }
