"""Answers to the questions of a run, and suspended runs that go on."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from swamp_driver.errors import ApprovalError, NotFoundError
from swamp_driver.host._approvals import Answer, Approval, Approvals
from swamp_driver.host._bus import Observer
from swamp_driver.host._kept import read_history
from swamp_driver.host._records import RunRecord
from swamp_driver.host._registry import RegistryCatalog, as_catalog
from swamp_driver.host._run import Resume, RunOptions, execute_run
from swamp_driver.host._settings import HostSettings
from swamp_driver.host._store import Store, open_store
from swamp_driver.spec import CancelToken, RunStatus

_WAIT_S = 30.0
"""How long a run may take to take note of an answer that was given while it ran."""
_POLL_S = 0.1


def answer_run(
    store: Store,
    prefix: str,
    step: str | None,
    answer: Answer,
    *,
    by: str,
    reason: str = "",
) -> Approval:
    """Answer a question of a run, and return it as it was recorded.

    `prefix` is a run as `Store.find_run` takes it; `step` a step id, a name, or `job/step`, and may
    be None where one step waits. The run may be suspended, or run still. Of several answers at
    once, one counts. An answer that comes too late is recorded as `timed out`: the step failed.

    Raises:
        NotFoundError: there is no such run, or no such step of it.
        ApprovalError: the run waits for no answer, for several, or it was answered before.
        StoreError: the records cannot be used.
    """
    store.close_interrupted()
    run = store.find_run(prefix)
    approvals = Approvals(store)
    asked = approvals.of_run(run.run_id)
    chosen = _choose(run, asked, step)
    if chosen.answer is not None:
        raise ApprovalError(f"'{chosen.label}' was answered before: {chosen.words}")
    if run.status not in {RunStatus.RUNNING, RunStatus.SUSPENDED}:
        raise ApprovalError(f"run {run.run_id} waits for no answer: it is {run.status}")
    return approvals.answer(chosen, answer, by=by, reason=reason)


def _choose(run: RunRecord, asked: Sequence[Approval], step: str | None) -> Approval:
    waiting = [one for one in asked if one.answer is None]
    if step is None and len(waiting) == 1:
        return waiting[0]
    if step is None and not waiting:
        answered = f": '{asked[-1].label}' was {asked[-1].words}" if asked else ""
        raise ApprovalError(f"run {run.run_id} waits for no answer{answered}")
    if step is None:
        names = ", ".join(f"'{one.label}'" for one in waiting)
        raise ApprovalError(f"run {run.run_id} waits for several answers, name one: {names}")
    found = [one for one in asked if step in (one.step_id, one.label, one.step)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(f"'{one.label}'" for one in asked) or "none"
    what = "is not one step" if found else "is no step"
    raise NotFoundError(f"'{step}' {what} of run {run.run_id} that asks; there are: {known}")


def wait_until_heard(store: Store, answered: Approval) -> RunStatus:
    """Return the status of a run that was answered: `suspended` where it can go on here.

    A run that had other steps to do hears the answer itself, within seconds; one that was about to
    be suspended may not have.
    """
    deadline = time.monotonic() + _WAIT_S
    while True:
        store.close_interrupted()
        run = store.find_run(answered.run_id)
        status = next(one.status for one in run.steps if one.step_id == answered.step_id)
        heard = run.status is not RunStatus.RUNNING or status is not None
        if heard or time.monotonic() > deadline:
            return run.status
        time.sleep(_POLL_S)


def resume_run(
    prefix: str,
    *,
    observers: Sequence[Observer] = (),
    cancel: CancelToken | None = None,
    settings: HostSettings | None = None,
    options: RunOptions | None = None,
    drivers: Mapping[str, type] | RegistryCatalog | None = None,
) -> RunRecord:
    """Let a suspended run go on in this process; return its record as `run` does.

    It goes on with the plan that it was begun with, whatever became of its file. Steps that ended
    are not run again: their outcomes are known to expressions, their outputs with secrets masked.
    Where it waits for answers that nobody gave, it is suspended again.

    Raises:
        NotFoundError: there is no such run.
        ApprovalError: it is not suspended, or another process was quicker.
        StoreError: the records cannot be used.
    """
    settings = settings or HostSettings.from_environment()
    catalog = as_catalog(drivers)
    with open_store(settings) as store:
        run = store.find_run(prefix)
        if run.status is not RunStatus.SUSPENDED:
            raise ApprovalError(f"run {run.run_id} is not suspended: it is {run.status}")
        history = read_history(store.directory(run.run_id), run.steps)
        return execute_run(
            history.frames[""].plan,
            store=store,
            load=catalog.load,
            observers=observers,
            cancel=cancel,
            options=options,
            resume=Resume(run_id=run.run_id, started_at=run.started_at, history=history),
        )
