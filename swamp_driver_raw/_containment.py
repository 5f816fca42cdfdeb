"""Which of the two ways runs the steps: the step agent, or a search of our own."""

from __future__ import annotations

import platform
import sys
from typing import TYPE_CHECKING, Literal

from swamp_driver.agent import agent_binary, start_local_agent
from swamp_driver.errors import UnavailableError
from swamp_driver.spec import Availability

if TYPE_CHECKING:
    from swamp_driver.agent import LocalAgent
    from swamp_driver_raw._config import RawConfig

_DETAILS = {
    "agent": "step agent: no process of a step escapes",
    "portable": "process groups and a tag in the environment: a process that gives up both escapes",
}


def has_agent() -> bool:
    """Return whether there is an agent for this machine. Costs a look at one file."""
    return _why_no_agent() is None


def choose_containment(config: RawConfig) -> Literal["agent", "portable"]:
    """Return which way these options choose on this machine; whether it works is not asked."""
    if config.containment == "auto":
        return "agent" if has_agent() else "portable"
    return config.containment


def open_agent(config: RawConfig) -> LocalAgent | None:
    """Start the agent that runs the steps; None where the options choose the portable way.

    Where the agent should run and does not, the portable way is no way out: it keeps less.

    Raises:
        UnavailableError: there is no agent for this machine, or it cannot be started.
        LostError: it went away at once.
        ProtocolError: it is another program.
    """
    if choose_containment(config) == "portable":
        return None
    problem = _why_no_agent()
    if problem is not None:
        raise problem
    return start_local_agent()


def probe_containment(config: RawConfig) -> Availability:
    """Say which way runs the steps; starts nothing."""
    choice = choose_containment(config)
    problem = _why_no_agent() if choice == "agent" else None
    if problem is not None:
        return Availability(available=False, detail=problem.reason, fix=problem.fix)
    return Availability(available=True, detail=_DETAILS[choice], facts={"containment": choice})


def _why_no_agent() -> UnavailableError | None:
    if sys.platform != "linux":
        fix = "set 'containment: portable', or leave it out"
        return UnavailableError(f"the step agent does not run on {sys.platform}", fix=fix)
    try:
        agent_binary(platform.machine())
    except UnavailableError as error:
        return error
    return None
