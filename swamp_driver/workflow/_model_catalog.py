"""What the planner asks about models: their types, and the definitions of a repository."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import attrs

from swamp_driver._value import Value
from swamp_driver.spec import Json
from swamp_driver.workflow._drivers import Tier


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ModelType(Value):
    """A model class that was found: what it says of itself, and its source, which travels."""

    type: str
    version: str
    found_in: str
    """Where it is, for people: `extensions/models/git.py`, or a distribution and its module."""
    origin: Mapping[str, str]
    """How the runtime loads it: `{"file", "class"}` among the sources, or `{"module", "class"}`."""
    description: Mapping[str, Json]
    """As `swamp_driver.models` describes it: schemas of arguments, methods, resources, files."""
    sources: Mapping[str, str] = attrs.field(factory=dict)
    """Paths with slashes -> text."""

    @property
    def methods(self) -> Mapping[str, Mapping[str, Json]]:
        """Return the methods by name, each with `description` and `inputs`."""
        return self.description["methods"]  # type: ignore[return-value]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ModelDefinition(Value):
    """A model of a repository: a name for a type with its arguments."""

    name: str
    id: str
    """The name where the file gives none."""
    type: str
    source: str
    """What the file is called in messages."""
    text: str = attrs.field(default="", repr=False)
    line: int = 0
    """Where the type stands in it."""
    column: int = 0
    description: str = ""
    tags: Mapping[str, str] = attrs.field(factory=dict)
    version: int = 1
    global_arguments: Mapping[str, Json] = attrs.field(factory=dict)
    """As they are written: texts may hold expressions."""
    methods: Mapping[str, Mapping[str, Json]] = attrs.field(factory=dict)
    """Method -> its arguments, as they are written; a step's inputs stand over them."""
    tier: Tier = attrs.field(factory=Tier)
    """What it says of drivers."""


class ModelCatalog(Protocol):
    """Knows the models that a workflow may use. Nothing is looked for before it is asked."""

    def types(self) -> Sequence[ModelType]:
        """Return all types that were found and can be described."""
        ...

    def broken(self) -> Sequence[str]:
        """Return what could not be described, in words, with the place."""
        ...

    def definitions(self) -> Sequence[ModelDefinition]:
        """Return the definitions of the repository; raise `WorkflowError` where one is wrong."""
        ...


class NoModels:
    """The catalog of a place without models."""

    def types(self) -> Sequence[ModelType]:
        """Return none."""
        return ()

    def broken(self) -> Sequence[str]:
        """Return none."""
        return ()

    def definitions(self) -> Sequence[ModelDefinition]:
        """Return none."""
        return ()
