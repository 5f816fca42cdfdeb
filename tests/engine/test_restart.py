"""An engine that is restarted in the middle of a run, on an engine of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from swamp_driver.errors import DriverError
from swamp_driver.spec import Json, StepEnd
from tests.engine.place import MODES, docker_run
from tests.engine.second import SecondEngine, second_engine_at

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(os.getuid() != 0, reason="needs root to start an engine"),
]


@pytest.fixture(scope="module")
def second_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecondEngine]:
    """Provide an engine with the busybox image."""
    with second_engine_at(tmp_path_factory.mktemp("e")) as engine:
        yield engine


@pytest.mark.parametrize("mode", MODES)
def test_a_restart_in_mid_step_is_a_loss(
    tmp_path: Path, second_engine: SecondEngine, mode: str
) -> None:
    """The stream ends as if the step had; then the record is looked at, and there is none."""
    options: dict[str, Json] = {"mode": mode, "host": second_engine.url, "network": "none"}
    run = docker_run(tmp_path, options)
    run.prepare()
    step = run.start_sh("echo up; sleep 600")
    step.wait_for_output(b"up")
    second_engine.stop()
    second_engine.start()
    result = step.result
    assert (result.end, result.exit_code) == (StepEnd.LOST, None)
    assert "lost" in result.detail
    later = run.sh("true")
    if mode == "session":
        with pytest.raises(DriverError):
            assert later.result is None
    else:
        assert later.result.end is StepEnd.SUCCEEDED
    assert run.teardown().errors == ()
    assert second_engine.docker("ps", "--all", "--quiet").stdout == b""
    assert not run.run_dir.exists()
