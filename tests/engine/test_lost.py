"""A container that someone else ends is lost: its step did not fail, nobody guesses its code."""

from __future__ import annotations

from pathlib import Path

import pytest

from swamp_driver.errors import LostError
from swamp_driver.spec import StepEnd
from tests.drivers.harness import wait_until
from tests.engine.place import MODES, containers_of, docker, opened

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("how", [("kill",), ("rm", "--force"), ("stop", "--time=5")])
def test_a_container_that_is_ended_from_outside_is_lost(
    tmp_path: Path, mode: str, how: tuple[str, ...]
) -> None:
    """With what is known of its end, and what the step had said before."""
    with opened(tmp_path, {"mode": mode}) as run:
        step = run.start_sh("echo up; sleep 600")
        step.wait_for_output(b"up")
        (name,) = containers_of(run)
        docker(*how, name)
        result = step.result
        assert (result.end, result.exit_code) == (StepEnd.LOST, None)
        assert name in result.detail
        assert "killed from outside" in result.detail
        assert step.text == "up"


def test_a_session_that_is_gone_says_so_to_later_steps(tmp_path: Path) -> None:
    """What earlier steps left in the container is gone with it: a new one would be a lie."""
    with opened(tmp_path, {"mode": "session"}) as run:
        docker("kill", *containers_of(run))
        step = run.sh("true")
        with pytest.raises(LostError, match="killed from outside"):
            assert step.result is None


def test_the_next_step_has_a_container_of_its_own_again(tmp_path: Path) -> None:
    """In per-step mode nothing is lost with a container but its step."""
    with opened(tmp_path) as run:
        step = run.start_sh("echo up; sleep 600")
        step.wait_for_output(b"up")
        docker("kill", *containers_of(run))
        assert step.result.end is StepEnd.LOST
        assert run.sh("true").result.end is StepEnd.SUCCEEDED


def test_a_waiting_container_that_dies_is_replaced(tmp_path: Path) -> None:
    """Nothing of a step ran in it, so nobody needs to know."""
    with opened(tmp_path, run={"expected_steps": 2, "concurrency": 2}) as run:
        wait_until(lambda: len(containers_of(run, state="running")) == 2, "two wait")
        docker("kill", *containers_of(run))
        wait_until(lambda: containers_of(run) == [], "they are gone")
        assert run.sh("true").result.end is StepEnd.SUCCEEDED
