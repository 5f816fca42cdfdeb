"""What a step printed, on disk: the bytes as they came, and an index that tells the streams apart.

`<step>.log` holds both streams as they arrived, so that any pager shows it; `<step>.idx` has one
fixed-size entry per piece: seq, time, stream, length.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import attrs

from swamp_driver._value import Value
from swamp_driver.spec import Stream

_ENTRY = struct.Struct("<QdBxxxI")
_STREAMS: tuple[Stream, ...] = ("stdout", "stderr")
_BLOCK = 1 << 20


@attrs.frozen(kw_only=True, eq=False, repr=False)
class LoggedOutput(Value):
    """A piece of output as it came from the driver, secrets masked."""

    seq: int
    time_s: float
    stream: Stream
    data: bytes


class StepLog:
    """The log of one step while it is written, by one thread at a time; closing twice is fine."""

    def __init__(self, directory: Path, step_id: str, *, limit_bytes: int) -> None:
        self._log: BinaryIO = (directory / f"{step_id}.log").open("wb", buffering=0)
        self._index: BinaryIO = (directory / f"{step_id}.idx").open("wb", buffering=0)
        self._room = limit_bytes
        self.left_out_bytes = 0
        """How much was not kept because the limit was reached."""

    def append(self, *, seq: int, time_s: float, stream: Stream, data: bytes) -> None:
        """Write a piece, or as much of it as the limit leaves room for."""
        kept = data[: self._room]
        self._room -= len(kept)
        self.left_out_bytes += len(data) - len(kept)
        if kept:
            self._log.write(kept)
            self._index.write(_ENTRY.pack(seq, time_s, _STREAMS.index(stream), len(kept)))

    def close(self) -> None:
        """Close both files."""
        self._log.close()
        self._index.close()


def read_step_log(directory: Path, step_id: str) -> Iterator[LoggedOutput]:
    """Yield what a step printed, in order; nothing where it printed nothing.

    May be called while the step still runs: it ends with what is there. Pieces are at most 1 MiB.
    """
    try:
        log = (directory / f"{step_id}.log").open("rb")
        index = (directory / f"{step_id}.idx").open("rb")
    except FileNotFoundError:
        return
    with log, index:
        while len(entry := index.read(_ENTRY.size)) == _ENTRY.size:
            seq, time_s, stream, length = _ENTRY.unpack(entry)
            while length > 0 and (data := log.read(min(length, _BLOCK))):
                length -= len(data)
                yield LoggedOutput(seq=seq, time_s=time_s, stream=_STREAMS[stream], data=data)
