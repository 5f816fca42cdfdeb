"""Checks of a whole workflow that need no driver and no input: names, order, expressions."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import attrs

from swamp_driver.spec._suggest import quoted
from swamp_driver.workflow._cel import ExpressionError, references_of
from swamp_driver.workflow._evaluate import (
    TemplateError,
    compiled,
    note_error,
    template_error,
    template_parts,
)
from swamp_driver.workflow._input_checks import check_declarations
from swamp_driver.workflow._late_inputs import late_spots, note_inner_expressions
from swamp_driver.workflow._model import Workflow
from swamp_driver.workflow._model_step import Step
from swamp_driver.workflow._model_task import WorkflowTask
from swamp_driver.workflow._names import Known, check_references
from swamp_driver.workflow._output_targets import check_targets
from swamp_driver.workflow._problems import Place, Problems
from swamp_driver.workflow._scan import Expression, Literal
from swamp_driver.workflow._shell import write_script
from swamp_driver.workflow._shell_task import check_keys, check_task, written_shell_inputs
from swamp_driver.workflow._steps_seen import StepCheck, StepsSeen, graphs_of
from swamp_driver.workflow._template import Template
from swamp_driver.workflow._templates import Spot, templates_of

_IDENTIFIER = r"[A-Za-z_][A-Za-z0-9_]*"
_RESERVED = "SWAMP_"
_SECRET_KEYS = frozenset({"run", "env", "inputs", "globalArgs"})


def check_workflow(
    workflow: Workflow, problems: Problems, *, vaults: Collection[str] | None = None
) -> None:
    """Note everything that is wrong whatever the inputs and the drivers are."""
    check_declarations(workflow.inputs, problems)
    seen = StepsSeen(workflow, graphs_of(workflow, problems))
    known = Known(
        inputs=None if workflow.inputs.open else frozenset(workflow.inputs.declarations),
        workspace=workflow.workspace.enabled is not False,
        step_names=seen.names,
        vaults=vaults,
    )
    check = _Expressions(known, problems)
    note_inner_expressions(workflow.inputs, problems)
    check.spots(late_spots(workflow.inputs), steps=seen.before_all)
    check.record(attrs.evolve(workflow, jobs=()), steps=seen.before_all)
    for number, job in enumerate(workflow.jobs):
        check.record(attrs.evolve(job, steps=()), steps=seen.before_step(number, None))
        for position, step in enumerate(job.steps):
            steps = seen.before_step(number, position)
            _check_step(step, check, steps, problems)
            check_targets(step, (number, position), seen, problems)


class _Expressions:
    """Checks the expressions of records."""

    def __init__(self, known: Known, problems: Problems) -> None:
        self._known = known
        self._problems = problems

    def record(
        self, record: Any, *, steps: StepCheck, item: str | None = None, secrets: bool = True
    ) -> None:
        """Check all expressions of a record and of what it holds.

        `secrets`: where keys of it may hold secrets, they may do so here.
        """
        for spot in templates_of(record):
            if spot.when == "never":
                continue
            known = attrs.evolve(
                self._known,
                steps=steps,
                before_run=spot.when == "plan",
                item=None if ".forEach." in spot.path else item,
                secrets=secrets and _may_hold_secret(spot.path, record.where.path),
            )
            self._template(spot, known)

    def spots(self, spots: Iterable[Spot], *, steps: StepCheck) -> None:
        """Check expressions that stand outside of records, and are evaluated for steps."""
        known = attrs.evolve(self._known, steps=steps, secrets=True)
        for spot in spots:
            self._template(spot, known)

    def _template(self, spot: Spot, known: Known) -> None:
        try:
            parts: Sequence[Literal | Expression] = template_parts(spot.template)
        except TemplateError as error:
            note_error(error, spot.path, self._problems)
            parts = error.parts
        for part in parts:
            if isinstance(part, Expression):
                self._expression(spot, part, known)

    def _expression(self, spot: Spot, part: Expression, known: Known) -> None:
        try:
            wrong = check_references(references_of(part.text), known)
        except ExpressionError as error:
            wrong = [error]
        for found in wrong:
            note_error(template_error(spot.template, part, found), spot.path, self._problems)
        if not wrong:
            try:
                compiled(spot.template, part)
            except TemplateError as error:
                note_error(error, spot.path, self._problems)


def _may_hold_secret(path: str, record: str) -> bool:
    """Return whether what stands at `path` in a record goes nowhere but to the step."""
    key = re.split(r"[.\[]", path[len(record) :].lstrip("."), maxsplit=1)[0]
    return key in _SECRET_KEYS


def _check_step(step: Step, check: _Expressions, steps: StepCheck, problems: Problems) -> None:
    item = step.for_each.item.text if step.for_each else None
    check.record(attrs.evolve(step, task=None), steps=steps, item=item)
    shell = None
    if step.task is not None:
        check_task(step.task, problems)
        check_keys(step, problems)
        shell = written_shell_inputs(step.task, problems)
        # The inputs of a workflow are inputs of its plan, which is kept.
        secrets = not isinstance(step.task, WorkflowTask)
        check.record(shell or step.task, steps=steps, item=item, secrets=secrets)
    for record in (step, shell):
        if record is not None:
            _check_script(record.run, record.where.value("run").path, problems)
            _check_env(record.env or {}, record.where.value("env"), problems)
    if (ready := step.ready_when) is not None:
        _check_script(ready.command, ready.where.value("command").path, problems)
    if item is not None and not re.fullmatch(_IDENTIFIER, item) and step.for_each and item:
        problems.add(
            f"{quoted(item)} cannot be the name of an item",
            step.for_each.where.value("item"),
            hint="use letters, digits and '_'",
        )


def _check_script(script: Template | None, path: str, problems: Problems) -> None:
    """Note expressions at places of a script where no value can go."""
    if script is None:
        return
    try:
        write_script(script)
    except TemplateError as error:
        note_error(error, path, problems)


def _check_env(env: dict[str, Template], place: Place, problems: Problems) -> None:
    for name, value in env.items():
        if name.startswith(_RESERVED):
            problems.add(
                f"the variable {quoted(name)} belongs to the run",
                Place(f"{place.path}.{name}", value.line, value.column),
                hint=f"names that begin with '{_RESERVED}' cannot be set",
            )
