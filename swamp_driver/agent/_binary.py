"""Values to bytes and back, as the agent protocol writes them: little endian, with bounds."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from swamp_driver.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterable

_U8 = struct.Struct("<B")
_U16 = struct.Struct("<H")
_U32 = struct.Struct("<I")
_I32 = struct.Struct("<i")
_U64 = struct.Struct("<Q")


def u8(value: int) -> bytes:
    """Return an unsigned number of one byte."""
    return _U8.pack(value)


def u16(value: int) -> bytes:
    """Return an unsigned number of two bytes."""
    return _U16.pack(value)


def u32(value: int) -> bytes:
    """Return an unsigned number of four bytes."""
    return _U32.pack(value)


def u64(value: int) -> bytes:
    """Return an unsigned number of eight bytes."""
    return _U64.pack(value)


def blob(data: bytes) -> bytes:
    """Return bytes of any content, with their length before them."""
    return _U32.pack(len(data)) + data


def text(value: bytes) -> bytes:
    """Return bytes without a NUL as the protocol's text.

    Raises ValueError where there is a NUL: no path, argument or variable can hold one.
    """
    if b"\0" in value:
        raise ValueError("it holds a NUL byte")
    return _U32.pack(len(value)) + value + b"\0"


def listed(items: Iterable[bytes]) -> bytes:
    """Return encoded items as a list."""
    parts = list(items)
    return _U32.pack(len(parts)) + b"".join(parts)


class Reader:
    """Takes values from a payload, in order; each method raises ProtocolError at its end."""

    def __init__(self, payload: bytes) -> None:
        self._payload = payload
        self._at = 0

    def u8(self) -> int:
        """Take an unsigned number of one byte."""
        return self._number(_U8)

    def u16(self) -> int:
        """Take an unsigned number of two bytes."""
        return self._number(_U16)

    def u32(self) -> int:
        """Take an unsigned number of four bytes."""
        return self._number(_U32)

    def i32(self) -> int:
        """Take a signed number of four bytes."""
        return self._number(_I32)

    def u64(self) -> int:
        """Take an unsigned number of eight bytes."""
        return self._number(_U64)

    def text(self) -> str:
        """Take a text; bytes that are not UTF-8 are replaced, as texts are for people."""
        data = self.take(self.u32())
        if self.u8() != 0:
            raise ProtocolError("the agent sent a text without its end")
        return data.decode("utf-8", "replace")

    def take(self, size: int) -> bytes:
        """Take that many bytes."""
        end = self._at + size
        if end > len(self._payload):
            raise ProtocolError("the agent sent a frame that is too short for its type")
        data = self._payload[self._at : end]
        self._at = end
        return data

    def rest(self) -> bytes:
        """Take all that is left."""
        return self.take(len(self._payload) - self._at)

    def end(self) -> None:
        """Make sure that all was taken."""
        if self._at != len(self._payload):
            raise ProtocolError("the agent sent a frame that is too long for its type")

    def _number(self, form: struct.Struct) -> int:
        number: int = form.unpack(self.take(form.size))[0]
        return number
