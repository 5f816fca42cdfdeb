"""File operations through a link."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from swamp_driver.agent._binary import Reader, blob, listed, text, u32, u64
from swamp_driver.agent._ending import failed_error
from swamp_driver.agent._protocol import BODY_MAX, NO_ID, FrameType
from swamp_driver.errors import ProtocolError, WorkspaceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from swamp_driver.agent._link import Link

_WORDS: Final = {
    FrameType.READ_FILE: "cannot read",
    FrameType.WRITE_FILE: "cannot write",
    FrameType.MAKE_DIRECTORIES: "cannot make directories",
    FrameType.REMOVE_TREE: "cannot remove",
    FrameType.CHOWN_TREE: "cannot change the owner of",
}


def read_file(link: Link, path: str, *, limit_bytes: int) -> bytes:
    """See `AgentConnection.read_file`."""
    data, _ = _operate(link, FrameType.READ_FILE, _path(path) + u64(limit_bytes), path)
    return data


def write_file(
    link: Link, path: str, data: bytes, *, mode: int, owner: tuple[int | None, int | None]
) -> None:
    """See `AgentConnection.write_file`."""
    body = _path(path) + u32(mode) + _owner(owner) + blob(data)
    _operate(link, FrameType.WRITE_FILE, body, path)


def make_directories(
    link: Link, paths: Sequence[str], *, mode: int, owner: tuple[int | None, int | None]
) -> None:
    """See `AgentConnection.make_directories`."""
    body = listed(_path(path) for path in paths) + u32(mode) + _owner(owner)
    _operate(link, FrameType.MAKE_DIRECTORIES, body, "")


def remove_tree(link: Link, path: str) -> tuple[str, ...]:
    """See `AgentConnection.remove_tree`."""
    return _operate(link, FrameType.REMOVE_TREE, _path(path), path)[1]


def chown_tree(link: Link, path: str, *, uid: int, gid: int) -> tuple[str, ...]:
    """See `AgentConnection.chown_tree`."""
    body = _path(path) + _owner((uid, gid))
    return _operate(link, FrameType.CHOWN_TREE, body, path)[1]


def _path(path: str) -> bytes:
    try:
        return text(os.fsencode(path))
    except ValueError as error:
        raise WorkspaceError(f"'{path!r}' cannot be a path: {error}") from None


def _owner(owner: tuple[int | None, int | None]) -> bytes:
    return b"".join(u32(NO_ID if number is None else number) for number in owner)


def _operate(link: Link, kind: FrameType, body: bytes, path: str) -> tuple[bytes, tuple[str, ...]]:
    data: list[bytes] = []
    notes: list[str] = []
    if len(body) > BODY_MAX:
        raise WorkspaceError(f"{_WORDS[kind]} '{path}': {len(body)} bytes are too large a request")
    with link.call() as call:
        call.send(kind, body)
        while True:
            frame = call.next_frame()
            match frame.type:
                case FrameType.DATA:
                    data.append(frame.payload)
                case FrameType.NOTE:
                    notes.append(Reader(frame.payload).text())
                case FrameType.DONE:
                    return b"".join(data), tuple(notes)
                case FrameType.FAILED:
                    what = f"{_WORDS[kind]} '{path}'" if path else _WORDS[kind]
                    raise failed_error(what, Reader(frame.payload))
                case _:
                    raise ProtocolError(f"the agent answered a request with '{frame.type.name}'")
