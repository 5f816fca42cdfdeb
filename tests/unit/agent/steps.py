"""Steps for an agent under test, and looking at what became of their processes."""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import attrs

from swamp_driver.agent import AgentConnection
from swamp_driver.spec import CancelToken, StepIO, StepRequest, StepResult, Stream

DEADLINE_S = 30.0
"""How long something may take on a machine that is busy with other tests."""

_numbers = itertools.count()


def step(*argv: str, **changes: object) -> StepRequest:
    """Return a step that runs `argv`."""
    defaults: dict[str, object] = {
        "step_id": "step",
        "name": "a step",
        "cwd": "/",
        "exchange": "",
        "env": {"LANG": "C.UTF-8"},
        "grace_s": DEADLINE_S,
    }
    return StepRequest(argv=argv, **{**defaults, **changes})  # type: ignore[arg-type]


def sh(script: str, *arguments: str, **changes: object) -> StepRequest:
    """Return a step that runs a shell script; its arguments are `$0` and on."""
    return step("/bin/sh", "-c", script, *arguments, **changes)


class Output:
    """Takes the output of a step, and lets a test wait for some of it."""

    def __init__(self, cancel: CancelToken | None = None) -> None:
        self._changed = threading.Condition()
        self._data: dict[Stream, bytearray] = {"stdout": bytearray(), "stderr": bytearray()}
        self.io = StepIO(self._take, cancel=cancel)

    def _take(self, stream: Stream, data: bytes) -> None:
        with self._changed:
            self._data[stream] += data
            self._changed.notify_all()

    @property
    def stdout(self) -> bytes:
        """What came on standard output so far."""
        return bytes(self._data["stdout"])

    @property
    def stderr(self) -> bytes:
        """What came on standard error so far."""
        return bytes(self._data["stderr"])

    def wait_for(self, text: bytes) -> None:
        """Wait until standard output holds `text`."""
        with self._changed:
            assert self._changed.wait_for(lambda: text in self._data["stdout"], DEADLINE_S)


@attrs.frozen
class Ran:
    """What a step that has ended gave."""

    result: StepResult
    stdout: bytes
    stderr: bytes


def run(connection: AgentConnection, request: StepRequest) -> Ran:
    """Run a step to its end."""
    output = Output()
    result = connection.run_step(request, output.io)
    return Ran(result, output.stdout, output.stderr)


class Running:
    """A step that runs in a thread of its own."""

    def __init__(self, connection: AgentConnection, request: StepRequest) -> None:
        self.cancel = CancelToken()
        self.output = Output(self.cancel)
        self._result: StepResult | None = None
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, args=(connection, request), daemon=True)
        self._thread.start()

    def _run(self, connection: AgentConnection, request: StepRequest) -> None:
        try:
            self._result = connection.run_step(request, self.output.io)
        except Exception as error:  # noqa: BLE001 - it is raised where it is looked for
            self._error = error

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return not self._thread.is_alive()

    def result(self) -> StepResult:
        """Wait for its end and return it, or raise what the run raised."""
        self._thread.join(DEADLINE_S)
        assert not self._thread.is_alive(), "the step did not end"
        if self._error is not None:
            raise self._error
        assert self._result is not None
        return self._result


def mark() -> str:
    """Return an argument that no other process on this machine has."""
    return f"swamp-test-{os.getpid()}-{next(_numbers)}-{os.urandom(4).hex()}"


def alive(marker: str) -> list[int]:
    """Return the processes that have `marker` among their arguments and are not zombies."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if marker.encode() in arguments:
            found.append(int(process.name))
    return found


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait until `condition` holds; for what gives no event to wait for."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.005)
