"""What data a step may write, and how it is kept, with every expression evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

import attrs

from swamp_driver._value import Value
from swamp_driver.errors import WorkflowError
from swamp_driver.spec import Json
from swamp_driver.spec._suggest import quoted
from swamp_driver.workflow._commands import ShellCommand
from swamp_driver.workflow._evaluate import to_text
from swamp_driver.workflow._keeping import KEPT_VERSIONS
from swamp_driver.workflow._planned import PlannedData, PlannedStep
from swamp_driver.workflow._scope import RunScope
from swamp_driver.workflow._template import Template

SHELL_RESULT = "result"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class BoundKind(Value):
    """A kind of data that a step may write, and how it is kept."""

    kind: Literal["resource", "file"] = "resource"
    schema: Mapping[str, Json] = attrs.field(factory=dict)
    """JSON Schema of a resource."""
    content_type: str = "application/json"
    lifetime: str = "infinite"
    garbage_collection: int | str = KEPT_VERSIONS
    tags: Mapping[str, str] = attrs.field(factory=dict)
    vary: tuple[str, ...] = ()
    """Values that are added to the name of the data."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class BoundData(Value):
    """What data a step may write."""

    model: str
    """The name that it is kept under."""
    model_type: str
    method: str
    script: str | None = None
    """Of `command/shell`: what was run, as it is written."""
    kinds: Mapping[str, BoundKind] = attrs.field(factory=dict)
    """By the names that the model gives them."""


class Binder(Protocol):
    """Evaluates what stands in a step."""

    @property
    def scope(self) -> RunScope:
        """Return what expressions know."""

    @property
    def step(self) -> PlannedStep:
        """Return the step."""

    def text(self, template: Template, key: str) -> str:
        """Return a text."""

    def unusable(self, what: str, hint: str | None = None, *, key: str) -> WorkflowError:
        """Return the error of a value that cannot be used."""


def bind_shell_data(command: ShellCommand, binder: Binder) -> BoundData | None:
    """Return what a script writes: its result, where it is a task with a model's name."""
    if command.model_name is None:
        return None
    return BoundData(
        model=model_name(command.model_name, binder),
        model_type="command/shell",
        method="execute",
        script=command.script.text,
        kinds=override_kinds({SHELL_RESULT: BoundKind()}, binder, {}),
    )


def model_name(template: Template, binder: Binder) -> str:
    """Return the name that data is kept under."""
    name = binder.text(template, "modelName")
    if not name.strip() or "\0" in name:
        raise binder.unusable(f"{quoted(name)} cannot be the name of a model", key="modelName")
    return name


def override_kinds(
    kinds: Mapping[str, BoundKind], binder: Binder, inputs: Mapping[str, Json]
) -> dict[str, BoundKind]:
    """Return kinds of data as the step wants them kept. `inputs` are those of the method."""
    found = dict(kinds)
    for one in binder.step.data:
        if one.spec in found:
            found[one.spec] = _override(found[one.spec], one, binder, inputs)
    return found


def _override(
    kind: BoundKind, one: PlannedData, binder: Binder, inputs: Mapping[str, Json]
) -> BoundKind:
    tags = {
        key: binder.text(value, f"dataOutputOverrides.tags.{key}")
        for key, value in one.tags.items()
    }
    return attrs.evolve(
        kind,
        lifetime=one.lifetime or kind.lifetime,
        garbage_collection=one.garbage_collection or kind.garbage_collection,
        tags={**kind.tags, **tags},
        vary=tuple(_vary(name, binder, inputs) for name in one.vary),
    )


def _vary(name: str, binder: Binder, inputs: Mapping[str, Json]) -> str:
    scope = binder.scope
    for values in (scope.self_values, inputs, scope.inputs):
        if name in values:
            return to_text(values[name])
    what = f"nothing is called {quoted(name)}: neither an item of 'forEach' nor an input"
    raise binder.unusable(what, key="dataOutputOverrides.vary")
