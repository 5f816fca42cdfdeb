"""Fixtures that open the driver under test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.drivers.cases import CASES, DriverCase
from tests.drivers.harness import OpenRun, new_run, opened_run


def _parameter(case: DriverCase) -> Any:
    marks = [pytest.mark.engine] if case.needs_engine else []
    return pytest.param(case, id=case.name, marks=marks)


@pytest.fixture(scope="session", params=[_parameter(case) for case in CASES])
def driver_under_test(request: pytest.FixtureRequest) -> DriverCase:
    """Each driver of `tests.drivers.cases` in turn."""
    case: DriverCase = request.param
    return case


@pytest.fixture(scope="session")
def shared_run(
    driver_under_test: DriverCase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OpenRun]:
    """Give one prepared run to all tests that do not mind what others left in its workspace."""
    base = tmp_path_factory.mktemp("runs")
    with opened_run(driver_under_test, base) as run:
        yield run


@pytest.fixture
def open_run(driver_under_test: DriverCase, tmp_path: Path) -> Iterator[Callable[..., OpenRun]]:
    """Give a function that prepares a run of its own; all are torn down at the end."""
    with ExitStack() as stack:
        yield lambda **changes: stack.enter_context(
            opened_run(driver_under_test, tmp_path, **changes)
        )


@pytest.fixture
def make_run(driver_under_test: DriverCase, tmp_path: Path) -> Callable[..., OpenRun]:
    """Give a function that makes a run with a new driver and calls no hook."""
    return lambda **changes: new_run(driver_under_test, tmp_path, **changes)
