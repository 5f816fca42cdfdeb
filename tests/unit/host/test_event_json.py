"""Events survive JSON: the log of a run is all that is left of it."""

import json
from typing import Any

import pytest

from swamp_driver.host import event_from_json, event_to_json
from swamp_driver.spec import (
    DriverProgress,
    JobEnded,
    JobOutline,
    JobStarted,
    Notice,
    Progress,
    RunEnded,
    RunEvent,
    RunStarted,
    RunStatus,
    StepEnd,
    StepEnded,
    StepOutput,
    StepStarted,
    StepStatus,
    Usage,
    WorkspaceReady,
)

_RUN: dict[str, Any] = {"run_id": "r", "seq": 1, "time_s": 2.5}
_STEP: dict[str, Any] = {**_RUN, "step_id": "s1", "job": "build", "step": "compile"}

EVENTS = [
    RunStarted(
        **_RUN,
        workflow="ci",
        source="ci.yaml",
        jobs=(JobOutline(name="build", steps=("compile",), step_ids=("s1",)),),
    ),
    WorkspaceReady(**_RUN, driver="raw", path="/r/workspace", host_visible=True),
    DriverProgress(**_RUN, driver="docker", progress=Progress(phase="pull", resource="node:20")),
    Notice(**_RUN, text="waiting"),
    JobStarted(**_RUN, job="build"),
    StepStarted(**_STEP, driver="raw", command="make"),
    StepOutput(**_STEP, stream="stderr", data="h\u00e9".encode()),
    StepOutput(**_STEP, stream="stdout", data=b"\xff\x00\xfe"),
    StepEnded(
        **_STEP,
        status=StepStatus.FAILED,
        end=StepEnd.SIGNALLED,
        exit_code=137,
        signal=9,
        usage=Usage(cpu_s=0.1, max_rss_bytes=5),
    ),
    JobEnded(**_RUN, job="build", status=StepStatus.FAILED),
    RunEnded(**_RUN, status=RunStatus.FAILED, exit_code=1, duration_s=1.0, errors=("x",)),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.kind)
def test_an_event_comes_back_from_json_as_it_was(event: RunEvent) -> None:
    """Views of past runs are made from the log by the same code as live ones."""
    assert event_from_json(json.loads(json.dumps(event_to_json(event)))) == event
