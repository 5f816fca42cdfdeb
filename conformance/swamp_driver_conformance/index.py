"""Which tests and mutants belong to which clause."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping

import attrs

from swamp_driver_conformance import suite
from swamp_driver_conformance.marks import MARK


@attrs.frozen(kw_only=True)
class SuiteTest:
    """A test function of the suite."""

    name: str
    """`test_ws.py::test_new_workspace_is_empty`"""
    reason: str
    """The first line of its docstring."""
    clauses: tuple[str, ...]


def suite_tests() -> tuple[SuiteTest, ...]:
    """Return all tests of the suite, in the order of files and lines; imports them all."""
    return tuple(_all_tests())


def _all_tests() -> Iterator[SuiteTest]:
    for module_info in pkgutil.iter_modules(suite.__path__):
        if module_info.name.startswith("test_"):
            module = importlib.import_module(f"{suite.__name__}.{module_info.name}")
            for name, function in vars(module).items():
                if name.startswith("test_") and inspect.isfunction(function):
                    yield _describe(f"{module_info.name}.py::{name}", function)


def _describe(name: str, function: object) -> SuiteTest:
    marks = getattr(function, "pytestmark", [])
    ids = tuple(one for mark in marks if mark.name == MARK for one in mark.args)
    reason = (inspect.getdoc(function) or "").partition("\n")[0]
    return SuiteTest(name=name, reason=reason, clauses=ids)


def index_by_clause() -> Mapping[str, tuple[SuiteTest, ...]]:
    """Return the tests of each clause that has some."""
    found: dict[str, list[SuiteTest]] = {}
    for test in suite_tests():
        for clause_id in test.clauses:
            found.setdefault(clause_id, []).append(test)
    return {clause_id: tuple(tests) for clause_id, tests in found.items()}
