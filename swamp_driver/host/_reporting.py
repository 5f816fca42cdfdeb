"""The reports of a run, tied to its events and records; costs nothing where there are none."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from swamp_driver._value import Value
from swamp_driver.host._bus import EventBus
from swamp_driver.host._records import ReportRecord, ReportStatus
from swamp_driver.host._store import Store
from swamp_driver.spec import CancelToken, Notice, RunEvent, RunStatus, StepEnded
from swamp_driver.workflow import FoundReports

if TYPE_CHECKING:
    from swamp_driver.host.reports import ReportRunner

Finish = Callable[[RunStatus], tuple[str, ...]]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ReportSources(Value):
    """Where reports get what they know; what is a function is called from several threads."""

    run_id: str
    store: Store
    """Where the run stands with its steps, and where the reports are kept."""
    data: Callable[[], Sequence[Mapping[str, Any]]]
    """What the run has written, with the fields of `swamp_driver.reports.Artifact`."""
    secrets: Callable[[], frozenset[bytes]]
    """What is masked in all that reports say."""
    tags: Mapping[str, str]
    """Those of the workflow."""
    workspace: Callable[[], str | None]
    """The run's workspace; None where this host does not see it."""
    repository: Callable[[], Path]
    environ: Mapping[str, str]
    """The caller's; reports see a few harmless variables of it."""
    cancel: CancelToken


@contextlib.contextmanager
def reporting(found: FoundReports, *, sources: ReportSources, bus: EventBus) -> Iterator[Finish]:
    """Make the reports on methods while the block runs, and end what is left of them after it.

    Yields what makes the reports on the workflow: call it when the steps have ended, with what the
    run came to, before the workspace goes. It returns in words what was required and could not be
    made. Every report is kept in the store; one that could not be made is told of by a notice.
    """
    for what in found.unreadable:
        bus.emit(Notice, text=f"reports are left out: {what}")
    if not found.reports:
        yield lambda _: ()
        return
    from swamp_driver.host.reports import ReportRunner  # noqa: PLC0415 - few runs have reports

    def keep(report: ReportRecord) -> None:
        sources.store.put_report(sources.run_id, report)
        if report.status is ReportStatus.FAILED:
            bus.emit(Notice, text=f"{report.title} could not be made: {report.error}")

    runner = ReportRunner(found.reports, sources=sources, keep=keep)
    if any(report.scope == "method" for report in found.reports):
        bus.add(_StepsEnded(runner, sources))
    with contextlib.closing(runner):
        yield runner.finish


class _StepsEnded:
    """Tells a runner of the steps that have ended."""

    def __init__(self, runner: ReportRunner, sources: ReportSources) -> None:
        self._runner = runner
        self._sources = sources

    def on_event(self, event: RunEvent) -> None:
        """Take an event."""
        if isinstance(event, StepEnded) and not event.previous:
            step = self._sources.store.find_step(event.run_id, event.step_id)
            self._runner.step_ended(step)
