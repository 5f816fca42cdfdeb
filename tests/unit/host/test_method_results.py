"""What a method's process left, read as what it is: text that anybody could have written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from swamp_driver.host._method_end import MethodEnd, NewResult
from swamp_driver.host._method_results import read_method_end
from swamp_driver.spec import StepEnd, StepResult
from swamp_driver.workflow import BoundData, BoundKind

DATA = BoundData(
    model="git",
    model_type="ci/git",
    method="clone",
    kinds={
        "checkout": BoundKind(schema={"type": "object", "required": ["path"]}),
        "log": BoundKind(kind="file", content_type="text/plain"),
    },
)
CHECKOUT = {
    "kind": "resource",
    "spec": "checkout",
    "name": "result",
    "attributes": {"path": "p"},
    "tags": {"a": "b"},
}
LOG = {"kind": "file", "spec": "log", "name": "l", "offset": 2, "size": 3, "tags": {}}
KEPT = NewResult(spec="checkout", name="result", attributes={"path": "p"}, tags={"a": "b"})
OK = b'{"outcome": "ok", "message": ""}'


def left(
    *entries: Any, outcome: bytes | None = OK, files: bytes = b"", **result: Any
) -> StepResult:
    """Return a result with these files in it."""
    lines = b"".join(json.dumps(entry).encode() + b"\n" for entry in entries)
    collected = {"results.jsonl": lines, "files.bin": files}
    if outcome is not None:
        collected["outcome.json"] = outcome
    fields = {"end": StepEnd.SUCCEEDED, "exit_code": 0, "started_at": 0.0, "duration_s": 0.1}
    return StepResult(**{**fields, "collected": collected, **result})


def test_results_are_taken_with_their_contents() -> None:
    """Files stand one after the other in one file."""
    assert read_method_end(DATA, left(CHECKOUT, LOG, files=b"..abc.")) == MethodEnd(
        results=(KEPT, NewResult(spec="log", name="l", kind="file", content=b"abc"))
    )


def test_a_line_that_was_cut_off_is_no_result_and_no_problem() -> None:
    """A process that was killed in the middle of a write leaves half a line."""
    result = left(CHECKOUT)
    half = {**result.collected, "results.jsonl": result.collected["results.jsonl"] + b'{"kin'}
    assert read_method_end(DATA, left(collected=half)) == MethodEnd(results=(KEPT,))


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ([], ""),
        ("text", ""),
        ({}, ""),
        (
            {**CHECKOUT, "spec": ["checkout"]},
            "the model has no such kind of data: \"['checkout']\"",
        ),
        ({**CHECKOUT, "spec": "other"}, "the model has no such kind of data: 'other'"),
        ({**CHECKOUT, "kind": "file"}, "the model has no such kind of data: 'checkout'"),
        ({**CHECKOUT, "name": "../x"}, "'../x' cannot be the name of data"),
        ({**CHECKOUT, "name": 3}, "'3' cannot be the name of data"),
        ({**CHECKOUT, "tags": {"a": 1}}, "its tags are no texts, or too many"),
        ({**CHECKOUT, "tags": "a"}, "its tags are no texts, or too many"),
        ({**CHECKOUT, "attributes": {}}, "path: is missing"),
        ({**CHECKOUT, "attributes": []}, "expected a mapping, found a list"),
        ({**LOG, "offset": -1}, "its place is none"),
        ({**LOG, "size": True}, "its place is none"),
        ({**LOG, "size": 10**18}, "its content is not there"),
    ],
)
def test_a_forged_result_fails_the_step_and_those_before_are_kept(entry: Any, why: str) -> None:
    """Nothing of it is kept, nothing else is lost, and it is said which it is."""
    end = read_method_end(DATA, left(CHECKOUT, entry, CHECKOUT))
    what = "result 2 of the method is not what the runtime writes"
    assert end == MethodEnd(problem=f"{what}: {why}" if why else what, results=(KEPT,))


def test_a_value_of_any_depth_is_refused_not_followed() -> None:
    """The reader must not run out of stack."""
    line = b'{"kind": ' + b"[" * 100_000 + b"\n"
    end = read_method_end(DATA, left(collected={"results.jsonl": line, "outcome.json": OK}))
    assert end.problem == "result 1 of the method is not what the runtime writes"


@pytest.mark.parametrize(
    ("outcome", "problem"),
    [
        (OK, None),
        (b'{"outcome": "failed", "message": "no"}', "no"),
        (b'{"outcome": "failed", "message": ""}', "the method failed"),
        (b'{"outcome": "wrong-schema", "message": "a: b"}', "the method wrote wrong data: a: b"),
        (
            b'{"outcome": "cancelled", "message": ""}',
            "the method was told to stop (SIGTERM), and not by this run",
        ),
        (b'{"outcome": "splendid", "message": ""}', "UNREADABLE"),
        (b'{"outcome": ["ok"], "message": ""}', "UNREADABLE"),
        (b'{"outcome": "ok"}', "UNREADABLE"),
        (b"[]", "UNREADABLE"),
        (b"\xff", "UNREADABLE"),
        (b"", "UNREADABLE"),
        (None, "the method ended its process before it came back"),
    ],
)
def test_every_outcome_has_its_words(outcome: bytes | None, problem: str | None) -> None:
    """The set of outcomes is closed."""
    told = read_method_end(DATA, left(outcome=outcome)).problem
    unreadable = "the outcome of the method is not what the runtime writes"
    assert told == (unreadable if problem == "UNREADABLE" else problem)


def test_a_long_message_is_cut() -> None:
    """A message is for a line in a log."""
    outcome = json.dumps({"outcome": "failed", "message": "x" * 100_000}).encode()
    assert read_method_end(DATA, left(outcome=outcome)).problem == "x" * 4000


@pytest.mark.parametrize(
    "end", [StepEnd.TIMED_OUT, StepEnd.CANCELLED, StepEnd.OUT_OF_MEMORY, StepEnd.LOST]
)
def test_the_word_of_the_driver_counts_where_it_ended_the_step(end: StepEnd) -> None:
    """A method that was stopped has no outcome, or says that it was cancelled: no news."""
    assert read_method_end(DATA, left(CHECKOUT, outcome=None, end=end, exit_code=None)) == (
        MethodEnd(results=(KEPT,))
    )


def test_files_that_are_too_large_to_be_handed_back_are_told() -> None:
    """The bound is the driver's to keep; the step has failed."""
    result = left(collect_problems={"files.bin": "larger than 67108864 bytes"})
    assert read_method_end(DATA, result).problem == (
        "the results of the method cannot be read: files.bin: larger than 67108864 bytes"
    )
