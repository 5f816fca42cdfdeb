"""Builders for the events of a run, and a terminal that remembers what a person sees."""

from __future__ import annotations

import io
import re
from typing import Any, TypeVar

import pytest

from swamp_driver.spec import (
    ApprovalRequested,
    JobEnded,
    JobOutline,
    JobStarted,
    RunEnded,
    RunEvent,
    RunStarted,
    RunStatus,
    StepEnd,
    StepEnded,
    StepOutput,
    StepStarted,
    StepStatus,
    WorkflowStarted,
)

E = TypeVar("E", bound=RunEvent)


class Story:
    """Makes the events of one run, in order, a second apart."""

    def __init__(self) -> None:
        self.seq = 0
        self._names: dict[str, tuple[str, str]] = {}

    def run_started(self, **jobs: list[str]) -> RunStarted:
        """Start a run with these jobs and steps; their ids are s1, s2, ..."""
        outlines = []
        for job, steps in jobs.items():
            ids = [f"s{len(self._names) + number + 1}" for number in range(len(steps))]
            self._names.update(
                {step_id: (job, step) for step_id, step in zip(ids, steps, strict=True)}
            )
            outlines.append(JobOutline(name=job, steps=tuple(steps), step_ids=tuple(ids)))
        return self.make(RunStarted, workflow="ci", source="ci.yaml", jobs=tuple(outlines))

    def job_started(self, job: str) -> JobStarted:
        """Start a job."""
        return self.make(JobStarted, job=job)

    def job_ended(self, job: str, status: StepStatus = StepStatus.SUCCEEDED) -> JobEnded:
        """End a job."""
        return self.make(JobEnded, job=job, status=status)

    def started(self, step_id: str, **more: Any) -> StepStarted:
        """Start a step."""
        fields = {"driver": "raw", "command": "sh -e script", **more}
        return self.make(StepStarted, **self._step(step_id), **fields)

    def output(self, step_id: str, data: bytes, stream: str = "stdout") -> StepOutput:
        """Let a step print."""
        return self.make(StepOutput, **self._step(step_id), stream=stream, data=data)

    def ended(self, step_id: str, status: str = "succeeded", **more: Any) -> StepEnded:
        """End a step."""
        ends = {"succeeded": StepEnd.SUCCEEDED, "failed": StepEnd.FAILED}
        codes = {"succeeded": 0, "failed": 1}
        fields = {"end": ends.get(status), "exit_code": codes.get(status), "duration_s": 1.0}
        return self.make(
            StepEnded, **self._step(step_id), status=StepStatus(status), **{**fields, **more}
        )

    def asked(self, step_id: str, prompt: str) -> ApprovalRequested:
        """Let a step wait for a person."""
        return self.make(ApprovalRequested, **self._step(step_id), prompt=prompt)

    def nested(self, step_id: str, job: str, steps: dict[str, str]) -> WorkflowStarted:
        """Let a step run a workflow with one job; `steps` are names by ids."""
        self._names.update({inner: (job, name) for inner, name in steps.items()})
        outline = JobOutline(name=job, steps=tuple(steps.values()), step_ids=tuple(steps))
        fields = {"workflow": "inner", "source": "inner.yaml", "jobs": (outline,)}
        return self.make(WorkflowStarted, **self._step(step_id), **fields)

    def run_ended(self, status: str = "succeeded", **more: Any) -> RunEnded:
        """End the run."""
        fields = {"exit_code": 0 if status == "succeeded" else 1, "duration_s": 12.0, **more}
        return self.make(RunEnded, status=RunStatus(status), **fields)

    def iteration(self, step_id: str, job: str, name: str) -> str:
        """Name an iteration of a step with `forEach`."""
        self._names[step_id] = (job, name)
        return step_id

    def _step(self, step_id: str) -> dict[str, str]:
        job, step = self._names[step_id]
        return {"step_id": step_id, "job": job, "step": step}

    def make(self, cls: type[E], **fields: Any) -> E:
        """Make any event: the next one, a second after the one before."""
        self.seq += 1
        return cls(run_id="kx3a", seq=self.seq, time_s=1000.0 + self.seq, **fields)


class Terminal(io.StringIO):
    """A terminal that understands what a live view writes, and no more; it never wraps."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        """Say that a person looks at it."""
        return True

    @property
    def screen(self) -> list[str]:
        """Return the lines that a person sees, those that scrolled away included."""
        lines: list[str] = [""]
        row = column = 0
        for match in _PIECES.finditer(self.getvalue()):
            piece = match[0]
            if piece == "\n":
                row, column = row + 1, 0
                lines.extend([""] * (row + 1 - len(lines)))
            elif piece == "\r":
                column = 0
            elif piece.startswith("\x1b["):
                if piece.endswith("A"):
                    row -= int(piece[2:-1] or 1)
                elif piece == "\x1b[2K":
                    lines[row] = ""
                elif not piece.endswith(("m", "?25l", "?25h")):
                    pytest.fail(f"a sequence that no view should write: {piece!r}")
            else:
                lines[row] = lines[row].ljust(column)[:column] + piece
                column += len(piece)
        return [line.rstrip() for line in lines]


_PIECES = re.compile(r"\x1b\[\??[0-9;]*[A-Za-z]|\n|\r|[^\x1b\n\r]+|\x1b")
