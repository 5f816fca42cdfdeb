"""A run in another process: started, listened to, killed."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import attrs

from swamp_driver.spec import StepRequest, Workspace
from swamp_driver_conformance._run import Run
from swamp_driver_conformance._steps import STEP_S
from swamp_driver_conformance.expect import deviates
from swamp_driver_conformance.loading import Subject

Event = dict[str, Any]


def step_action(step: StepRequest) -> dict[str, Any]:
    """Return a step as an action for another process; its files have to be empty."""
    plain = attrs.asdict(step)
    return {"do": "step", "step": {**plain, "secret_names": sorted(plain["secret_names"])}}


class OtherProcess:
    """A process that acts on a run; its events come as they happen."""

    def __init__(self, process: subprocess.Popen[bytes], report_fd: int, run: Run) -> None:
        self.process = process
        self._run = run
        self._events: queue.Queue[Event | None] = queue.Queue()
        threading.Thread(target=self._listen, args=(report_fd,), daemon=True).start()

    def _listen(self, report_fd: int) -> None:
        with open(report_fd, "rb") as lines:
            for line in lines:
                self._events.put(json.loads(line))
        self._events.put(None)

    def wait_for(self, what: str, *, deadline_s: float = STEP_S) -> Event:
        """Return the next event of that kind; fail where it does not come."""
        seen: list[Event] = []
        while True:
            try:
                event = self._events.get(timeout=deadline_s)
            except queue.Empty:
                event = None
            if event is None:
                deviates(f"'{what}' in another process", seen=seen, expected=f"'{what}'")
            self._run.note(f"in another process: {json.dumps(event)}")
            if event["what"] == what:
                return event
            seen.append(event)

    def output(self) -> str:
        """Return what its steps write to standard output, until the next one has ended."""
        text = ""
        while True:
            event = self._events.get(timeout=STEP_S)
            if event is None or event["what"] in {"ended", "raised"}:
                self._run.note(f"in another process: {json.dumps(event)}")
                return text
            if event["what"] == "output" and event["stream"] == "stdout":
                text += event["text"]

    def kill(self) -> None:
        """Kill it as nothing can prepare for."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(STEP_S)


@contextmanager
def other_process(
    subject: Subject,
    run: Run,
    actions: Sequence[Mapping[str, Any]],
    *,
    workspace: Workspace | None = None,
    keeps_owner: bool = False,
    tty: str = "",
) -> Iterator[OtherProcess]:
    """Start a process that does `actions` on the run; it is killed at the end, if it still runs.

    With `keeps_owner` the run is still that of this process; otherwise it is the other one's.
    """
    read_fd, write_fd = os.pipe()
    context = run.context
    job = {
        "ref": attrs.asdict(subject.ref),
        "run_id": context.run_id,
        "request": attrs.asdict(context.workspace),
        "owner": attrs.asdict(context.owner) if keeps_owner else None,
        "workspace": None if workspace is None else attrs.asdict(workspace),
        "actions": list(actions),
        "report_fd": write_fd,
        "tty": tty,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "swamp_driver_conformance.controller"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(write_fd,),
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    os.close(write_fd)
    other = OtherProcess(process, read_fd, run)
    try:
        if process.stdin is not None:
            process.stdin.write(json.dumps(job).encode() + b"\n")
            process.stdin.flush()
        yield other
    finally:
        if process.stdin is not None:
            process.stdin.close()
        process.kill()
        process.wait(STEP_S)
