"""What a status means for what waits for it."""

from __future__ import annotations

import pytest

from swamp_driver.spec import StepStatus
from swamp_driver.workflow import (
    Condition,
    GroupCondition,
    NotCondition,
    SimpleCondition,
    aggregate,
    condition_holds,
    runs_after_failure,
)

S, F, K, C = StepStatus.SUCCEEDED, StepStatus.FAILED, StepStatus.SKIPPED, StepStatus.CANCELLED
SUCCEEDED = SimpleCondition(type="succeeded")
FAILED = SimpleCondition(type="failed")
SKIPPED = SimpleCondition(type="skipped")


@pytest.mark.parametrize(
    ("condition", "statuses"),
    [
        (SimpleCondition(type="always"), {S, F, K, C}),
        (SUCCEEDED, {S}),
        (FAILED, {F}),
        (SimpleCondition(type="completed"), {S, F}),
        (SKIPPED, {K}),
        (NotCondition(condition=SKIPPED), {S, F, C}),
        (GroupCondition(type="or", conditions=(SUCCEEDED, SKIPPED)), {S, K}),
        (GroupCondition(type="and", conditions=(SUCCEEDED, FAILED)), set()),
        (
            GroupCondition(
                type="and",
                conditions=(NotCondition(condition=FAILED), NotCondition(condition=SKIPPED)),
            ),
            {S, C},
        ),
    ],
)
def test_a_condition_holds_for_its_statuses(
    condition: Condition, statuses: set[StepStatus]
) -> None:
    """All eight, over all four."""
    assert {status for status in StepStatus if condition_holds(condition, status)} == statuses
    assert runs_after_failure(condition) is (F in statuses)


@pytest.mark.parametrize(
    ("statuses", "whole"),
    [
        ([], S),
        ([S, S], S),
        ([S, K], S),
        ([K, K], K),
        ([S, F, C], F),
        ([S, C, K], C),
    ],
)
def test_several_statuses_come_to_one(statuses: list[StepStatus], whole: StepStatus) -> None:
    """A step with `forEach` and a job are seen as one thing by what waits for them."""
    assert aggregate(statuses) is whole
