"""The step agent: a small static program that runs steps, and its client.

Start `agent_binary(machine)` anywhere, hand its standard input and output to `AgentConnection` as a
`ByteStream`, and run steps there. `start_local_agent` does both on this machine.
"""

from swamp_driver.agent._connection import AgentConnection
from swamp_driver.agent._hello import AgentHello
from swamp_driver.agent._local import LocalAgent, start_local_agent
from swamp_driver.agent._program import agent_binary
from swamp_driver.agent._stream import ByteStream, PipeStream, SocketStream

__all__ = [
    "AgentConnection",
    "AgentHello",
    "ByteStream",
    "LocalAgent",
    "PipeStream",
    "SocketStream",
    "agent_binary",
    "start_local_agent",
]
