"""What expressions know: the inputs before a run, everything else while it goes on."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import attrs

from swamp_driver._value import Value
from swamp_driver.spec import Json, StepStatus
from swamp_driver.workflow._cel import ROOTS, ExpressionError
from swamp_driver.workflow._commands import ConfigTree
from swamp_driver.workflow._evaluate import TemplateError, evaluate_tree
from swamp_driver.workflow._planned import Plan

if TYPE_CHECKING:
    from swamp_driver.workflow._answers import Answers
    from swamp_driver.workflow._syntax_tree import Reference


NOT_HERE = "a secret cannot stand here: the value would be shown or kept"
WHERE_SECRETS_GO = "use 'vault.get' in 'run', 'env', or the inputs of a method"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class InputsScope(Value):
    """What is known before a run."""

    inputs: Mapping[str, Json]
    later: frozenset[str] = frozenset()
    """The names of inputs whose values only the run can tell."""
    late: frozenset[str] = frozenset()
    """Those of them that have a default with expressions in it."""

    def variables(self, references: tuple[Reference, ...]) -> Mapping[str, Json]:
        """Return `inputs`; raise `ExpressionError` where one is needed that comes later."""
        if self.is_later(references):
            raise ExpressionError("an input is not known before the run")
        return {"inputs": dict(self.inputs)}

    def is_later(self, references: Iterable[Reference]) -> bool:
        """Return whether names are among them whose values only the run can tell."""
        return bool(self.later) and any(
            reference.root == "inputs" and (not reference.path or reference.path[0] in self.later)
            for reference in references
        )

    def late_one(self, references: Iterable[Reference]) -> ExpressionError | None:
        """Return an error where an input is among them that has such a default."""
        for reference in references:
            if reference.root == "inputs" and set(reference.path[:1]) & self.late:
                name = reference.path[0]
                what = f"the default of the input {name!r} is not known before the run"
                hint = "give the input, or write a default without an expression"
                return ExpressionError(what, offset=reference.offset, hint=hint)
        return None

    def explain(self, references: tuple[Reference, ...], missing: str) -> ExpressionError | None:
        """Return an error that says that an input was not given, or that a name comes later."""
        if missing in ROOTS:
            return _at_root(references, missing, f"{missing!r} is not known before the run")
        return _input_missing(references, missing)

    def call(self, function: str, arguments: tuple[Json, ...]) -> Json:  # noqa: ARG002
        """Refuse: nothing can be asked before the run."""
        raise ExpressionError(f"'{function}' is not known before the run")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class StepView(Value):
    """A step that has ended, as expressions see it; a step with `forEach` is one."""

    status: StepStatus
    exit_code: int | None = None
    outputs: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RunScope(Value):
    """What expressions know while a run goes on, in one job.

    Made new for each step from what has ended before it: `steps` maps the names of a job and of a
    step, as planned, to what became of it. `env` is the environment that `env.NAME` reads, the
    caller's as a rule. `started_at` is in seconds since the epoch. `workspace_path` is None where
    the workspace is disabled. `self_values` is what `self` is: see `self_of`, and
    `Iteration.self_values` within a `forEach`. `source` is what the file is called in messages.
    """

    inputs: Mapping[str, Json]
    run_id: str
    workflow: str
    started_at: float
    tags: Mapping[str, str] = attrs.field(factory=dict)
    workspace_path: str | None
    steps: Mapping[tuple[str, str], StepView] = attrs.field(factory=dict)
    job: str
    env: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    self_values: Mapping[str, Json] = attrs.field(factory=dict)
    source: str = ""
    directory: str = ""
    """Absolute path of the directory of the workflow file: `run.directory`."""
    answers: Answers | None = attrs.field(default=None, eq=False, repr=False)
    """Answers `data.*`, `model`, `file.*` and `vault.*`; None where they cannot be used."""
    asks_as: str = ""
    """The job as `answers` knows it: unique in the run, also within nested workflows."""
    may_ask_secrets: bool = False
    """True where a value goes nowhere but to its step; elsewhere `vault.get` is an error."""
    defaults: Mapping[str, ConfigTree] = attrs.field(factory=dict)
    """Of the inputs that have no value: defaults that only the run can tell."""
    frame: str = ""
    """The path of the step that runs the workflow (see `step_path`); empty for the run's own."""

    def variables(self, references: tuple[Reference, ...]) -> Mapping[str, Json]:
        """Return the values of the names referred to."""
        makers: dict[str, Callable[[], Json]] = {
            "inputs": lambda: self._inputs(references),
            "self": lambda: dict(self.self_values),
            "run": self._run,
            "workspace": lambda: (
                {} if self.workspace_path is None else {"path": self.workspace_path}
            ),
            "env": lambda: dict(self.env),
            "steps": lambda: self._steps(references),
            "model": lambda: self._models(references),
        }
        roots = {reference.root for reference in references}
        return {root: make() for root, make in makers.items() if root in roots}

    def explain(self, references: tuple[Reference, ...], missing: str) -> ExpressionError | None:
        """Return an error that says what is not there, and what to do."""
        for reference in references:
            match (reference.root, *reference.path):
                case ("workspace", "path", *_) if missing == "path":
                    what, hint = "the workspace is disabled, so it has no path", None
                case ("env", name, *_) if missing == name:
                    what = f"the environment has no variable {name!r}"
                    hint = f"write \"'{name}' in env ? env.{name} : ''\" where it may be absent"
                case ("steps", name, *_) if missing == name:
                    what, hint = f"the step {name!r} has not ended", None
                case ("steps", name, "outputs", key, *_) if missing == key:
                    what = f"the step {name!r} wrote no output {key!r}"
                    hint = f'the step writes it with: echo "{key}=..." >> "$SWAMP_OUTPUT"'
                case ("model", name, *_) if missing == name:
                    what, hint = f"there is no data of a model {name!r}", None
                case _:
                    continue
            return ExpressionError(what, offset=reference.offset, hint=hint)
        return _input_missing(references, missing)

    def call(self, function: str, arguments: tuple[Json, ...]) -> Json:
        """Return what a function gives that asks the run."""
        if self.answers is None:
            raise ExpressionError(f"'{function}' cannot be used here")
        if function.startswith("vault.") and not self.may_ask_secrets:
            raise ExpressionError(NOT_HERE, hint=WHERE_SECRETS_GO)
        return self.answers.call(function, arguments, job=self.asks_as)

    def _inputs(self, references: Iterable[Reference]) -> Json:
        """Return the inputs, with those defaults that are wanted."""
        paths = [reference.path for reference in references if reference.root == "inputs"]
        every = any(not path for path in paths)
        wanted = {path[0] for path in paths if path}
        scope = attrs.evolve(self, defaults={})  # a default cannot wait for another one
        late: dict[str, Json] = {}
        for name, tree in self.defaults.items():
            if every or name in wanted:
                try:
                    late[name] = evaluate_tree(tree, scope)
                except TemplateError as error:
                    what = f"the default of the input {name!r}: {error}"
                    raise ExpressionError(what, hint=error.hint) from error
        return {**self.inputs, **late}

    def _models(self, references: Iterable[Reference]) -> Json:
        paths = [reference.path for reference in references if reference.root == "model"]
        names = None if any(not path for path in paths) else {path[0] for path in paths}
        return {} if self.answers is None else self.answers.models(names, job=self.asks_as)

    def _run(self) -> Json:
        started = datetime.datetime.fromtimestamp(self.started_at, datetime.UTC)
        return {
            "id": self.run_id,
            "workflowName": self.workflow,
            "startedAt": started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "tags": dict(self.tags),
            "directory": self.directory,
        }

    def _steps(self, references: Iterable[Reference]) -> Json:
        names = {ref.path[0] for ref in references if ref.root == "steps" and ref.path}
        found = {name: self._view(name) for name in names}
        return {
            name: {
                "status": str(view.status),
                "exitCode": view.exit_code,
                "outputs": dict(view.outputs),
            }
            for name, view in found.items()
            if view is not None
        }

    def _view(self, name: str) -> StepView | None:
        """Return the step of that name: of the own job, else the only one in the workflow."""
        if own := self.steps.get((self.job, name)):
            return own
        found = [view for (_, step), view in self.steps.items() if step == name]
        return found[0] if len(found) == 1 else None


def self_of(plan: Plan) -> dict[str, Json]:
    """Return what `self` is in a run of `plan`, outside of `forEach`."""
    return {
        "id": plan.workflow_id,
        "name": plan.workflow,
        "version": plan.version,
        "tags": dict(plan.tags),
    }


def _input_missing(references: Iterable[Reference], missing: str) -> ExpressionError | None:
    for reference in references:
        if reference.root == "inputs" and reference.path[:1] == (missing,):
            error = ExpressionError(
                f"the input {missing!r} has no value",
                offset=reference.offset,
                hint=f"give it, or declare a default, or write 'has(inputs.{missing})' first",
            )
            error.kind = "input"
            return error
    return None


def _at_root(references: Iterable[Reference], root: str, what: str) -> ExpressionError:
    offset = next((ref.offset for ref in references if ref.root == root), 0)
    return ExpressionError(what, offset=offset)
