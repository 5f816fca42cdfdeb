"""Which reports there are: read from source text; nothing of it is executed or imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib.machinery import PathFinder
from pathlib import Path

import attrs

from swamp_driver.host._entry_points import find_entry_points
from swamp_driver.workflow import FoundReports, PlannedReport

ENTRY_POINT_GROUP = "swamp.reports"
FOLDER = "extensions/reports"
_MOST_BYTES = 1 << 20
_ARGUMENTS = {"scope", "name", "description", "model_types"}


class _Unreadable(Exception):  # noqa: N818 - it becomes a line of text
    """A file or a decorator cannot be understood; the text says why."""


def find_own_reports(repository: Path) -> FoundReports:
    """Return the reports in `extensions/reports/*.py` of a repository, by file and line.

    Files whose names begin with `_` are not looked at: reports may import them.
    """
    reports: dict[str, PlannedReport] = {}
    unreadable = []
    for file in sorted((repository / FOLDER).glob("[!_]*.py")):
        shown = f"{FOLDER}/{file.name}"
        try:
            for line, report in _reports_in(_read(file)):
                if report.name in reports:
                    what = f"{shown}:{line}: there is another report {report.name!r}"
                    unreadable.append(what)
                else:
                    reports[report.name] = attrs.evolve(report, file=str(file.resolve()))
        except _Unreadable as error:
            unreadable.append(f"{shown}:{error}")
    return FoundReports(reports=tuple(reports.values()), unreadable=tuple(unreadable))


def find_installed_reports() -> FoundReports:
    """Return the reports that installed distributions offer as `swamp.reports`."""
    reports: dict[str, PlannedReport] = {}
    unreadable = []
    for entry_point in find_entry_points(ENTRY_POINT_GROUP):
        module, _, function = entry_point.value.partition(":")
        try:
            report = _report_named(function, module)
        except _Unreadable as error:
            distribution = entry_point.distribution or "an unknown distribution"
            unreadable.append(f"{entry_point.name} of {distribution}:{error}")
        else:
            # The name that the distribution registered counts: two of them may name one function.
            named = attrs.evolve(report, name=entry_point.name, module=module)
            reports.setdefault(entry_point.name, named)
    return FoundReports(reports=tuple(reports.values()), unreadable=tuple(unreadable))


def _report_named(function: str, module: str) -> PlannedReport:
    """Return the report that a module defines by a function of that name."""
    for _, report in _reports_in(_read(_source_of(module))):
        if report.function == function:
            return report
    raise _Unreadable(f" there is no report {function!r} in '{module}'")


def _source_of(module: str) -> Path:
    """Return the source file of a module; its packages are not imported, as `find_spec` would."""
    path: list[str] | None = None
    origin = None
    parts = module.split(".")
    for number in range(len(parts)):
        spec = PathFinder.find_spec(".".join(parts[: number + 1]), path)
        if spec is None:
            raise _Unreadable(f" there is no module '{module}'")
        path = list(spec.submodule_search_locations or ())
        origin = spec.origin
    if origin is None or not origin.endswith(".py"):
        raise _Unreadable(f" the module '{module}' has no Python source")
    return Path(origin)


def _read(file: Path) -> ast.Module:
    try:
        with file.open("rb") as source:
            data = source.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise _Unreadable(f" it is larger than {_MOST_BYTES} bytes")
        return ast.parse(data)
    except OSError as error:
        raise _Unreadable(f" it cannot be read: {error.strerror}") from error
    except SyntaxError as error:
        raise _Unreadable(f"{error.lineno}: it is not Python: {error.msg}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise _Unreadable(f" it is not Python: {error}") from error


def _reports_in(tree: ast.Module) -> Iterator[tuple[int, PlannedReport]]:
    """Yield the functions of a module that are decorated as reports, with their lines."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                if _is_report(decorator):
                    yield node.lineno, _report(node, decorator)


def _is_report(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    match called:
        case ast.Name(id="report") | ast.Attribute(attr="report"):
            return True
        case _:
            return False


def _report(node: ast.FunctionDef, decorator: ast.expr) -> PlannedReport:
    line = decorator.lineno
    if not isinstance(decorator, ast.Call) or decorator.args:
        raise _Unreadable(f"{line}: write '@report(scope=..., ...)'")
    given = {}
    for keyword in decorator.keywords:
        if keyword.arg not in _ARGUMENTS:
            raise _Unreadable(f"{line}: @report has: {', '.join(sorted(_ARGUMENTS))}")
        given[keyword.arg] = _literal(keyword.value, keyword.arg)
    if given.get("scope") not in ("method", "workflow"):
        raise _Unreadable(f"{line}: the scope of a report is 'method' or 'workflow'")
    return _checked(node, given, line)


def _checked(node: ast.FunctionDef, given: dict[str, object], line: int) -> PlannedReport:
    name, description = given.get("name") or node.name, given.get("description", "")
    types = given.get("model_types", ())
    if not isinstance(name, str) or not isinstance(description, str):
        raise _Unreadable(f"{line}: 'name' and 'description' of a report are texts")
    if not isinstance(types, tuple | list) or not all(isinstance(one, str) for one in types):
        raise _Unreadable(f"{line}: 'model_types' of a report is a list of texts")
    return PlannedReport(
        name=name,
        scope="method" if given["scope"] == "method" else "workflow",
        description=description,
        function=node.name,
        model_types=tuple(types),
    )


def _literal(value: ast.expr, name: str) -> object:
    try:
        found: object = ast.literal_eval(value)
    except ValueError as error:
        what = f"{value.lineno}: '{name}' must be a literal: it is read, never executed"
        raise _Unreadable(what) from error
    return found
