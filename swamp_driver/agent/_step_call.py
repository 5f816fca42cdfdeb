"""Running one step through a link."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Final

import attrs

from swamp_driver.agent._binary import Reader, u8, u32
from swamp_driver.agent._ending import decode_ended, failed_error, start_error
from swamp_driver.agent._protocol import FrameType
from swamp_driver.agent._run_request import encode_run
from swamp_driver.errors import LostError, ProtocolError
from swamp_driver.spec import CancelStage, StepEnd, StepResult

if TYPE_CHECKING:
    from swamp_driver.agent._frames import Frame
    from swamp_driver.agent._link import Call, Link
    from swamp_driver.spec import StepIO, StepRequest, Stream

_WINDOW: Final = 1 << 20
"""How much output of one step may be on its way to `StepIO.write`: bounds the memory it takes."""

_STREAMS: Final[dict[FrameType, Stream]] = {
    FrameType.STDOUT: "stdout",
    FrameType.STDERR: "stderr",
}


def run_step(link: Link, step: StepRequest, io: StepIO) -> StepResult:
    """Run a step to its end in this thread, which also does all the writing to `io`."""
    if io.cancel.cancelled:
        return StepResult(end=StepEnd.CANCELLED, started_at=time.time(), duration_s=0.0)
    body = encode_run(step, credit=_WINDOW)
    with link.call() as call:
        call.send(FrameType.RUN, body)
        unsubscribe = io.cancel.on_change(lambda stage: _cancel(call, stage))
        try:
            return _StepCall(call, step, io).run()
        finally:
            unsubscribe()


def _cancel(call: Call, stage: CancelStage) -> None:
    with contextlib.suppress(LostError):  # then the waiting thread learns of it as well
        call.send(FrameType.CANCEL, u8(int(stage)))


@attrs.define
class _StepCall:
    """What is known of a step so far; fed with frames in order by one thread."""

    _call: Call
    _step: StepRequest
    _io: StepIO
    _sent_at: float = attrs.field(factory=time.time)
    _sent_clock: float = attrs.field(factory=time.monotonic)
    _consumed: int = 0
    _collected: dict[str, list[bytes]] = attrs.field(factory=dict)
    _problems: dict[str, str] = attrs.field(factory=dict)

    def run(self) -> StepResult:
        """Take frames until the last one."""
        while True:
            try:
                frame = self._call.next_frame()
            except LostError as error:
                return self._lost(str(error))
            result = self._take(frame)
            if result is not None:
                return result

    def _take(self, frame: Frame) -> StepResult | None:
        stream = _STREAMS.get(frame.type)
        if stream is not None:
            self._io.write(stream, frame.payload)
            self._give_back(len(frame.payload))
            return None
        reader = Reader(frame.payload)
        match frame.type:
            case FrameType.COLLECTED:
                self._collected.setdefault(self._collect_name(reader), []).append(reader.rest())
            case FrameType.COLLECT_PROBLEM:
                name = self._collect_name(reader)
                self._problems[name] = reader.text()
            case FrameType.ENDED:
                return self._ended(reader)
            case FrameType.START_FAILED:
                raise start_error(self._step, reader)
            case FrameType.FAILED:
                raise failed_error(f"step '{self._step.name}' cannot be prepared", reader)
            case _:
                raise ProtocolError(f"the agent answered a step with '{frame.type.name}'")
        return None

    def _give_back(self, size: int) -> None:
        """Tell the agent that output was taken, but not for each little piece of it."""
        self._consumed += size
        if self._consumed >= _WINDOW // 2:
            consumed, self._consumed = self._consumed, 0
            with contextlib.suppress(LostError):  # then there is no next frame
                self._call.send(FrameType.CREDIT, u32(consumed))

    def _collect_name(self, reader: Reader) -> str:
        index = reader.u32()
        if index >= len(self._step.collect):
            raise ProtocolError("the agent collected a file that nobody asked for")
        return self._step.collect[index]

    def _ended(self, reader: Reader) -> StepResult:
        ending = decode_ended(reader)
        return StepResult(
            end=ending.end,
            exit_code=ending.exit_code,
            signal=ending.signal,
            started_at=ending.started_at or self._sent_at,
            duration_s=ending.duration_s,
            collected={
                name: b"".join(parts)
                for name, parts in self._collected.items()
                if name not in self._problems
            },
            collect_problems=self._problems,
            usage=ending.usage,
            detail=ending.detail,
        )

    def _lost(self, reason: str) -> StepResult:
        """Say that the end is not known: the agent had the request, so it may have run."""
        return StepResult(
            end=StepEnd.LOST,
            started_at=self._sent_at,
            duration_s=time.monotonic() - self._sent_clock,
            detail=reason,
        )
