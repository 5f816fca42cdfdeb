"""Steps that run another workflow: the file is found, and planned as far as can be, at once."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Protocol

import attrs

from swamp_driver._value import Value
from swamp_driver.errors import PluginError, Problem
from swamp_driver.spec import Json
from swamp_driver.spec._suggest import quoted
from swamp_driver.workflow._commands import ConfigTree, PlannedTier, WorkflowCommand
from swamp_driver.workflow._drivers import Tier
from swamp_driver.workflow._evaluate import TemplateError, evaluate_tree, to_text
from swamp_driver.workflow._load import read_workflow
from swamp_driver.workflow._model import Workflow
from swamp_driver.workflow._model_task import WorkflowTask
from swamp_driver.workflow._node import MappingNode, config_tree, find_place
from swamp_driver.workflow._planned import Nesting, PlannedWorkspace, WorkflowFile
from swamp_driver.workflow._problems import Problems
from swamp_driver.workflow._static import Static
from swamp_driver.workflow._template import Template
from swamp_driver.workflow._whole import WHOLE, spread

MAX_DEPTH = 10
"""How many workflows deep a workflow may run others."""
MAX_NESTED = 1000
"""How many steps of one plan, at all depths, may run another workflow."""
_OPEN = Template("${{ run.id }}")
"""Stands for an option that only the run can tell: it cannot be checked before."""


class WorkflowNotFoundError(Exception):
    """There is no workflow of that name, or there are several; `hint` says what to do."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class WorkflowFinder(Protocol):
    """Finds the workflows that workflows run."""

    def find(self, name: str, *, caller: WorkflowFile) -> WorkflowFile:
        """Return the workflow that `caller` calls `name`; raise `WorkflowNotFoundError`."""
        ...


class NoWorkflows:
    """Finds nothing: for workflows that are in no directory."""

    def find(self, name: str, *, caller: WorkflowFile) -> WorkflowFile:  # noqa: ARG002
        """Raise `WorkflowNotFoundError`."""
        raise WorkflowNotFoundError("workflows cannot run others here")


@attrs.frozen(eq=False, repr=False)
class KeptWorkflows:
    """Finds what a plan has kept: what is on the disk meanwhile makes no difference."""

    nesting: Nesting

    def find(self, name: str, *, caller: WorkflowFile) -> WorkflowFile:
        """Return the workflow that was found when the plan was made."""
        path = caller.names.get(name)
        for file in self.nesting.files:
            if file.path == path:
                return file
        raise WorkflowNotFoundError(f"the plan holds no workflow {quoted(name)}")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Caller(Value):
    """What a nested workflow is planned in. All that it says itself stands above `tiers`."""

    chain: tuple[WorkflowFile, ...]
    """From the file that is run to the one that is planned."""
    tiers: tuple[Tier, ...] = ()
    workspace: PlannedWorkspace
    later: frozenset[str] = frozenset()
    """The inputs whose values only the run can tell."""
    given: MappingNode | None = None
    """Where the inputs stand in the calling file."""
    path: str = ""

    @property
    def is_nested(self) -> bool:
        """Return whether the file is run by another one."""
        return len(self.chain) > 1


class NestedPlanner(Protocol):
    """The planner of a nested workflow, as its caller uses it."""

    asks: bool
    """Something in it waits for an approval."""

    @property
    def problems(self) -> Problems:
        """Return what is wrong with it; complete after `finish`."""

    def finish(self, *, persistent: bool, drivers: frozenset[str]) -> None:
        """Note what only the whole run can tell."""
        ...


MakePlanner = Callable[[Workflow, Mapping[str, Json], Problems, Caller], NestedPlanner]


@attrs.define(kw_only=True, eq=False, repr=False)
class Nested:
    """The workflows that one plan runs, at all depths; shared by all its planners."""

    finder: WorkflowFinder
    make: MakePlanner
    looks_inside: bool = True
    """False: what the workflow of a step holds is not planned yet."""
    files: dict[str, WorkflowFile] = attrs.field(factory=dict)
    _read: dict[str, tuple[Workflow | None, tuple[Problem, ...]]] = attrs.field(factory=dict)
    _numbers: itertools.count[int] = attrs.field(factory=lambda: itertools.count(1))

    def find(self, name: str, caller: WorkflowFile) -> WorkflowFile:
        """Return the workflow that `caller` calls `name`, and remember that it does."""
        found = self.finder.find(name, caller=caller)
        known = self.files.setdefault(found.path, found)
        caller = self.files.get(caller.path, caller)
        names = {**caller.names, name: found.path}
        self.files[caller.path] = attrs.evolve(caller, names=names)
        return known

    def read(self, file: WorkflowFile) -> tuple[Workflow | None, Problems]:
        """Return the workflow in a file, read once, and what is wrong with it."""
        if file.path not in self._read:
            problems = Problems(file=file.source, text=file.text)
            workflow = read_workflow(file.text, problems)
            self._read[file.path] = workflow, problems.found
        workflow, known = self._read[file.path]
        problems = Problems(file=file.source, text=file.text)
        problems.take(known)
        return workflow, problems

    def count(self) -> bool:
        """Count a nested workflow; return whether there are too many."""
        return next(self._numbers) > MAX_NESTED


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Call:
    """A step that runs a workflow, and all that its planning needs of the calling file."""

    task: WorkflowTask
    tiers: tuple[Tier, ...]
    static: Static
    problems: Problems
    text: str
    """Of the calling file."""
    caller: Caller


def plan_call(call: Call, nested: Nested) -> tuple[WorkflowCommand, NestedPlanner | None] | None:
    """Return what a step does that runs a workflow, and the planner of that workflow.

    The planner has planned all that is known by now; without one it has nothing to say. None, with
    a problem noted, where the step cannot be run.
    """
    task, problems = call.task, call.problems
    call.static.check(task)
    place = task.where.value("workflowIdOrName")
    known = _known(task.workflow_id_or_name, call.static)
    if known is None and call.static.scope.later:
        hint = "use inputs that are given a value before the run"
        problems.add("which workflow is run must be known before anything runs", place, hint=hint)
    if known is None:
        return None
    try:
        file = nested.find(to_text(known[0]), call.caller.chain[-1])
    except WorkflowNotFoundError as error:
        problems.add(str(error), place, hint=error.hint, kind="absent")
        return None
    if what := _refusal(file, call.caller, nested):
        problems.add(what, place)
        return None
    command = WorkflowCommand(
        path=file.path,
        source=file.source,
        inputs=_inputs_tree(task),
        tiers=tuple(PlannedTier(driver=tier.driver, config=tier.config) for tier in call.tiers),
    )
    return command, _look_inside(call, command, file, nested) if nested.looks_inside else None


def _refusal(file: WorkflowFile, caller: Caller, nested: Nested) -> str | None:
    paths = [one.path for one in caller.chain]
    if file.path in paths:
        circle = [*caller.chain[paths.index(file.path) :], file]
        return f"the workflows run each other in a circle: {_chain(circle)}"
    if len(paths) > MAX_DEPTH:
        return f"workflows run others more than {MAX_DEPTH} deep: {_chain([*caller.chain, file])}"
    if nested.looks_inside and nested.count():
        return f"more than {MAX_NESTED} steps run other workflows"
    return None


def _chain(files: list[WorkflowFile]) -> str:
    return " -> ".join(file.source for file in files)


def _inputs_tree(task: WorkflowTask) -> dict[str, ConfigTree]:
    if task.inputs is None:
        return {}
    return {key: config_tree(entry.value) for key, entry in task.inputs.entries.items()}


def _look_inside(
    call: Call, command: WorkflowCommand, file: WorkflowFile, nested: Nested
) -> NestedPlanner | None:
    """Plan what is known of the nested workflow by now."""
    workflow, problems = nested.read(file)
    if workflow is None:
        call.problems.take(problems.found)
        return None
    given: dict[str, Json] = {}
    later: set[str] = set()
    for name, tree in command.inputs.items():
        known = _known(tree, call.static)
        if known is None:
            later |= {name} if name != WHOLE else {*workflow.inputs.declarations}
        else:
            given[name] = known[0]
    spread_out = spread(given)
    if spread_out is None:
        place = call.task.where.value("inputs")
        call.problems.add("the expression gives no mapping", place)
        return None
    given = spread_out
    file_name = call.caller.chain[-1].source
    problems.know_file(file_name, call.text)
    caller = Caller(
        chain=(*call.caller.chain, file),
        tiers=tuple(_handed_on(tier, call.static, file_name) for tier in call.tiers),
        workspace=call.caller.workspace,
        later=frozenset(later),
        given=call.task.inputs or _no_inputs(call.task),
        path=f"{call.task.where.path}.inputs",
    )
    try:
        return nested.make(workflow, given, problems, caller)
    except PluginError as error:
        call.problems.add(str(error), call.task.where.value("workflowIdOrName"))
        return None


def _no_inputs(task: WorkflowTask) -> MappingNode:
    place = task.where.place
    return MappingNode({}, place.line, place.column)


def _known(tree: ConfigTree, static: Static) -> tuple[Json] | None:
    """Return the value of a tree in a tuple; None where only the run can tell it."""
    if not static.knows(tree):
        return None
    try:
        return (evaluate_tree(tree, static.scope),)
    except TemplateError:  # noted where all expressions are checked
        return None


def _handed_on(tier: Tier, static: Static, file: str) -> Tier:
    """Return what a tier says in a file that it does not stand in: its expressions evaluated."""
    config = None
    if tier.config is not None:
        config = {}
        for key, tree in tier.config.items():
            known = _known(tree, static)
            config[key] = _OPEN if known is None else literal(known[0])
    file = tier.file or file
    return attrs.evolve(tier, config=config, file=file, place=attrs.evolve(tier.place, file=file))


def literal(value: Json) -> ConfigTree:
    """Return a tree that has just this value, whatever texts are in it."""
    match value:
        case str():
            return Template(value.replace("${{", "${{ '${{' }}"))
        case list():
            return [literal(item) for item in value]
        case dict():
            return {key: literal(item) for key, item in value.items()}
        case _:
            return value


def note_inputs(wrong: Problems, caller: Caller, problems: Problems) -> None:
    """Note what is wrong with the inputs that a step gives, at their places in its file."""
    if caller.given is None:  # while the run goes on: they stand in no file
        problems.take(wrong.found)
        return
    for problem in wrong.found:
        inside = problem.path.removeprefix("inputs").lstrip(".")
        place = find_place(caller.given, caller.path, inside=inside)
        hint = problem.hint
        if hint and hint.startswith("give it with --input"):
            hint = "give it in 'inputs' of the task"
        source = caller.chain[-2].source
        problems.add(problem.what, attrs.evolve(place, file=source), hint=hint)
