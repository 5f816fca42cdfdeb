"""`model_method` tasks -> what is run: models found, their schemas checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from swamp_driver._value import Value
from swamp_driver.errors import ProblemKind, WorkflowError
from swamp_driver.spec._suggest import did_you_mean, quoted
from swamp_driver.workflow._commands import ConfigTree, MethodCommand
from swamp_driver.workflow._definition_check import expression_errors
from swamp_driver.workflow._drivers import Tier, json_tree
from swamp_driver.workflow._input_shape import Inputs
from swamp_driver.workflow._known import known_tree
from swamp_driver.workflow._model_catalog import ModelCatalog, ModelDefinition, ModelType
from swamp_driver.workflow._model_step import Step
from swamp_driver.workflow._model_task import ModelMethodTask
from swamp_driver.workflow._node import MappingNode, config_tree, find_place, place_of
from swamp_driver.workflow._planned import PlannedModel
from swamp_driver.workflow._problems import Place, Problems
from swamp_driver.workflow._routing import route_inputs
from swamp_driver.workflow._shell_task import EXECUTE, SHELL
from swamp_driver.workflow._static import Static
from swamp_driver.workflow._template import Template
from swamp_driver.workflow._whole import is_whole

_WHERE_TYPES_ARE = (
    "types are classes in 'extensions/models/*.py' of the repository, or come with a package "
    "(entry points 'swamp.models')"
)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Target(Value):
    """What a `model_method` task calls."""

    method: str
    model: ModelType | None
    """None for `command/shell`, which runs as a plain script."""
    definition: ModelDefinition | None

    @property
    def tier(self) -> Tier:
        """Return what the definition says of drivers."""
        return self.definition.tier if self.definition else Tier()

    @property
    def specs(self) -> frozenset[str]:
        """Return the kinds of data that it may write."""
        if self.model is None:
            return frozenset({"result", "log"})  # files of others name its log too
        found = self.model.description
        return frozenset({*found["resources"], *found["files"]})  # type: ignore[misc]


class MethodPlanner:
    """Finds the models of one plan."""

    def __init__(
        self, static: Static, problems: Problems, catalog: ModelCatalog, inputs: Inputs
    ) -> None:
        """Take the inputs that the workflow declares, for expressions in definitions."""
        self._declared = None if inputs.open else frozenset(inputs.declarations)
        self._static = static
        self._problems = problems
        self._catalog = catalog
        self._models: dict[str, PlannedModel] = {}

    @property
    def planned(self) -> tuple[PlannedModel, ...]:
        """Return the models whose methods are called, in the order in which they were met."""
        return tuple(self._models.values())

    def target(self, step: Step) -> Target | None:
        """Return what a step calls; None, with a problem noted, where that is not there.

        None also for a step that calls nothing.
        """
        task = step.task
        if not isinstance(task, ModelMethodTask):
            return None
        try:
            return self._target(task)
        except WorkflowError as error:  # of the repository's files
            self._problems.take(error.problems)
            return None

    def command(self, step: Step, target: Target) -> MethodCommand | None:
        """Return the command of a step that calls a method of a model; not of `command/shell`."""
        task, model, definition = step.task, target.model, target.definition
        assert isinstance(task, ModelMethodTask)
        assert model is not None
        found = model.methods[target.method]
        own = _tree(task.inputs)
        written = {} if definition is None else definition.methods.get(target.method, {})
        inputs = {**{key: json_tree(value) for key, value in written.items()}, **own}
        input_places = _Places(task, "inputs", task.inputs, f"methods.{target.method}.arguments")
        arguments = _arguments(task, definition)
        places = _argument_places(task, definition)
        direct = definition is None and task.global_args is None
        if direct and not is_whole(inputs):
            arguments, inputs = route_inputs(inputs, model.description, target.method)
        self._check(inputs, found["inputs"], input_places, definition)
        if not (direct and is_whole(inputs)):  # what is in those, only the run can tell
            self._check(arguments, model.description["arguments"], places, definition)
        if definition is not None:
            path = f"methods.{target.method}.arguments"
            self._check_expressions(json_tree(dict(written)), path, definition)
            self._check_expressions(dict(arguments), "globalArguments", definition)
        place = step.where.value("timeout")
        return MethodCommand(
            model=self._planned(model),
            model_type=model.type,
            model_name=task.model_name or Template(definition.name if definition else ""),
            definition=definition.source if definition else "",
            method=target.method,
            global_args=arguments,
            inputs=inputs,
            routes=direct and is_whole(inputs),
            timeout_ms=self._static.timeout(_given(step.timeout), place),
        )

    def _target(self, task: ModelMethodTask) -> Target | None:
        definition = None
        if task.model_id_or_name is not None:
            definition = self._definition(task)
            if definition is None:
                return None
            kind, place = definition.type, Place("type", definition.line, definition.column)
            place = attrs.evolve(place, file=definition.source)
            self._problems.know_file(definition.source, definition.text)
        elif task.model_type is not None:
            kind, place = self._static.text(task.model_type), task.where.value("modelType")
        else:
            return None  # noted when the file was read
        return self._method(task, kind, place, definition)

    def _method(
        self, task: ModelMethodTask, kind: str, place: Place, definition: ModelDefinition | None
    ) -> Target | None:
        model = None
        methods: Iterable[str] = (EXECUTE,)
        if kind != SHELL:
            model = self._type(kind, place)
            if model is None:
                return None
            methods = model.methods
        method = self._static.text(task.method_name)
        if method not in methods:
            if method:
                what = f"{kind!r} has no method {quoted(method)}"
                place = task.where.value("methodName")
                self._note(what, place, method, methods, kind="wrong")
            return None
        if model is None:
            self._refuse_arguments(task, definition)
        return Target(method=method, model=model, definition=definition)

    def _refuse_arguments(self, task: ModelMethodTask, definition: ModelDefinition | None) -> None:
        if task.global_args is not None and task.global_args.entries:
            self._problems.add(f"{SHELL!r} takes no 'globalArgs'", task.where.key("globalArgs"))
        if definition is not None and definition.global_arguments:
            place = Place("globalArguments", file=definition.source)
            self._problems.add(f"{SHELL!r} takes no 'globalArguments'", place)

    def _definition(self, task: ModelMethodTask) -> ModelDefinition | None:
        assert task.model_id_or_name is not None
        wanted = self._static.text(task.model_id_or_name)
        definitions = self._catalog.definitions()
        for one in definitions:
            if wanted in (one.name, one.id):
                return one
        if wanted:
            what = f"unknown model {quoted(wanted)}"
            names = [one.name for one in definitions]
            hint = None
            if not names:
                hint = (
                    "models are defined in 'models/*.yaml' of the repository; "
                    "or name 'modelType' and 'modelName'"
                )
            self._note(what, task.where.value("modelIdOrName"), wanted, names, hint=hint)
        return None

    def _type(self, wanted: str, place: Place) -> ModelType | None:
        types = self._catalog.types()
        for one in types:
            if one.type == wanted:
                return one
        if wanted:
            broken = "; ".join(self._catalog.broken())
            what = f"unknown model type {quoted(wanted)}"
            hint = f"what cannot be read: {broken}" if broken else None
            if not types:
                hint = hint or _WHERE_TYPES_ARE
            self._note(what, place, wanted, [SHELL, *(one.type for one in types)], hint=hint)
        return None

    def _note(
        self,
        what: str,
        place: Place,
        word: str,
        known: Iterable[str],
        *,
        hint: str | None = None,
        kind: ProblemKind = "absent",
    ) -> None:
        names = sorted(known)
        told = did_you_mean(word, names) or hint or f"there are: {', '.join(names)}"
        self._problems.add(what, place, hint=told, kind=kind)

    def _check(
        self,
        tree: dict[str, ConfigTree],
        schema: Any,
        places: _Places,
        definition: ModelDefinition | None,
    ) -> None:
        """Note what is wrong with values that are known already."""
        from swamp_driver.models._check import LATER, check  # noqa: PLC0415 - few steps need it

        if is_whole(tree):
            return
        value = _with_unknown(known_tree(dict(tree), self._static.scope.inputs), LATER)
        for problem in check(value, schema):
            self._problems.add(problem.what, places.find(problem.path, definition))

    def _check_expressions(self, tree: ConfigTree, path: str, definition: ModelDefinition) -> None:
        for where, error in expression_errors(tree, path, inputs=self._declared):
            place = Place(where, file=definition.source)
            self._problems.add(str(error), place, hint=error.hint)

    def _planned(self, model: ModelType) -> str:
        if model.type not in self._models:
            self._models[model.type] = PlannedModel(
                id=f"m{len(self._models) + 1}",
                type=model.type,
                version=model.version,
                found_in=model.found_in,
                origin=model.origin,
                description=model.description,
                sources=model.sources,
            )
        return self._models[model.type].id


@attrs.frozen(eq=False, repr=False)
class _Places:
    """Finds where a value of a method stands: at the step, or in the definition."""

    task: ModelMethodTask
    key: str
    """Of the task; empty where the task cannot hold such values."""
    node: MappingNode | None
    path: str
    """In the definition."""

    def find(self, inside: str, definition: ModelDefinition | None) -> Place:
        """Return the place of a problem at a path."""
        first = inside.partition(".")[0].partition("[")[0]
        here = self.node is not None and first in self.node.entries
        if definition is not None and not here and not (self.key and _is_absent(first, definition)):
            return Place(f"{self.path}.{inside}", file=definition.source)
        where = self.task.where
        if self.node is not None:
            return find_place(self.node, where.key(self.key).path, inside=inside)
        place = place_of(where.node, where.key(self.key).path)
        return attrs.evolve(place, path=f"{place.path}.{inside}" if inside else place.path)


def _arguments(task: ModelMethodTask, definition: ModelDefinition | None) -> dict[str, ConfigTree]:
    if definition is None:
        return _tree(task.global_args)
    return {key: json_tree(value) for key, value in definition.global_arguments.items()}


def _argument_places(task: ModelMethodTask, definition: ModelDefinition | None) -> _Places:
    if definition is not None:
        return _Places(task, "", None, "globalArguments")
    if task.global_args is None:
        return _Places(task, "inputs", task.inputs, "")
    return _Places(task, "globalArgs", task.global_args, "")


def _is_absent(key: str, definition: ModelDefinition) -> bool:
    return not any(key in values for values in definition.methods.values())


def _given(timeout: Template | None) -> Template | None:
    return timeout if timeout is not None and timeout.text else None


def _tree(node: MappingNode | None) -> dict[str, ConfigTree]:
    if node is None:
        return {}
    return {key: config_tree(entry.value) for key, entry in node.entries.items()}


def _with_unknown(tree: Any, unknown: object) -> Any:
    """Return a known tree with what is not known yet replaced."""
    match tree:
        case Template():
            return unknown
        case list():
            return [_with_unknown(item, unknown) for item in tree]
        case Mapping():
            return {key: _with_unknown(item, unknown) for key, item in tree.items()}
        case _:
            return tree
