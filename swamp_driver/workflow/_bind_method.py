"""A method of a model -> the program and the files that a driver is given."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping
from typing import Any, Protocol

import attrs

from swamp_driver._value import Value
from swamp_driver.errors import WorkflowError
from swamp_driver.spec import Json
from swamp_driver.workflow._bind_data import (
    Binder,
    BoundData,
    BoundKind,
    model_name,
    override_kinds,
)
from swamp_driver.workflow._commands import ConfigTree, MethodCommand
from swamp_driver.workflow._keeping import KEPT_VERSIONS
from swamp_driver.workflow._planned import PlannedModel
from swamp_driver.workflow._routing import route_inputs

_PYTHON = "python3"
_COLLECT_LIMIT = 16 * 1024 * 1024


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Program(Value):
    """What is started for a step."""

    argv: tuple[str, ...]
    files: Mapping[str, bytes]
    """Beside the file for outputs."""
    collect: tuple[str, ...] = ()
    collect_limit_bytes: int = _COLLECT_LIMIT
    env: Mapping[str, str] = attrs.field(factory=dict)
    """Variables that the program refers to."""
    shown: str
    timeout_ms: int | None = None
    data: BoundData | None = None


class Methods(Protocol):
    """Gives the models of a plan, and their programs."""

    def model(self, number: str) -> PlannedModel:
        """Return a model by its id."""

    def program(self, number: str) -> bytes:
        """Return the program of a model."""


class MethodBinder(Binder, Protocol):
    """Evaluates what stands in a step that calls a method."""

    exchange: str

    def tree(self, tree: Mapping[str, ConfigTree], key: str) -> dict[str, Json]:
        """Return a mapping with everything in it evaluated."""


def bind_method(command: MethodCommand, binder: MethodBinder, methods: Methods) -> Program:
    """Return the program of a step that calls a method; its request is checked."""
    from swamp_driver.models import _wire as wire  # noqa: PLC0415 - few steps need it

    model = methods.model(command.model)
    name = model_name(command.model_name, binder)
    arguments = binder.tree(command.global_args, "globalArgs")
    inputs = binder.tree(command.inputs, "inputs")
    if command.routes:
        arguments, inputs = route_inputs(inputs, model.description, command.method)
    _check(command, model, arguments, inputs, binder)
    scope = binder.scope
    request = {
        "schema": wire.SCHEMA,
        "origin": dict(model.origin),
        "method": command.method,
        "model": {"name": name, "type": model.type},
        "run": {"id": scope.run_id, "job": scope.job, "step": binder.step.id},
        "arguments": arguments,
        "inputs": inputs,
        "workspace": scope.workspace_path,
    }
    return Program(
        argv=(_PYTHON, posixpath.join(binder.exchange, wire.PROGRAM)),
        files={
            wire.PROGRAM: methods.program(command.model),
            wire.REQUEST: json.dumps(request).encode(),
        },
        collect=(wire.RESULTS, wire.FILES, wire.OUTCOME),
        collect_limit_bytes=wire.MOST_FILES_BYTES,
        shown=f"{command.method} of {model.type}",
        data=BoundData(
            model=name,
            model_type=model.type,
            method=command.method,
            kinds=override_kinds(_kinds(model), binder, inputs),
        ),
    )


def _check(
    command: MethodCommand,
    model: PlannedModel,
    arguments: Mapping[str, Json],
    inputs: Mapping[str, Json],
    binder: MethodBinder,
) -> None:
    """Raise all that is wrong with the values of a method, before anything is started."""
    from swamp_driver.models._check import check  # noqa: PLC0415 - few steps need it

    description: Any = model.description
    wanted = description["methods"][command.method]["inputs"]
    key = "globalArguments" if command.definition else "globalArgs"
    wrong = [
        *check(arguments, description["arguments"], key),
        *check(inputs, wanted, "inputs"),
    ]
    if wrong:
        errors = [binder.unusable(one.what, key=one.path) for one in wrong]
        raise WorkflowError([problem for error in errors for problem in error.problems])


def _kinds(model: PlannedModel) -> dict[str, BoundKind]:
    """Return the kinds of data that a model writes, as it says that they are kept."""
    description: Any = model.description
    found = {}
    for name, one in description["resources"].items():
        found[name] = BoundKind(schema=one["schema"], **_kept(one))
    for name, one in description["files"].items():
        found[name] = BoundKind(kind="file", content_type=one["contentType"], **_kept(one))
    return found


def _kept(one: Mapping[str, Any]) -> dict[str, Any]:
    rule = one["garbageCollection"]
    return {
        "lifetime": one["lifetime"],
        "garbage_collection": KEPT_VERSIONS if rule is None else rule,
        "tags": one["tags"],
    }
