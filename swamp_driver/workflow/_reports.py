"""Which reports a run makes: what the workflow asks for, of those that there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

import attrs

from swamp_driver._value import Value
from swamp_driver.spec._suggest import did_you_mean, quoted
from swamp_driver.workflow._problems import Place, Problems

ReportScope = Literal["method", "workflow"]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PlannedReport(Value):
    """A report that is to be made, and where its function is: in a file, or a module."""

    name: str
    scope: ReportScope
    description: str = ""
    function: str
    file: str | None = None
    """Absolute path of a Python file of the repository."""
    module: str | None = None
    """The module of an installed distribution."""
    model_types: tuple[str, ...] = ()
    """With the scope `method`: only after methods of models of these types; all where empty."""
    methods: tuple[str, ...] = ()
    """With the scope `method`: only after these methods; all where empty."""
    required: bool = False
    """The run fails where it cannot be made."""

    def is_made_after(self, *, model_type: str, method: str) -> bool:
        """Return whether it is made after a step that called this method."""
        return (
            self.scope == "method"
            and (not self.model_types or model_type in self.model_types)
            and (not self.methods or method in self.methods)
        )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class FoundReports(Value):
    """The reports of a place, and in words what cannot be read there."""

    reports: tuple[PlannedReport, ...] = ()
    unreadable: tuple[str, ...] = ()


class ReportCatalog:
    """Knows the reports that there are; both sides are asked only when they are needed.

    `own` gives those of the repository, which are made unless they are skipped; `installed` those
    of installed distributions, which are made where they are required.
    """

    def __init__(
        self,
        own: Callable[[], FoundReports] = FoundReports,
        installed: Callable[[], FoundReports] = FoundReports,
    ) -> None:
        self.own = own
        self.installed = installed


@attrs.frozen(kw_only=True, eq=False, repr=False)
class WantedReport(Value):
    """A report that the file names, where, and the methods that it is wanted for."""

    name: str
    methods: tuple[str, ...]
    place: Place


def plan_reports(
    *,
    require: Sequence[WantedReport],
    skip: Sequence[WantedReport],
    catalog: ReportCatalog,
    problems: Problems,
) -> FoundReports:
    """Return the reports to be made; note names that no report has, or that contradict."""
    own = catalog.own()
    known = _by_name(own.reports)
    if any(wanted.name not in known for wanted in (*require, *skip)):
        installed = catalog.installed()
        known = {**_by_name(installed.reports), **known}
        own = attrs.evolve(own, unreadable=(*own.unreadable, *installed.unreadable))
    required = _known(require, known, own.unreadable, problems)
    skipped = _known(skip, known, own.unreadable, problems)
    for name in required.keys() & skipped.keys():
        what = f"the report {quoted(name)} is both required and skipped"
        problems.add(what, skipped[name].place)
    names = [*_by_name(own.reports), *(name for name in required if name in known)]
    return attrs.evolve(
        own,
        reports=tuple(
            _planned(known[name], required.get(name))
            for name in dict.fromkeys(names)
            if name not in skipped
        ),
    )


def _by_name(reports: Iterable[PlannedReport]) -> dict[str, PlannedReport]:
    return {report.name: report for report in reports}


def _known(
    wanted: Sequence[WantedReport],
    known: Mapping[str, PlannedReport],
    unreadable: Sequence[str],
    problems: Problems,
) -> dict[str, WantedReport]:
    """Return what is wanted by name, without what no report has; note that."""
    found = {}
    for one in wanted:
        if one.name in known:
            found[one.name] = one
            if one.methods and known[one.name].scope == "workflow":
                what = f"the report {quoted(one.name)} is on the workflow, not on methods"
                problems.add(what, one.place)
        else:
            hint = did_you_mean(one.name, known) or _what_there_is(known, unreadable)
            what = f"there is no report {quoted(one.name)}"
            problems.add(what, one.place, hint=hint, kind="absent")
    return found


def _what_there_is(known: Mapping[str, PlannedReport], unreadable: Sequence[str]) -> str:
    if unreadable:
        return f"not read: {'; '.join(unreadable)}"
    if known:
        return f"there are: {', '.join(sorted(known))}"
    return "reports are functions in 'extensions/reports/*.py' of the repository"


def _planned(report: PlannedReport, required: WantedReport | None) -> PlannedReport:
    if required is None:
        return report
    return attrs.evolve(report, required=True, methods=required.methods)
