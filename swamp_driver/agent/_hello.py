"""What an agent says first."""

from __future__ import annotations

import attrs

from swamp_driver._value import Value
from swamp_driver.agent._binary import Reader
from swamp_driver.agent._frames import Frame
from swamp_driver.agent._protocol import MAGIC, PROTOCOL_VERSION, FrameType, HelloFlag
from swamp_driver.errors import ProtocolError


@attrs.frozen(kw_only=True, eq=False, repr=False)
class AgentHello(Value):
    """Who answers at the other end of a connection."""

    version: int
    """Of the protocol."""
    pid: int
    """In its own pid namespace."""
    uid: int
    gid: int
    machine: str
    """As `uname -m` says there."""
    is_init: bool
    """It is process 1: what it leaves dies with it."""
    contains_all: bool
    """It can list the children of a process, so that no process of a step escapes it. Without
    /proc only the step's process group is sure to die."""


def decode_hello(frame: Frame) -> AgentHello:
    """Return what the agent's first frame says; raise ProtocolError where it is none."""
    reader = Reader(frame.payload)
    if frame.type is not FrameType.HELLO or reader.take(len(MAGIC)) != MAGIC:
        raise ProtocolError("the far side did not begin with the hello of an agent")
    version = reader.u16()
    if version != PROTOCOL_VERSION:
        raise ProtocolError(
            f"the agent speaks version {version} of the protocol, this client {PROTOCOL_VERSION}"
        )
    pid, uid, gid, flags = reader.u32(), reader.u32(), reader.u32(), reader.u32()
    return AgentHello(
        version=version,
        pid=pid,
        uid=uid,
        gid=gid,
        machine=reader.text(),
        is_init=bool(flags & HelloFlag.IS_INIT),
        contains_all=bool(flags & HelloFlag.HAS_PROC),
    )
