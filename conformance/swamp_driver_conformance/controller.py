"""A process that runs steps and can be killed: `python -m swamp_driver_conformance.controller`.

It takes one JSON document from standard input and does what it says, in order; what it finds it
writes as lines of JSON to the descriptor that the document names.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Mapping
from typing import Any

import attrs

from swamp_driver.errors import DriverError
from swamp_driver.spec import (
    Owner,
    RunContext,
    RunOutcome,
    RunStatus,
    StepIO,
    StepRequest,
    StepResult,
    Stream,
    TeardownReport,
    Workspace,
    WorkspaceRequest,
)
from swamp_driver_conformance.loading import SubjectRef, load_subject, open_hooks


def main() -> None:
    """Do what standard input says."""
    job = json.loads(sys.stdin.buffer.readline())
    report_fd: int = job["report_fd"]
    if job["tty"]:
        _take_terminal(job["tty"])
    controller = Controller(job, report_fd)
    for action in job["actions"]:
        controller.act(action)


def _take_terminal(path: str) -> None:
    """Make a terminal the one of this process: a session leader gets the first that it opens."""
    fd = os.open(path, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(fd, stream)


class Controller:
    """One run, in this process."""

    def __init__(self, job: Mapping[str, Any], report_fd: int) -> None:
        subject = load_subject(SubjectRef(**job["ref"]))
        self._hooks = open_hooks(subject.cls, subject.config)
        self._report_fd = report_fd
        self._lock = threading.Lock()
        self._workspace = None if job["workspace"] is None else Workspace(**job["workspace"])
        request = WorkspaceRequest(**job["request"])
        owner = Owner.current() if job["owner"] is None else Owner(**job["owner"])
        self._run = RunContext(
            run_id=job["run_id"],
            workflow="conformance",
            workspace=request,
            config=subject.config,
            owner=owner,
        )

    def act(self, action: Mapping[str, Any]) -> None:
        """Do one thing and say how it went."""
        try:
            if action["do"] == "prepare":
                self._workspace = self._hooks.prepare_workspace(run=self._run)
                self._say("prepared", workspace=_plain(self._workspace))
            elif action["do"] == "ignore":
                for number in action["signals"]:
                    signal.signal(number, signal.SIG_IGN)
            elif action["do"] == "open":
                _open_descriptors(action["numbers"])
            elif action["do"] == "step":
                self._step(StepRequest(**action["step"]))
            else:
                self._teardown(remove=action["remove"])
        except DriverError as error:
            self._say("raised", error=type(error).__name__, text=str(error))

    def _step(self, step: StepRequest) -> None:
        def take(stream: Stream, data: bytes) -> None:
            self._say("output", stream=stream, text=data.decode(errors="replace"))

        result: StepResult = self._hooks.run_step(
            run=self._run, workspace=self._workspace, step=step, io=StepIO(take)
        )
        self._say("ended", end=str(result.end), exit_code=result.exit_code)

    def _teardown(self, *, remove: bool) -> None:
        outcome = RunOutcome(status=RunStatus.INTERRUPTED, remove_workspace=remove)
        report: TeardownReport = self._hooks.teardown(
            run=self._run, workspace=self._workspace, outcome=outcome
        )
        self._say("torn-down", **attrs.asdict(report))

    def _say(self, what: str, **facts: Any) -> None:
        line = json.dumps({"what": what, **facts}) + "\n"
        with self._lock:
            os.write(self._report_fd, line.encode())


def _open_descriptors(numbers: list[int]) -> None:
    """Open those of these numbers that are free, so that children would inherit them."""
    read_fd, _ = os.pipe()
    for number in numbers:
        if not os.path.lexists(f"/dev/fd/{number}"):
            os.dup2(read_fd, number, inheritable=True)


def _plain(workspace: Workspace | None) -> dict[str, Any]:
    return {} if workspace is None else attrs.asdict(workspace)


if __name__ == "__main__":
    main()
