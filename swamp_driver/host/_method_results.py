"""What the process of a method left: read, checked, and kept as data.

Whatever is in these files was written where the step ran, by whatever ran there: nothing in it is
trusted. What was written before a failure is kept like any other result.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping
from typing import Any

from swamp_driver.errors import StoreError
from swamp_driver.host._capture import Capture
from swamp_driver.host._exit_words import signal_name
from swamp_driver.host._masking import Masker, mask_text
from swamp_driver.host._method_end import MethodEnd, NewResult
from swamp_driver.host.data import DataStore, NewArtifact
from swamp_driver.models import _wire as wire
from swamp_driver.models._check import check
from swamp_driver.spec import Json, StepEnd, StepResult
from swamp_driver.spec._suggest import quoted
from swamp_driver.workflow import BoundData
from swamp_driver.workflow._keeping import varied_name

_DRIVERS_WORD = (StepEnd.TIMED_OUT, StepEnd.CANCELLED, StepEnd.OUT_OF_MEMORY, StepEnd.LOST)
"""Ends that say all there is to say, whatever the method left."""
_TAGS: Mapping[str, Any] = {"type": "object", "additionalProperties": {"type": "string"}}
_MOST_TAGS = 100


class _Refused(Exception):  # noqa: N818 - it says why, and ends in a value
    """What is in a file is not what the runtime writes."""


def read_method_end(data: BoundData, result: StepResult) -> MethodEnd:
    """Return how a method ended, and what it has written. Pure."""
    results: list[NewResult] = []
    damage = None
    try:
        results.extend(_results(data, result))
    except _Refused as error:
        damage = str(error)
    if result.end in _DRIVERS_WORD:
        return MethodEnd(results=tuple(results))
    return MethodEnd(problem=_problem(result) or damage, results=tuple(results))


def shell_result(data: BoundData, result: StepResult, capture: Capture) -> NewResult:
    """Return the result of a script as data: kept whatever its exit code."""
    at = datetime.datetime.fromtimestamp(result.started_at, datetime.UTC)
    return NewResult(
        spec="result",
        name="result",
        attributes={
            "exitCode": result.exit_code,
            "executedAt": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "command": data.script,
            "durationMs": round(result.duration_s * 1000),
            "stdout": capture.text("stdout"),
            "stderr": capture.text("stderr"),
        },
    )


def keep_results(  # noqa: PLR0913 - all by keyword
    store: DataStore,
    data: BoundData,
    results: tuple[NewResult, ...],
    *,
    run_id: str,
    job: str,
    step_id: str,
    secrets: frozenset[bytes],
) -> str | None:
    """Keep results as data, secrets masked; return why one could not be kept, in words."""
    problem = None
    for one in results:
        kind = data.kinds[one.spec]
        new = NewArtifact(
            model=data.model,
            name=varied_name(one.name, kind.vary),
            spec=one.spec,
            kind=one.kind,
            attributes={key: _masked(value, secrets) for key, value in one.attributes.items()},
            content_type=kind.content_type,
            tags={**one.tags, **kind.tags},
            lifetime=kind.lifetime,
            garbage_collection=kind.garbage_collection,
            run_id=run_id,
            job=job,
            step_id=step_id,
        )
        try:
            store.write(new, _masked_content(one.content, secrets) if one.kind == "file" else None)
        except StoreError as error:
            problem = problem or str(error)
    return problem


def _problem(result: StepResult) -> str | None:
    """Return why a method has failed; None where it has not."""
    if why := result.collect_problems.get(wire.OUTCOME):
        return f"the outcome of the method cannot be read: {why}"
    if wire.OUTCOME not in result.collected:
        return _death(result)
    try:
        outcome = json.loads(result.collected[wire.OUTCOME])
        told = str(outcome["message"])[: wire.MOST_MESSAGE] or "the method failed"
        return {
            wire.OK: None if result.end is StepEnd.SUCCEEDED else _death(result),
            wire.CANCELLED: "the method was told to stop (SIGTERM), and not by this run",
            wire.WRONG_SCHEMA: f"the method wrote wrong data: {told}",
            wire.FAILED: told,
        }[outcome["outcome"]]
    except (ValueError, TypeError, KeyError, RecursionError):
        return "the outcome of the method is not what the runtime writes"


def _death(result: StepResult) -> str:
    """Return how a process ended that has left no outcome."""
    if result.end is StepEnd.SIGNALLED and result.signal is not None:
        return f"the method's process was killed ({signal_name(result.signal)})"
    if result.end is StepEnd.FAILED:
        return f"the method ended its process with exit code {result.exit_code}"
    return "the method ended its process before it came back"


def _results(data: BoundData, result: StepResult) -> Iterator[NewResult]:
    for name in (wire.RESULTS, wire.FILES):
        if why := result.collect_problems.get(name):
            raise _Refused(f"the results of the method cannot be read: {name}: {why}")
    content = result.collected.get(wire.FILES, b"")
    text = result.collected.get(wire.RESULTS, b"")[: wire.MOST_RESULTS_BYTES]
    lines = text.split(b"\n")[:-1]  # what follows the last end of a line was cut off
    for number, line in enumerate(lines[: wire.MOST_RESULTS], 1):
        try:
            yield _result(json.loads(line), data, content)
        except (ValueError, TypeError, KeyError, RecursionError, _Refused) as error:
            why = f": {error}" if isinstance(error, _Refused) else ""
            what = f"result {number} of the method is not what the runtime writes{why}"
            raise _Refused(what) from error


def _result(entry: Any, data: BoundData, content: bytes) -> NewResult:
    spec, name, tags = entry["spec"], entry["name"], entry["tags"]
    kind = data.kinds.get(spec) if isinstance(spec, str) else None
    if kind is None or kind.kind != entry["kind"]:
        raise _Refused(f"the model has no such kind of data: {quoted(spec)}")
    if not isinstance(name, str) or not wire.NAME.fullmatch(name):
        raise _Refused(f"{quoted(name)} cannot be the name of data")
    if check(tags, _TAGS) or len(tags) > _MOST_TAGS:
        raise _Refused("its tags are no texts, or too many")
    if kind.kind == "file":
        offset, size = entry["offset"], entry["size"]
        if type(offset) is not int or type(size) is not int or min(offset, size) < 0:
            raise _Refused("its place is none")
        if offset + size > len(content):
            raise _Refused("its content is not there")
        part = content[offset : offset + size]
        return NewResult(spec=spec, name=name, kind="file", content=part, tags=tags)
    attributes = entry["attributes"]
    if wrong := check(attributes, kind.schema) or check(attributes, {"type": "object"}):
        raise _Refused("; ".join(str(problem) for problem in wrong[:3]))
    return NewResult(spec=spec, name=name, attributes=attributes, tags=tags)


def _masked(value: Json, secrets: frozenset[bytes]) -> Json:
    if not secrets:
        return value
    match value:
        case str():
            return mask_text(value, secrets)
        case list():
            return [_masked(item, secrets) for item in value]
        case dict():
            return {mask_text(key, secrets): _masked(item, secrets) for key, item in value.items()}
        case _:
            return value


def _masked_content(content: bytes, secrets: frozenset[bytes]) -> bytes:
    if not secrets:
        return content
    masker = Masker(secrets)
    return masker.feed(content) + masker.flush()
