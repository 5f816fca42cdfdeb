"""Builders for the events of a run, and streams that remember what was written."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from swamp_driver.spec import (
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
)


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
        return self._make(RunStarted, workflow="ci", source="ci.yaml", jobs=tuple(outlines))

    def job_started(self, job: str) -> JobStarted:
        return self._make(JobStarted, job=job)

    def job_ended(self, job: str, status: StepStatus = StepStatus.SUCCEEDED) -> JobEnded:
        return self._make(JobEnded, job=job, status=status)

    def started(self, step_id: str, **more: Any) -> StepStarted:
        fields = {"driver": "raw", "command": "sh -e script", **more}
        return self._make(StepStarted, **self._step(step_id), **fields)

    def output(self, step_id: str, data: bytes, stream: str = "stdout") -> StepOutput:
        return self._make(StepOutput, **self._step(step_id), stream=stream, data=data)

    def ended(self, step_id: str, status: str = "succeeded", **more: Any) -> StepEnded:
        ends = {"succeeded": StepEnd.SUCCEEDED, "failed": StepEnd.FAILED}
        codes = {"succeeded": 0, "failed": 1}
        fields = {"end": ends.get(status), "exit_code": codes.get(status), "duration_s": 1.0}
        return self._make(
            StepEnded, **self._step(step_id), status=StepStatus(status), **{**fields, **more}
        )

    def run_ended(self, status: str = "succeeded", **more: Any) -> RunEnded:
        fields = {"exit_code": 0 if status == "succeeded" else 1, "duration_s": 12.0, **more}
        return self._make(RunEnded, status=RunStatus(status), **fields)

    def make(self, cls: type[RunEvent], **fields: Any) -> Any:
        """Make any other event."""
        return self._make(cls, **fields)

    def iteration(self, step_id: str, job: str, name: str) -> str:
        """Name an iteration of a step with `forEach`."""
        self._names[step_id] = (job, name)
        return step_id

    def _step(self, step_id: str) -> dict[str, str]:
        job, step = self._names[step_id]
        return {"step_id": step_id, "job": job, "step": step}

    def _make(self, cls: Callable[..., Any], **fields: Any) -> Any:
        self.seq += 1
        return cls(run_id="kx3a", seq=self.seq, time_s=1000.0 + self.seq, **fields)


@pytest.fixture
def story() -> Story:
    """Return a builder for the events of one run."""
    return Story()


@pytest.fixture
def out() -> io.StringIO:
    """Return a stream that remembers."""
    return io.StringIO()


@pytest.fixture
def err() -> io.StringIO:
    """Return another stream that remembers."""
    return io.StringIO()
