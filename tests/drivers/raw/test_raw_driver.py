"""What is the raw driver's own: the choice of its two ways, and what a crash leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

import swamp_driver_raw._containment as containment
from swamp_driver.agent import agent_binary
from swamp_driver.errors import ConfigError, LostError, UnavailableError
from swamp_driver.spec import (
    API_VERSION,
    Capability,
    ConfigSample,
    StepEnd,
    config_options,
    is_known_capability,
    structure_config,
)
from swamp_driver_raw import RawConfig, RawDriver
from tests.drivers.cases import CASES
from tests.drivers.harness import (
    OpenRun,
    new_run,
    new_token,
    opened_run,
    processes_with,
    wait_until,
)

AGENT, PORTABLE = (
    next(case for case in CASES if case.name == name) for name in ("raw-agent", "raw-portable")
)


@pytest.fixture
def without_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this machine be one that the agent was not built for."""

    def refuse(machine: str) -> Path:
        raise UnavailableError(f"there is no agent for machine '{machine}'", fix="build one")

    monkeypatch.setattr(containment, "agent_binary", refuse)


def test_its_info_is_in_order() -> None:
    """The host reads it before it constructs anything."""
    info = RawDriver.info
    assert info.api == API_VERSION
    assert all(map(is_known_capability, info.capabilities))
    assert [option.key for option in config_options(RawConfig)] == ["passEnv", "containment"]


@pytest.mark.parametrize("sample", RawDriver.info.good_configs, ids=lambda s: s.title)
def test_options_that_shall_be_accepted_are(sample: ConfigSample) -> None:
    """They are in the documents and in the conformance suite."""
    assert isinstance(structure_config(RawConfig, sample.data), RawConfig)


@pytest.mark.parametrize("sample", RawDriver.info.bad_configs, ids=lambda s: s.title)
def test_options_that_shall_be_refused_are(sample: ConfigSample) -> None:
    """A typo must not pass in silence."""
    with pytest.raises(ConfigError):
        structure_config(RawConfig, sample.data)


@pytest.mark.parametrize(
    ("option", "choice"), [("auto", "agent"), ("agent", "agent"), ("portable", "portable")]
)
def test_the_agent_is_taken_where_there_is_one(option: str, choice: str) -> None:
    """`doctor` says which way it is."""
    config = structure_config(RawConfig, {"containment": option})
    found = RawDriver(config).probe_environment(config)
    assert (found.available, found.facts) == (True, {"containment": choice})


def test_containment_is_declared_where_there_is_an_agent() -> None:
    """A capability is a promise: the portable way does not keep this one."""
    assert containment.has_agent() == (Capability.CONTAINMENT in RawDriver.info.capabilities)


def test_without_an_agent_the_portable_way_is_taken(without_agent: None) -> None:
    """As on other systems."""
    config = RawConfig()
    found = RawDriver(config).probe_environment(config)
    assert (found.available, found.facts) == (True, {"containment": "portable"})


def test_an_agent_that_was_asked_for_and_is_missing_is_an_error(
    without_agent: None, tmp_path: Path
) -> None:
    """A step must not get less containment than its workflow asks for."""
    run = new_run(AGENT, tmp_path)
    found = RawDriver(RawConfig()).probe_environment(RawConfig(containment="agent"))
    assert (found.available, found.fix) == (False, "build one")
    with pytest.raises(UnavailableError, match="there is no agent for machine"):
        run.prepare()
    run.teardown()
    assert list(tmp_path.iterdir()) == []


def test_a_prepare_that_fails_leaves_no_agent(tmp_path: Path) -> None:
    """It is started first, because it is easily ended."""
    program = agent_binary(os.uname().machine).name
    before = processes_with(program)
    run = new_run(AGENT, tmp_path, name="missing/run")
    with pytest.raises(Exception, match="cannot be made"):
        run.prepare()
    wait_until(lambda: set(processes_with(program)) <= set(before), "an agent is left")


def agent_of(run: OpenRun) -> int:
    """Return the process number of a run's agent."""
    agent = run.driver._agent
    assert agent is not None
    number: int = agent.pid
    return number


def test_steps_of_an_agent_that_dies_are_lost_and_gone(tmp_path: Path) -> None:
    """Lost is not failed: nobody knows how the step would have ended (SWD-RESULT)."""
    token = new_token()
    with opened_run(AGENT, tmp_path) as run:
        step = run.start("/bin/sh", "-c", "setsid sleep 600 & echo ready; sleep 600", token)
        step.wait_for_output(b"ready")
        os.kill(agent_of(run), signal.SIGKILL)
        assert step.result.end is StepEnd.LOST
        assert step.result.detail
        with pytest.raises(LostError):
            assert run.sh("echo hi").result is None
        wait_until(lambda: processes_with(token) == [], "the step goes on")
    assert list(tmp_path.iterdir()) == []


CONTROLLER = """
import sys
from pathlib import Path
from tests.drivers.cases import CASES
from tests.drivers.harness import new_run
run = new_run(CASES[0], Path(sys.argv[1]))
run.prepare()
step = run.start("/bin/sh", "-c", sys.argv[2], sys.argv[3])
step.wait_for_output(b"ready")
print(run.run.run_id, flush=True)
step.join()
"""


def test_nothing_of_a_killed_controller_goes_on(tmp_path: Path) -> None:
    """No process of its steps is left within two seconds, however they tried (SWD-GC)."""
    token = new_token()
    loop = "trap : TERM HUP; while :; do sleep 0.1; done"
    script = (
        f"setsid /bin/sh -c '{loop}' {token} & ( env -i setsid /bin/sh -c '{loop}' {token} & )\n"
        "trap '' TERM HUP; echo ready; sleep 600; sleep 600"
    )
    controller = subprocess.Popen(
        [sys.executable, "-c", CONTROLLER, str(tmp_path), script, token],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    with controller:
        assert controller.stdout is not None
        assert controller.stdout.readline()
        assert len(processes_with(token)) >= 3
        controller.kill()
    began = time.monotonic()
    wait_until(lambda: processes_with(token) == [], "steps of a dead controller go on")
    assert time.monotonic() - began < 20


def test_the_directory_of_a_killed_controller_is_found_by_its_dead_owner(tmp_path: Path) -> None:
    """And removed by whoever looks for it (SWD-GC)."""
    from swamp_driver.rundir import list_run_dirs, remove_run_dir

    controller = subprocess.run(
        [sys.executable, "-c", CONTROLLER, str(tmp_path), "echo ready", "x"],
        check=True,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    (found,) = list_run_dirs(tmp_path)
    assert found.marker.run_id == controller.stdout.decode().strip()
    assert found.marker.owner.is_alive() is False
    assert remove_run_dir(found.path, deadline_s=60) == ()
    assert list(tmp_path.iterdir()) == []


def test_the_caller_s_path_is_what_the_place_defines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In both ways, and only where the step has none of its own."""
    monkeypatch.setenv("PATH", f"/of-the-caller:{os.environ['PATH']}")
    for case in (AGENT, PORTABLE):
        with opened_run(case, tmp_path) as run:
            assert run.sh("echo $PATH").text.startswith("/of-the-caller:")


@pytest.fixture(params=[AGENT, PORTABLE], ids=lambda case: case.name)
def raw_run(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., OpenRun]:
    """Give a run of raw in each of its ways, not prepared."""
    return lambda **changes: new_run(request.param, tmp_path, **changes)


def test_a_run_of_another_id_in_a_persistent_directory_is_not_removed_by_a_failed_one(
    raw_run: Callable[..., OpenRun],
) -> None:
    """A run whose prepare failed has nothing there, whoever uses the directory now."""
    first = raw_run(name="cache", persistent=True)
    first.prepare()
    second = raw_run(name="cache", persistent=True)
    assert second.run.run_id != first.run.run_id
    assert second.teardown() == attrs.evolve(second.teardown(), removed=(), errors=())
    assert first.path.is_dir()
    first.teardown()
