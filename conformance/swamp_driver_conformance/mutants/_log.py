"""Mutants of output (LOG)."""

from __future__ import annotations

import queue
import subprocess
import threading
import time
from typing import Any, ClassVar

from swamp_driver.errors import LostError
from swamp_driver.spec import StepResult, Stream
from swamp_driver_conformance.mutants._registry import mutant
from swamp_driver_conformance.reference import OutputPump, ReferenceDriver, StepRun


@mutant("swaps the two streams", kills="LOG-001", also="SWD-*")
class SwapsStreams(OutputPump):
    def take(self, data: bytes) -> None:
        other: Stream = "stderr" if self.stream == "stdout" else "stdout"
        self._io.write(other, data)


@mutant(
    "puts standard error into standard output",
    kills="LOG-001",
    also="LOG-002 LOG-003 LOG-004 LOG-009 LOG-011 LOG-012 EXEC-022 WS-006 WS-022 LIFE-019 WS-005",
)
class MergesStreams(OutputPump):
    def take(self, data: bytes) -> None:
        self._io.write("stdout", data)


@mutant(
    "drops what does not fit its buffer",
    kills="LOG-002",
    also="LOG-012 LOG-013 LOG-008 EXEC-010 ENV-001",
)
class DropsWhatIsLong(OutputPump):
    _total = 0

    def take(self, data: bytes) -> None:
        if self._total < 30_000:  # noqa: PLR2004 - the kind of limit that it is about
            super().take(data)
        self._total += len(data)


@mutant("drops a last line without newline", kills="LOG-003", also="SWD-*")
class DropsLastLine(OutputPump):
    _rest = b""

    def take(self, data: bytes) -> None:
        lines, newline, self._rest = (self._rest + data).rpartition(b"\n")
        super().take(lines + newline)


@mutant("decodes output and encodes it again", kills="LOG-004", also="WS-006 FILES-001 WS-022")
class DecodesOutput(OutputPump):
    def take(self, data: bytes) -> None:
        super().take(data.decode("utf-8", errors="replace").encode())


@mutant("turns line ends into plain ones", kills="LOG-004", also="FILES-001")
class ConvertsLineEnds(OutputPump):
    def take(self, data: bytes) -> None:
        super().take(data.replace(b"\r\n", b"\n"))


@mutant("passes output on by whole lines", kills="LOG-005", also="EXEC-020")
class WholeLines(OutputPump):
    _rest = b""

    def take(self, data: bytes) -> None:
        lines, newline, self._rest = (self._rest + data).rpartition(b"\n")
        super().take(lines + newline)

    def finish(self, *, drain_s: float) -> None:
        super().finish(drain_s=drain_s)
        super().take(self._rest)


@mutant("passes output on when the step has ended", kills="LOG-005", also="SWD-*")
class PassesOnAtTheEnd(OutputPump):
    def __init__(self, *facts: Any) -> None:
        self._parts: list[bytes] = []
        super().__init__(*facts)

    def take(self, data: bytes) -> None:
        self._parts.append(data)

    def finish(self, *, drain_s: float) -> None:
        super().finish(drain_s=drain_s)
        super().take(b"".join(self._parts))


@mutant("loses the output of every 25th step", kills="LOG-006", also="LIFE-019 WS-022 EXEC-001")
class LosesSometimes(StepRun):
    _count: ClassVar[dict[str, int]] = {}

    class _Deaf(OutputPump):
        def take(self, data: bytes) -> None:
            pass

    def start_pumps(self, process: subprocess.Popen[bytes]) -> list[OutputPump]:
        number = self._count[self.run.run_id] = self._count.get(self.run.run_id, 0) + 1
        if number % 25 == 0:
            self.pump_class = self._Deaf
        return super().start_pumps(process)


@mutant("raises where the sink is broken", kills="LOG-007")
class RaisesForSink(StepRun):
    def execute(self) -> StepResult:
        result = super().execute()
        if self.io.sink_error is not None:
            raise LostError(f"the log is broken: {self.io.sink_error}")
        return result


@mutant("kills a step whose sink is broken", kills="LOG-007")
class KillsForSink(StepRun):
    def is_late(self, now: float) -> bool:
        return self.io.sink_error is not None or super().is_late(now)


@mutant(
    "drops output while the sink is slow",
    kills="LOG-008",
    also="LOG-002 LOG-012 LOG-013 EXEC-010 ENV-001",
)
class DropsForSlowSink(OutputPump):
    def __init__(self, *facts: Any) -> None:
        self._queue: queue.Queue[bytes | None] = queue.Queue(maxsize=1)
        self._writer = threading.Thread(target=self._write, daemon=True)
        self._writer.start()
        super().__init__(*facts)

    def _write(self) -> None:
        while (data := self._queue.get()) is not None:
            self._io.write(self.stream, data)

    def take(self, data: bytes) -> None:
        try:
            self._queue.put(data, timeout=0.01)
        except queue.Full:
            return

    def finish(self, *, drain_s: float) -> None:
        super().finish(drain_s=drain_s)
        self._queue.put(None)
        self._writer.join()


@mutant(
    "drops the output of a step that it ends",
    kills="LOG-009",
    also="",
)
class DropsOutputOfForced(StepRun):
    def terminate(self) -> None:
        for pump in self._pumps:
            pump.take = lambda data: None  # type: ignore[method-assign]  # noqa: ARG005
        super().terminate()

    def start_pumps(self, process: subprocess.Popen[bytes]) -> list[OutputPump]:
        self._pumps = super().start_pumps(process)
        return self._pumps


@mutant("drops output that was written in the last moments", kills="LOG-010", also="SWD-*")
class DropsLastMoments(OutputPump):
    def __init__(self, *facts: Any) -> None:
        self._parts: list[tuple[float, bytes]] = []
        super().__init__(*facts)

    def take(self, data: bytes) -> None:
        self._parts.append((time.monotonic(), data))

    def finish(self, *, drain_s: float) -> None:
        super().finish(drain_s=drain_s)
        for when, data in self._parts:
            if when < time.monotonic() - 0.02:
                super().take(data)


@mutant(
    "gives output to the step that began last",
    kills="LOG-011",
    also="PAR-002 PAR-003 ENV-005 LIFE-018 LIFE-019 LOG-014 PAR-004 SWD-*",
)
class OutputOfTheLast(StepRun):
    _last: ClassVar[dict[str, Any]] = {}

    def start_pumps(self, process: subprocess.Popen[bytes]) -> list[OutputPump]:
        self._last[self.run.run_id] = self.io
        pumps = super().start_pumps(process)
        for pump in pumps:
            pump.take = lambda data, pump=pump: self._give(pump, data)  # type: ignore[method-assign,misc]
        return pumps

    def _give(self, pump: OutputPump, data: bytes) -> None:
        self._last[self.run.run_id].write(pump.stream, data)


@mutant(
    "reads standard output to its end before standard error",
    kills="LOG-012",
    also="LOG-001 LOG-002 LOG-009 EXEC-017 LIFE-006 RESULT-001",
)
class ReadsOneAfterTheOther(StepRun):
    def start_pumps(self, process: subprocess.Popen[bytes]) -> list[OutputPump]:
        turn = threading.Event()
        pumps = super().start_pumps(process)
        out, err = pumps
        take = err.take

        def wait_for_turn(data: bytes) -> None:
            while out.is_reading and not turn.is_set():
                time.sleep(0.005)
            take(data)

        err.take = wait_for_turn  # type: ignore[method-assign]
        return pumps


@mutant("cuts output at eight megabytes", kills="LOG-013")
class CutsOutput(OutputPump):
    _total = 0

    def take(self, data: bytes) -> None:
        if self._total < 8 * 1024 * 1024:
            super().take(data)
        self._total += len(data)


@mutant("says goodbye on the sink after the step", kills="LOG-014", also="TD-010 EXEC-018")
class SaysGoodbye(ReferenceDriver):
    class step_class(StepRun):  # noqa: N801 - it stands for the attribute of that name
        def execute(self) -> StepResult:
            result = super().execute()
            threading.Timer(0.05, self.io.write, ("stdout", b"goodbye\n")).start()
            return result
