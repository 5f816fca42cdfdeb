"""A docker driver over the fake engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from swamp_driver.spec import Json
from swamp_driver_docker_ws import DockerDriver
from tests.drivers.cases import DriverCase
from tests.drivers.docker.fake_engine import FakeEngine
from tests.drivers.harness import OpenRun, new_run


@pytest.fixture
def engine() -> FakeEngine:
    """Provide an engine that has the image `busybox`."""
    return FakeEngine()


@pytest.fixture
def fake_run(tmp_path: Path, engine: FakeEngine) -> Iterator[Callable[..., OpenRun]]:
    """Give a function that makes a run over the fake engine; all are torn down at the end."""
    with ExitStack() as stack:

        def make(options: Mapping[str, Json] | None = None, **changes: Any) -> OpenRun:
            data: dict[str, Json] = {"image": "busybox", **(options or {})}
            case = DriverCase(name="docker", load=lambda: DockerDriver, options=lambda: data)
            run = new_run(case, tmp_path, **changes)
            run.driver.connect = lambda _: engine
            stack.callback(run.teardown)
            return run

        yield make
