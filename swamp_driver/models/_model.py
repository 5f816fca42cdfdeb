"""The class that an author of models writes, and what is in it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Callable, ClassVar, Optional, Type, TypeVar  # noqa: UP035

from swamp_driver.models._files import FileWriter
from swamp_driver.models._sink import Sink

F = TypeVar("F", bound=Callable[..., None])
DataClass = Optional[Type[Any]]  # noqa: UP006 - within `Model`, `type` is not the built-in one
Lifetime = str
_MARK = "__swamp_method__"


def method(function: F) -> F:
    """Make a function of a model a method that workflows can call by its name.

    Its typed parameters are the schema of the method's inputs; those with a default may be left
    out. Types: str, int, float, bool, None, list[...], dict[str, ...], Literal, Optional, unions,
    Any and dataclasses. Nothing is converted. What it returns is not kept.
    """
    setattr(function, _MARK, True)
    return function


def is_method(value: object) -> bool:
    """Return whether a value is a function marked with `method`."""
    return callable(value) and getattr(value, _MARK, False) is True


class Resource:
    """A kind of structured data that a model writes.

    Args:
        schema: A dataclass, or a JSON Schema (type, enum, anyOf, properties, required,
            additionalProperties, items, and bounds). What is written is checked against it.
        description: For people.
        lifetime: How long data of this kind is kept: `infinite`, `ephemeral` (the run), `job`,
            `workflow`, or a duration such as `30d`.
        garbage_collection: How many versions are kept, or for how long (`30d`); None: all.
        tags: Tags of everything written of this kind.
    """

    def __init__(
        self,
        schema: Mapping[str, Any] | type[Any] | None = None,
        *,
        description: str = "",
        lifetime: Lifetime = "infinite",
        garbage_collection: int | str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self.schema = {"type": "object"} if schema is None else schema
        self.description = description
        self.lifetime = lifetime
        self.garbage_collection = garbage_collection
        self.tags = dict(tags or {})


class File:
    """A kind of file that a model writes; the arguments are those of `Resource`."""

    def __init__(
        self,
        *,
        content_type: str = "application/octet-stream",
        description: str = "",
        lifetime: Lifetime = "infinite",
        garbage_collection: int | str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self.content_type = content_type
        self.description = description
        self.lifetime = lifetime
        self.garbage_collection = garbage_collection
        self.tags = dict(tags or {})


class Model:
    """Something that workflows work with: a repository, an evaluation, a machine.

    Subclass it, name its `type`, and mark its methods::

        class Git(Model):
            type = "ci/git"
            version = "2026.11.28"

            @dataclass
            class Arguments:
                url: str
                ref: str = "main"

            resources = {"checkout": Resource(Checkout)}

            @method
            def clone(self, depth: int = 1) -> None: ...

    A method runs where the driver runs its step, in a process of its own, with the Python and the
    packages that are there (Python 3.9 or newer); the module must be importable without them, so
    import what is not in the standard library inside of methods. `__init__` is not yours: what
    there is to set up belongs into methods.
    """

    type: ClassVar[str]
    """What definitions and workflows call this class: `ci/git`."""
    version: ClassVar[str] = "1"
    resources: ClassVar[Mapping[str, Resource]] = {}
    files: ClassVar[Mapping[str, File]] = {}
    Arguments: ClassVar[DataClass] = None
    """A dataclass: the global arguments of a model of this type."""

    arguments: Any
    """The global arguments: an instance of `Arguments`, or None where there is none."""
    name: str
    """The name of the model, as the workflow or the definition says."""
    workspace: Path | None
    """The directory that the steps of the run share, or None where the workflow has none."""
    logger: logging.Logger
    """Goes to the log of the step (stderr). So does what is printed; neither is a result."""
    run: Mapping[str, str]
    """`id` of the run, names of `job` and `step`."""

    def __init__(self, *, sink: Sink, fields: Mapping[str, Any]) -> None:
        self._sink = sink
        self.__dict__.update(fields)

    def write_resource(
        self,
        spec: str,
        name: str,
        attributes: Any,
        *,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Write data: a new version of the data `name`, of the kind `spec` of `resources`.

        It is kept from now on, also where the method fails later. `attributes` is an instance of
        the dataclass of the kind, or a mapping that JSON can hold.

        Raises:
            SchemaError: The attributes are not as the kind says.
            DefinitionError: There is no such kind, or the name cannot be one (letters, digits and
                `._@:+-`, at most 128).
            LimitError: It is larger than 4 MiB as JSON, or there are more than 1000 results.
        """
        self._sink.write_resource(spec, name, attributes, tags=tags)

    def create_file_writer(
        self, spec: str, name: str, *, tags: Mapping[str, str] | None = None
    ) -> FileWriter:
        """Return what writes the file `name`, of the kind `spec` of `files`.

        Use it in a `with`: the file is kept when it is closed, also where the block or the method
        fails. It takes bytes and text, and can be the `stdout` of a `subprocess`.

        Raises:
            DefinitionError: As `write_resource`.
            LimitError: At the end, where all files are larger than 64 MiB together. Leave large
                ones in the workspace and write their path.
        """
        return self._sink.create_file_writer(spec, name, tags=tags)


def methods_of(cls: type[Model]) -> dict[str, Callable[..., None]]:
    """Return the methods of a model class by name, in the order in which they are written."""
    found: dict[str, Callable[..., None]] = {}
    for base in reversed(cls.__mro__):
        for name, value in vars(base).items():
            found.pop(name, None)
            if is_method(value):
                found[name] = value
    return found
