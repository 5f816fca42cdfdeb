"""A step with `background: true` -> what is planned of it, and what makes no sense with it."""

from __future__ import annotations

from swamp_driver.workflow._cel import ExpressionError, pattern_matches
from swamp_driver.workflow._model_service import ReadyWhen
from swamp_driver.workflow._model_step import Step
from swamp_driver.workflow._model_task import ManualApprovalTask, WorkflowTask
from swamp_driver.workflow._planned import PlannedBackground, PlannedReadiness
from swamp_driver.workflow._problems import Problems
from swamp_driver.workflow._scan import has_expression
from swamp_driver.workflow._static import Static
from swamp_driver.workflow._template import Template

LAST_PORT = 65535


def plan_background(step: Step, static: Static, problems: Problems) -> PlannedBackground | None:
    """Return what is planned of a background step; None for any other step."""
    if not static.flag(step.background, step.where.value("background")):
        for key in ("readyWhen", "until"):
            if step.where.has(key):
                what = f"'{key}' belongs to a background step"
                problems.add(what, step.where.key(key), hint="write 'background: true'")
        return None
    _check(step, problems)
    ready = _readiness(step.ready_when, static, problems) if step.ready_when else None
    return PlannedBackground(until=step.until or "job", ready_when=ready)


def _check(step: Step, problems: Problems) -> None:
    senseless = {
        "once": "a background step runs in each run, so it cannot have 'once'",
        "outputs": "a background step ends after the steps that would find its outputs",
    }
    for key, what in senseless.items():
        if step.where.has(key):
            problems.add(what, step.where.key(key), hint="use a step of its own for that")
    if step.sharing == "exclusive":
        what = "a background step runs beside other steps, so it cannot be 'exclusive'"
        problems.add(what, step.where.value("sharing"))
    if isinstance(step.task, ManualApprovalTask | WorkflowTask):
        what = f"a task of the type '{step.task.type}' cannot run in the background"
        problems.add(what, step.where.key("background"), hint="use 'run', or a method of a model")


def _readiness(written: ReadyWhen, static: Static, problems: Problems) -> PlannedReadiness:
    where = written.where
    if written.log is not None and not has_expression(written.log.text):
        try:
            pattern_matches(written.log.text, "")
        except ExpressionError as error:
            problems.add(f"the regular expression is not valid: {error}", where.value("log"))
    return PlannedReadiness(
        port=_port(written, static, problems),
        log=written.log,
        command=written.command,
        timeout_ms=static.timeout(written.timeout, where.value("timeout")),
        interval_ms=static.timeout(written.interval, where.value("interval")),
    )


def _port(written: ReadyWhen, static: Static, problems: Problems) -> int | Template | None:
    port, place = written.port, written.where.value("port")
    if not isinstance(port, Template) or not static.knows(port):
        return port
    found = static.whole(port, place, minimum=1)
    if found > LAST_PORT:
        problems.add(f"there is no port {found}: the last one is {LAST_PORT}", place)
    return found
