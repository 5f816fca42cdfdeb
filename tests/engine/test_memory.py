"""Memory limits: who is killed for them, and who is said to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from swamp_driver.spec import StepEnd
from tests.engine.place import DEBIAN, MODES, opened

pytestmark = pytest.mark.engine

GREEDY = ("python3", "-c", "x = bytearray(512 * 1024 * 1024)")


@pytest.mark.parametrize("mode", MODES)
def test_a_step_over_its_limit_is_out_of_memory(tmp_path: Path, mode: str) -> None:
    """Not "exit 137", which anyone can say."""
    with opened(tmp_path, {"image": DEBIAN, "mode": mode, "memory": "64m"}) as run:
        result = run.execute(*GREEDY).result
        assert (result.end, result.signal) == (StepEnd.OUT_OF_MEMORY, 9)


def test_an_innocent_neighbour_is_not_blamed(tmp_path: Path) -> None:
    """The engine's own flag stays set for the rest of a container's life."""
    with opened(tmp_path, {"image": DEBIAN, "mode": "session", "memory": "64m"}) as run:
        neighbour = run.start_sh("echo up; while [ ! -e go ]; do sleep 0.02; done; exit 137")
        neighbour.wait_for_output(b"up")
        assert run.execute(*GREEDY).result.end is StepEnd.OUT_OF_MEMORY
        (run.path / "go").touch()
        result = neighbour.result
        assert (result.end, result.exit_code) == (StepEnd.FAILED, 137)
        killed = run.execute("sh", "-c", "kill -9 $$").result
        assert killed.end is StepEnd.SIGNALLED
