"""What a step that runs no program itself needs: a workflow's inputs, a question's words."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from swamp_driver._value import Value
from swamp_driver.spec import Json
from swamp_driver.spec._suggest import quoted
from swamp_driver.workflow._bind_errors import bind_error, unusable
from swamp_driver.workflow._commands import (
    ApprovalCommand,
    ConfigTree,
    PlannedTier,
    WorkflowCommand,
)
from swamp_driver.workflow._evaluate import TemplateError, evaluate_text, evaluate_tree, to_text
from swamp_driver.workflow._nesting import literal
from swamp_driver.workflow._planned import PlannedStep
from swamp_driver.workflow._scope import RunScope
from swamp_driver.workflow._whole import spread


@attrs.frozen(kw_only=True, eq=False, repr=False)
class BoundCall(Value):
    """What a nested workflow is planned with."""

    inputs: Mapping[str, Json]
    tiers: tuple[PlannedTier, ...]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class BoundQuestion(Value):
    """What a person is asked."""

    prompt: str
    timeout_s: float | None
    """None: there is no end to the wait."""


def bind_call(step: PlannedStep, command: WorkflowCommand, *, scope: RunScope) -> BoundCall:
    """Return what a nested workflow is planned with, every expression evaluated.

    `scope` is that of the step, with `self_values` of its iteration. Pure; from any thread.

    Raises:
        WorkflowError: An expression has no value.
    """
    try:
        values = {key: evaluate_tree(tree, scope) for key, tree in command.inputs.items()}
    except TemplateError as error:
        raise bind_error(error, scope, step, "inputs") from error
    inputs = spread(values)
    if inputs is None:
        raise unusable(scope, step, "the expression gives no mapping", key="inputs")
    try:
        tiers = tuple(_evaluated(tier, scope) for tier in command.tiers)
    except TemplateError as error:
        raise bind_error(error, scope, step, "driverConfig") from error
    return BoundCall(inputs=inputs, tiers=tiers)


def _evaluated(tier: PlannedTier, scope: RunScope) -> PlannedTier:
    config: dict[str, ConfigTree] | None = None
    if tier.config is not None:
        config = {key: literal(evaluate_tree(tree, scope)) for key, tree in tier.config.items()}
    return attrs.evolve(tier, config=config)


def bind_question(step: PlannedStep, command: ApprovalCommand, *, scope: RunScope) -> BoundQuestion:
    """Return what a person is asked, every expression evaluated.

    `scope` is that of the step, with `self_values` of its iteration. Pure; from any thread.

    Raises:
        WorkflowError: An expression has no value, or the time-out is no number of seconds.
    """
    try:
        prompt = evaluate_text(command.prompt, scope)
    except TemplateError as error:
        raise bind_error(error, scope, step, "prompt") from error
    try:
        timeout = evaluate_tree(command.timeout_s, scope)
    except TemplateError as error:
        raise bind_error(error, scope, step, "timeout") from error
    if timeout is not None and (type(timeout) not in {int, float} or timeout < 0):  # type: ignore[operator]
        what = f"{quoted(to_text(timeout))} is no time-out"
        raise unusable(scope, step, what, "give a number of seconds", key="timeout")
    return BoundQuestion(prompt=prompt, timeout_s=timeout or None)  # type: ignore[arg-type]
