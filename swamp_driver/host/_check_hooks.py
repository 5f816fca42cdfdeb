"""Whether the hooks of a driver class are what the contract says, as the class shows them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs
import pluggy

from swamp_driver._value import Value
from swamp_driver.spec import OPTIONAL_HOOKS, PROJECT_NAME, REQUIRED_HOOKS, DriverHooks
from swamp_driver.spec._suggest import did_you_mean, quoted

_HOOKS = REQUIRED_HOOKS + OPTIONAL_HOOKS
_Kind = inspect.Parameter


@attrs.frozen(kw_only=True, eq=False, repr=False)
class _Found(Value):
    """A function of the class that bears the marker of the contract."""

    name: str
    hook: str
    options: Mapping[str, Any]


def implemented_hooks(cls: type) -> frozenset[str]:
    """Return the names of the hooks that the class implements, decorated as they must be."""
    return frozenset(found.hook for found in _marked(cls))


def hook_problems(cls: type) -> Iterator[str]:
    """Yield everything that is wrong with the hooks of a driver class."""
    marked = _marked(cls)
    yield from _missing(cls, {found.hook for found in marked})
    seen: set[str] = set()
    for found in marked:
        if found.hook not in _HOOKS:
            hint = did_you_mean(found.hook, _HOOKS) or f"hooks: {', '.join(_HOOKS)}"
            yield f"{quoted(found.hook)} is not a hook of the contract ({hint})"
        elif found.hook in seen:
            yield f"the hook '{found.hook}' is implemented more than once"
        else:
            seen.add(found.hook)
            yield from _implementation_problems(cls, found)


def _marked(cls: type) -> list[_Found]:
    manager = pluggy.PluginManager(PROJECT_NAME)
    found = []
    for name in dir(cls):
        if options := manager.parse_hookimpl_opts(cls, name):
            hook = options.get("specname") or name
            found.append(_Found(name=name, hook=hook, options=dict(options)))
    return found


def _missing(cls: type, implemented: set[str]) -> Iterator[str]:
    own = [name for name in dir(cls) if not name.startswith("_") and name not in _HOOKS]
    for hook in _HOOKS:
        if hook in implemented:
            continue
        if hasattr(cls, hook):
            yield f"the hook '{hook}' is not decorated (put @hookimpl above it)"
        elif hook in REQUIRED_HOOKS:
            guess = did_you_mean(hook, own)
            yield f"the required hook '{hook}' is missing" + (f" ({guess})" if guess else "")


def _implementation_problems(cls: type, found: _Found) -> Iterator[str]:
    if found.options.get("wrapper") or found.options.get("hookwrapper"):
        yield f"the hook '{found.hook}' must not be a wrapper"
        return
    function = inspect.getattr_static(cls, found.name)
    is_static = isinstance(function, staticmethod)
    plain = inspect.unwrap(getattr(function, "__func__", function))
    if inspect.iscoroutinefunction(plain) or inspect.isgeneratorfunction(plain):
        yield f"the hook '{found.hook}' must be an ordinary function, neither async nor a generator"
    parameters = list(inspect.signature(plain).parameters.values())
    yield from _argument_problems(found.hook, parameters if is_static else parameters[1:])


def _argument_problems(hook: str, parameters: list[inspect.Parameter]) -> Iterator[str]:
    known = _arguments_of(getattr(DriverHooks, hook))
    for parameter in parameters:
        name = parameter.name
        if parameter.kind in {_Kind.VAR_POSITIONAL, _Kind.VAR_KEYWORD, _Kind.KEYWORD_ONLY}:
            yield f"the hook '{hook}' must take '{name}' as an ordinary argument"
        elif name not in known:
            hint = did_you_mean(name, known) or f"arguments: {', '.join(known)}"
            yield f"the hook '{hook}' has no argument {quoted(name)} ({hint})"
        elif parameter.default is not _Kind.empty:
            yield f"the hook '{hook}' must not give '{name}' a default value"


def _arguments_of(function: Callable[..., object]) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)[1:]
