"""The numbers of the agent protocol, version 1: the client's copy of `src/protocol.h`.

`docs/reference/agent-protocol.md` says what each frame means. A test compares the copies.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Final

MAGIC: Final = b"SWAMPAGT"
PROTOCOL_VERSION: Final = 1
HEADER_SIZE: Final = 12
PAYLOAD_MAX: Final = 1 << 20
BODY_MAX: Final = 64 << 20
NO_TIMEOUT: Final = 2**64 - 1
NO_ID: Final = 2**32 - 1


class FrameType(IntEnum):
    """What a frame is; below 65 the client sends it, from 65 on the agent."""

    OPEN = 1
    PART = 2
    RUN = 3
    CANCEL = 4
    CREDIT = 5
    READ_FILE = 6
    WRITE_FILE = 7
    MAKE_DIRECTORIES = 8
    REMOVE_TREE = 9
    CHOWN_TREE = 10
    PING = 11
    SHUTDOWN = 12

    HELLO = 65
    START_FAILED = 66
    STDOUT = 67
    STDERR = 68
    COLLECTED = 69
    COLLECT_PROBLEM = 70
    ENDED = 71
    DATA = 72
    NOTE = 73
    DONE = 74
    FAILED = 75
    PONG = 76
    FATAL = 77


class HelloFlag(IntFlag):
    """What the agent says of its place."""

    IS_INIT = 1
    HAS_PROC = 2


class StartFailureCode(IntEnum):
    """Why a program could not be started."""

    NOT_FOUND = 1
    NOT_EXECUTABLE = 2
    IS_A_DIRECTORY = 3
    BAD_INTERPRETER = 4
    CWD_MISSING = 5
    CWD_NOT_A_DIRECTORY = 6
    ARGUMENTS_TOO_LONG = 7
    REFUSED = 8
    NO_RESOURCES = 9


class EndCause(IntEnum):
    """What made a step end."""

    ITSELF = 0
    TIMEOUT = 1
    CANCEL = 2
    STOPPED = 3
    BROKEN = 4
