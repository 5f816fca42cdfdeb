"""A step with `forEach` -> its iterations."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from swamp_driver._value import Value
from swamp_driver.spec import Json
from swamp_driver.spec._suggest import quoted
from swamp_driver.workflow._bind_errors import bind_error, unusable
from swamp_driver.workflow._evaluate import TemplateError, evaluate_text, evaluate_tree
from swamp_driver.workflow._planned import PlannedForEach, PlannedStep
from swamp_driver.workflow._scope import RunScope
from swamp_driver.workflow._template import Template

MAX_ITERATIONS = 10_000


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Iteration(Value):
    """One entry of `forEach`; a step without it has one, with index None."""

    index: int | None
    """From 1."""
    name: str
    """The step's name for this entry, evaluated."""
    self_values: Mapping[str, Json]
    """What `self` is for this entry: give it to the scope that the step is bound in."""


def expand_for_each(step: PlannedStep, scope: RunScope) -> tuple[Iteration, ...]:
    """Return what a step is to be run for, once its dependencies have ended.

    Pure; may be called from any thread. Lists keep their order, mappings as they are written; the
    keys of a mapping that an expression gives are sorted.

    Raises:
        WorkflowError: The values are neither a list nor a mapping, an expression has no value, two
            iterations have the same name, or there are more than 10,000.
    """
    if step.for_each is None:
        return (_iteration(step, scope, index=None, item={}),)
    items = _items(step, step.for_each, scope)
    if len(items) > MAX_ITERATIONS:
        raise unusable(scope, step, f"{len(items)} entries are more than {MAX_ITERATIONS}")
    iterations: dict[str, Iteration] = {}
    for index, item in enumerate(items, 1):
        found = _iteration(step, scope, index=index, item={step.for_each.item: item})
        if found.name in iterations:
            hint = f"use self.{step.for_each.item} in the name of the step"
            raise unusable(scope, step, f"two entries have the name {quoted(found.name)}", hint)
        iterations[found.name] = found
    return tuple(iterations.values())


def _items(step: PlannedStep, loop: PlannedForEach, scope: RunScope) -> list[Json]:
    try:
        values = evaluate_tree(loop.values, scope)
    except TemplateError as error:
        raise bind_error(error, scope, step, "forEach.in") from error
    if not isinstance(values, list | dict):
        raise unusable(
            scope, step, "'forEach' needs a list or a mapping", "see what the expression gives"
        )
    # an expression does not keep the order of a mapping
    return entries_of(values, sort=isinstance(loop.values, Template))


def entries_of(values: Json, *, sort: bool) -> list[Json]:
    """Return what `self.<item>` is for each value of a list or mapping; nothing for other values.

    With `sort`, the keys of a mapping are sorted.
    """
    match values:
        case list():
            return values
        case dict():
            keys = sorted(values) if sort else list(values)
            return [{"key": key, "value": values[key]} for key in keys]
        case _:
            return []


def _iteration(
    step: PlannedStep, scope: RunScope, *, index: int | None, item: Mapping[str, Json]
) -> Iteration:
    values = {**scope.self_values, **item}
    try:
        name = evaluate_text(step.name, attrs.evolve(scope, self_values=values))
    except TemplateError as error:
        raise bind_error(error, scope, step, "name") from error
    return Iteration(index=index, name=name, self_values=values)
