"""Events as JSON: one object per event, the same in the log of a run and on `--format json`."""

from __future__ import annotations

import base64
import functools
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

import attrs

from swamp_driver.spec import (
    ApprovalRequested,
    DriverProgress,
    JobEnded,
    JobOutline,
    JobStarted,
    Json,
    Notice,
    Progress,
    RunEnded,
    RunEvent,
    RunStarted,
    RunStatus,
    StepEnd,
    StepEnded,
    StepOutput,
    StepReady,
    StepStarted,
    StepStatus,
    Usage,
    WorkflowStarted,
    WorkspaceReady,
)

_KINDS: Mapping[str, type[RunEvent]] = {
    cls.kind: cls
    for cls in (
        ApprovalRequested,
        DriverProgress,
        JobEnded,
        JobStarted,
        Notice,
        RunEnded,
        RunStarted,
        StepEnded,
        StepOutput,
        StepReady,
        StepStarted,
        WorkflowStarted,
        WorkspaceReady,
    )
}


def event_to_json(event: RunEvent) -> dict[str, Json]:
    """Return `event` as JSON with its kind under `kind`.

    Output that is UTF-8 is under `text`, any other under `base64`: nothing of it is lost.
    """
    found: dict[str, Json] = {"kind": event.kind}
    cls: Any = type(event)
    for name in _field_names(cls):
        value = getattr(event, name)
        if isinstance(value, bytes):
            found.update(_bytes_to_json(value))
        else:
            found[name] = _to_json(value)
    return found


def event_from_json(data: Mapping[str, Json]) -> RunEvent:
    """Return the event that `event_to_json` wrote.

    Raises `KeyError`, `TypeError` or `ValueError` where `data` is not of that form.
    """
    fields = {key: value for key, value in data.items() if key != "kind"}
    cls = _KINDS[str(data["kind"])]
    if cls is StepOutput:
        fields["data"] = _bytes_from_json(fields)  # type: ignore[assignment]
    for name, convert in _CONVERTERS.items():
        if fields.get(name) is not None:
            fields[name] = convert(cls, fields[name])  # type: ignore[assignment]
    return cls(**fields)  # type: ignore[arg-type]


def _bytes_to_json(data: bytes) -> dict[str, Json]:
    try:
        return {"text": data.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode("ascii")}


def _bytes_from_json(fields: dict[str, Json]) -> bytes:
    if (encoded := fields.pop("base64", None)) is not None:
        return base64.b64decode(str(encoded))
    return str(fields.pop("text")).encode()


@functools.cache
def _field_names(cls: Any) -> tuple[str, ...]:
    return tuple(field.name for field in attrs.fields(cls))


def _to_json(value: object) -> Json:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, tuple):
        return [_to_json(item) for item in value]
    if attrs.has(type(value)):
        names: Any = type(value)
        return {name: _to_json(getattr(value, name)) for name in _field_names(names)}
    assert value is None or isinstance(value, bool | int | float | str)
    return value


def _status(cls: type[RunEvent], value: Any) -> object:
    return RunStatus(value) if cls is RunEnded else StepStatus(value)


def _jobs(_: type[RunEvent], value: Any) -> object:
    return tuple(
        JobOutline(
            name=job["name"],
            steps=tuple(job["steps"]),
            step_ids=tuple(job.get("step_ids", ())),
            depends_on=tuple(job.get("depends_on", ())),
        )
        for job in value
    )


_CONVERTERS: Mapping[str, Callable[[type[RunEvent], Any], object]] = {
    "status": _status,
    "end": lambda _, value: StepEnd(value),
    "usage": lambda _, value: Usage(**value),
    "progress": lambda _, value: Progress(**value),
    "jobs": _jobs,
    "errors": lambda _, value: tuple(value),
}
