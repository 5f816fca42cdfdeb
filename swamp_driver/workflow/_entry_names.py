"""Checks the names of `forEach` steps where the entries are known before the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from swamp_driver._value import Value
from swamp_driver.spec import Json
from swamp_driver.spec._suggest import quoted
from swamp_driver.workflow._cel import ExpressionError
from swamp_driver.workflow._evaluate import TemplateError, evaluate_text, evaluate_tree
from swamp_driver.workflow._for_each import entries_of
from swamp_driver.workflow._model import Workflow
from swamp_driver.workflow._model_step import ForEach, Step
from swamp_driver.workflow._node import ScalarNode, config_tree
from swamp_driver.workflow._problems import Problems
from swamp_driver.workflow._scope import InputsScope
from swamp_driver.workflow._syntax_tree import Reference


def check_entry_names(workflow: Workflow, scope: InputsScope, problems: Problems) -> None:
    """Note steps of which two entries would have the same name, as far as inputs can tell.

    What must wait for the run is checked there.
    """
    for job in workflow.jobs:
        for step in job.steps:
            if step.for_each is not None and (name := _repeated(step, step.for_each, scope)):
                problems.add(
                    f"two entries have the name {quoted(name)}",
                    step.where.value("name"),
                    hint=f"use self.{step.for_each.item.text} in the name of the step",
                )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class _EntryScope(Value):
    """The inputs, and one entry of a `forEach`."""

    inputs: InputsScope
    entry: Mapping[str, Json]

    def variables(self, references: tuple[Reference, ...]) -> Mapping[str, Json]:
        """Return `inputs` and `self`."""
        return {**self.inputs.variables(references), "self": dict(self.entry)}

    def explain(self, references: tuple[Reference, ...], missing: str) -> ExpressionError | None:
        """Return an error that says what is not known yet."""
        return self.inputs.explain(references, missing)

    def call(self, function: str, arguments: tuple[Json, ...]) -> Json:
        """Refuse, as there is no run."""
        return self.inputs.call(function, arguments)


def _repeated(step: Step, loop: ForEach, scope: InputsScope) -> str | None:
    """Return the first name that a second entry has; None also where names are not known yet."""
    seen = set()
    try:
        for name in _names(step, loop, scope):
            if name in seen:
                return name
            seen.add(name)
    except TemplateError:
        return None
    return None


def _names(step: Step, loop: ForEach, scope: InputsScope) -> Iterator[str]:
    node = loop.in_
    written = node.template if isinstance(node, ScalarNode) else config_tree(node)
    values = evaluate_tree(written, scope)
    for entry in entries_of(values, sort=isinstance(node, ScalarNode)):
        yield evaluate_text(step.name, _EntryScope(inputs=scope, entry={loop.item.text: entry}))
