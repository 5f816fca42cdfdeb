"""An agent of this machine for each test."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from swamp_driver.agent import AgentConnection, LocalAgent, start_local_agent

collect_ignore_glob = [] if sys.platform == "linux" else ["test_*.py"]


@pytest.fixture
def agent() -> Iterator[LocalAgent]:
    """Start an agent whose steps have a plain PATH and nothing else."""
    local = start_local_agent(env={"PATH": "/usr/local/bin:/usr/bin:/bin"})
    yield local
    local.close()


@pytest.fixture
def connection(agent: LocalAgent) -> AgentConnection:
    """Give the connection of the agent."""
    return agent.connection
