"""Whether a class is a driver: everything that can be told before an instance is made."""

from __future__ import annotations

from collections.abc import Iterator

from swamp_driver.host._check_hooks import hook_problems, implemented_hooks
from swamp_driver.spec import (
    ApiVersion,
    Capability,
    ConfigSample,
    DriverInfo,
    config_options,
    is_known_capability,
)
from swamp_driver.spec._suggest import did_you_mean, quoted


def driver_problems(cls: type) -> tuple[str, ...]:
    """Return everything that is wrong with a driver class, its `info` first."""
    info = getattr(cls, "info", None)
    if not isinstance(info, DriverInfo):
        found = "is missing" if info is None else f"is a '{type(info).__name__}'"
        return (
            f"the class attribute 'info' {found} (it must be a DriverInfo)",
            *hook_problems(cls),
        )
    return (*_info_problems(info), *hook_problems(cls), *_promise_problems(info, cls))


def declared_api(cls: type) -> ApiVersion | None:
    """Return the version of the contract that a class was written for, as far as it says so."""
    api = getattr(getattr(cls, "info", None), "api", None)
    return api if isinstance(api, ApiVersion) else None


def _info_problems(info: DriverInfo) -> Iterator[str]:
    summary: object = info.summary
    if not isinstance(summary, str) or not summary.strip() or "\n" in summary:
        yield "'info.summary' must be one line of text"
    api: object = info.api
    if not isinstance(api, ApiVersion):
        yield "'info.api' must be an ApiVersion"
    yield from _capability_problems(info.capabilities)
    try:
        config_options(info.config)
    except TypeError as error:
        yield f"'info.config': {error}"
    for name in ("good_configs", "bad_configs"):
        samples = getattr(info, name)
        if not (isinstance(samples, tuple) and all(isinstance(s, ConfigSample) for s in samples)):
            yield f"'info.{name}' must be a tuple of ConfigSample"


def _capability_problems(capabilities: object) -> Iterator[str]:
    if not isinstance(capabilities, frozenset | set):
        yield "'info.capabilities' must be a frozenset"
        return
    for name in sorted(str(capability) for capability in capabilities):
        if not is_known_capability(name):
            hint = did_you_mean(name, [str(known) for known in Capability])
            yield f"unknown capability {quoted(name)} ({hint or 'private ones begin with x-'})"


def _promise_problems(info: DriverInfo, cls: type) -> Iterator[str]:
    implemented = implemented_hooks(cls)
    for hook in ("list_leftovers", "remove_leftover"):
        declared = Capability.LEFTOVERS in info.capabilities
        if declared and hook not in implemented and not hasattr(cls, hook):
            yield f"the capability 'leftovers' is declared and the hook '{hook}' is missing"
