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


@attrs.frozen(kw_only=True, eq=False, repr=False)
class LogExcerpt(Value):
    """What a step printed, or its beginning and its end where it printed more than is wanted."""

    path: str
    """The file with all of it that was kept."""
    size_bytes: int
    pieces: tuple[LoggedOutput, ...]
    left_out_bytes: int = 0
    """How much is missing between `pieces` before `cut_at` and those after it."""
    cut_at: int = 0


def read_log_excerpt(directory: Path, step_id: str, *, limit_bytes: int) -> LogExcerpt:
    """Return at most `limit_bytes` of a step's output, in order.

    Where there is more, a quarter is from its beginning and the rest from its end. No more of the
    log is read than that, however long it is.
    """
    path = directory / f"{step_id}.log"
    try:
        log, index = path.open("rb"), (directory / f"{step_id}.idx").open("rb")
    except FileNotFoundError:
        return LogExcerpt(path=str(path), size_bytes=0, pieces=())
    with log, index:
        entries = index.read()
        whole = len(entries) // _ENTRY.size * _ENTRY.size
        size = log.seek(0, 2)
        first = limit_bytes // 4
        wanted = (
            [(0, size)] if size <= limit_bytes else [(0, first), (size - limit_bytes + first, size)]
        )
        found: list[list[LoggedOutput]] = [[] for _ in wanted]
        at = 0
        for seq, time_s, stream, length in _ENTRY.iter_unpack(entries[:whole]):
            for pieces, (begin, end) in zip(found, wanted, strict=True):
                low, high = max(at, begin), min(at + length, end)
                if low < high:
                    log.seek(low)
                    pieces.append(
                        LoggedOutput(
                            seq=seq,
                            time_s=time_s,
                            stream=_STREAMS[stream],
                            data=log.read(high - low),
                        )
                    )
            at += length
    return LogExcerpt(
        path=str(path),
        size_bytes=size,
        pieces=tuple(piece for pieces in found for piece in pieces),
        left_out_bytes=max(0, size - limit_bytes),
        cut_at=len(found[0]),
    )
