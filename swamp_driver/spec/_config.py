"""The options of a driver: how its config class declares them, and how they are listed and read."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import Any, TypeVar

import attrs

from swamp_driver._value import Value
from swamp_driver.errors import ConfigError, Problem
from swamp_driver.spec._option_types import choices_of, group_of, members, nested_groups, type_text
from swamp_driver.spec._run import Json

T = TypeVar("T")

_FACTORY: type[Any] = type(attrs.Factory(dict))
_METADATA_KEY = "swamp_driver.option"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class OptionSpec(Value):
    """What `option` notes down at a field of a config class."""

    key: str | None
    help: str
    secret: bool
    example: Json


@attrs.frozen(kw_only=True, eq=False, repr=False)
class OptionField(Value):
    """A field of a config class with everything that is needed to read it."""

    key: str
    type: object
    attribute: attrs.Attribute[Any]
    spec: OptionSpec

    @property
    def required(self) -> bool:
        """Return whether the option has no default."""
        return self.attribute.default is attrs.NOTHING


@attrs.frozen(kw_only=True, eq=False, repr=False)
class OptionInfo(Value):
    """An option as documents and `swamp-driver drivers show` list it."""

    key: str
    """As it is written in a file; those of a nested class are dotted: `limits.memory`,
    `mounts[].source` in a list, `caches.*.path` in a mapping."""
    type_text: str
    """The type in words: `text`, `list of text or null`."""
    default_text: str
    """The default as it would be written in JSON; empty where there is none or it is secret."""
    required: bool
    help: str
    choices: tuple[str, ...] = ()
    """The values allowed, where the type is a closed list."""
    secret: bool = False
    example: Json = None


def option(  # noqa: PLR0913 - all by keyword, and each is one fact about the option
    *,
    help: str,  # noqa: A002 - the word that every option library uses
    default: Any = attrs.NOTHING,
    factory: Callable[[], Any] | None = None,
    key: str | None = None,
    secret: bool = False,
    example: Json = None,
    validator: Callable[[Any, attrs.Attribute[Any], Any], object] | None = None,
) -> Any:
    """Declare a field of a driver's config class; return what stands right of its `=`.

    The class is `@attrs.frozen(kw_only=True)` and every field of it is made with this. Types are
    str, int, float, bool, `Literal`, enums of text, `tuple[X, ...]`, `Mapping[str, X]`, other
    classes made the same way, and unions of these and None; they must be importable at run time
    (not only under `TYPE_CHECKING`). An option without `default` and `factory` is required.

    Args:
        help: One or two sentences for the user, in the docs and in error messages.
        default: What an absent option means: an immutable value.
        factory: Makes the default, where it is a mapping.
        key: What the option is called in a file; the field's name in camelCase if None.
        secret: Its value is never shown in a message, and its default in no table.
        example: A value for documents, in the shape of the file.
        validator: As in attrs: called with (instance, attribute, value); its `ValueError` becomes a
            problem at this option. It may read other fields of the instance only if they are
            declared before it. What concerns several options belongs into `__attrs_post_init__`,
            whose `ValueError` becomes a problem of the options as a whole.
    """
    metadata = {
        _METADATA_KEY: OptionSpec(key=key, help=help, secret=secret, example=example),
    }
    if factory is not None:
        return attrs.field(factory=factory, validator=validator, metadata=metadata)
    return attrs.field(default=default, validator=validator, metadata=metadata)


def config_options(cls: type) -> tuple[OptionInfo, ...]:
    """Return the options that a config class declares, in order, nested ones after their parent.

    Raises:
        TypeError: The class is not a frozen attrs class, a field is not made with `option`, or a
            type is none that options can have. The text says which.
    """
    return tuple(_describe(cls, ""))


def structure_config(cls: type[T], data: Mapping[str, Json]) -> T:
    """Return an instance of the config class `cls` from options in the shape of the file.

    Pure: reads no file and no environment. Nothing is converted: `"3"` is not a number, `1` not a
    truth value, `"abc"` not a list; only an integer is taken where a number is wanted. Lists become
    tuples and mappings read-only ones.

    Raises:
        ConfigError: With all problems at once: unknown keys (and what may have been meant), wrong
            types, missing options, and what the validators of the class refuse. Paths are relative
            to the options (`volumes[1]`).
        TypeError: `cls` is not a config class: see `config_options`.
    """
    if data == {} and not any(f.required for f in option_fields(cls)):
        return _defaults(cls)
    from swamp_driver.spec._structure import structure  # noqa: PLC0415 - cattrs costs 20 ms

    return structure(cls, data)


def _defaults(cls: type[T]) -> T:
    """Return an instance of defaults: by far the most common config, and it needs no converter."""
    try:
        return cls()
    except ValueError as error:
        raise ConfigError([Problem(what=error_text(error))]) from error


def error_text(error: Exception) -> str:
    """Return what a validator said: the validators of attrs put values after their message."""
    return str(error.args[0]) if error.args else "not allowed"


def option_fields(cls: type) -> tuple[OptionField, ...]:
    """Return the fields of a config class; raise `TypeError` where it is not one."""
    if group_of(cls) is None:
        raise TypeError(f"a config class must be an attrs class, not {cls!r}")
    if getattr(cls.__setattr__, "__name__", "") != "_frozen_setattrs":
        raise TypeError(f"the config class '{cls.__name__}' must be frozen (@attrs.frozen)")
    try:
        hints = typing.get_type_hints(cls)
    except (NameError, TypeError) as error:
        raise TypeError(f"the types of '{cls.__name__}' cannot be read: {error}") from error
    return tuple(_option_field(cls, attribute, hints) for attribute in attrs.fields(cls))


def _option_field(
    cls: type, attribute: attrs.Attribute[Any], hints: Mapping[str, object]
) -> OptionField:
    spec = attribute.metadata.get(_METADATA_KEY)
    if not isinstance(spec, OptionSpec) or attribute.name not in hints:
        where = f"the field '{attribute.name}' of '{cls.__name__}'"
        raise TypeError(f"{where} must be annotated and made with option()")
    wanted = hints[attribute.name]
    try:
        type_text(wanted)
    except TypeError as error:
        raise TypeError(f"the field '{attribute.name}' of '{cls.__name__}': {error}") from error
    return OptionField(
        key=spec.key or _camel_case(attribute.name), type=wanted, attribute=attribute, spec=spec
    )


def _camel_case(name: str) -> str:
    first, *others = name.strip("_").split("_")
    return first + "".join(part.capitalize() for part in others)


def _describe(cls: type, prefix: str) -> Iterator[OptionInfo]:
    for field in option_fields(cls):
        choices = [choice for member in members(field.type) for choice in choices_of(member)]
        yield OptionInfo(
            key=prefix + field.key,
            type_text=type_text(field.type),
            default_text=_default_text(field),
            required=field.required,
            help=field.spec.help,
            choices=tuple(str(choice) for choice in choices),
            secret=field.spec.secret,
            example=field.spec.example,
        )
        for between, group in nested_groups(field.type):
            yield from _describe(group, f"{prefix}{field.key}{between}.")


def _default_text(field: OptionField) -> str:
    if field.required or field.spec.secret:
        return ""
    default = field.attribute.default
    if isinstance(default, _FACTORY):
        default = default.factory()
    import json  # noqa: PLC0415 - a run lists no options

    return json.dumps(default, default=_plain, ensure_ascii=False)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if attrs.has(type(value)):
        fields = option_fields(type(value))
        return {field.key: getattr(value, field.attribute.name) for field in fields}
    return value.value if isinstance(value, Enum) else str(value)
