"""Frames to bytes and back."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import attrs

from swamp_driver._value import Value
from swamp_driver.agent._protocol import BODY_MAX, HEADER_SIZE, PAYLOAD_MAX, FrameType
from swamp_driver.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEADER = struct.Struct("<IIHH")
_FRAME_TYPES = FrameType._value2member_map_


@attrs.frozen(eq=False, repr=False)
class Frame(Value):
    """One message of the protocol; `request` is 0 where it speaks of the whole connection."""

    type: FrameType
    request: int
    payload: bytes


def encode_request(kind: FrameType, request: int, body: bytes = b"") -> list[bytes]:
    """Return a request as the bytes to write, in order and with nothing between them.

    A body that is too long for one frame goes ahead in parts. Raises ValueError for one that no
    request may have.
    """
    if len(body) > BODY_MAX:
        raise ValueError(f"a request of {len(body)} bytes is too large (limit: {BODY_MAX})")
    if len(body) <= PAYLOAD_MAX:
        return [_HEADER.pack(len(body), request, 0, kind) + body]
    view = memoryview(body)
    pieces = [view[at : at + PAYLOAD_MAX] for at in range(0, len(body), PAYLOAD_MAX)]
    kinds = [FrameType.PART] * (len(pieces) - 1) + [kind]
    return [
        _HEADER.pack(len(piece), request, 0, part) + piece
        for part, piece in zip(kinds, pieces, strict=True)
    ]


class FrameDecoder:
    """Turns bytes as they arrive, in chunks of any size, into frames.

    Raises ProtocolError at the first thing that is not of the protocol; then it is of no more use.
    """

    def __init__(self) -> None:
        self._header = b""
        self._left = 0
        self._parts: list[memoryview] = []

    @property
    def between_frames(self) -> bool:
        """Whether all bytes so far made whole frames."""
        return not self._header

    def feed(self, chunk: bytes) -> Iterator[Frame]:
        """Yield the frames that are complete with `chunk`."""
        view = memoryview(chunk)
        while view or self._is_complete():
            if self._is_complete():
                yield self._finish()
            elif len(self._header) < HEADER_SIZE:
                view = self._take_header(view)
            else:
                self._parts.append(view[: self._left])
                view, self._left = view[self._left :], self._left - len(self._parts[-1])

    def _is_complete(self) -> bool:
        return len(self._header) == HEADER_SIZE and self._left == 0

    def _take_header(self, view: memoryview) -> memoryview:
        missing = HEADER_SIZE - len(self._header)
        self._header += view[:missing]
        if len(self._header) == HEADER_SIZE:
            self._left, _, flags, kind = _HEADER.unpack(self._header)
            if self._left > PAYLOAD_MAX or flags or kind not in _FRAME_TYPES:
                seen = self._header + view[missing : missing + 100]
                raise ProtocolError(f"this is not the agent protocol: {seen!r}")
        return view[missing:]

    def _finish(self) -> Frame:
        _, request, _, kind = _HEADER.unpack(self._header)
        frame = Frame(FrameType(kind), request, b"".join(self._parts))
        self._header, self._parts = b"", []
        return frame
