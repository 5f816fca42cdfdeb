"""What a driver says of itself before it is used."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from swamp_driver._value import Value
from swamp_driver.spec._run import Json


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ApiVersion(Value):
    """A version of the contract. A host takes drivers of its own major and of no newer minor."""

    major: int
    minor: int

    def accepts(self, driver: ApiVersion) -> bool:
        """Return whether a host of this version can use `driver`."""
        return driver.major == self.major and driver.minor <= self.minor

    def __str__(self) -> str:
        """Return `major.minor`."""
        return f"{self.major}.{self.minor}"


API_VERSION = ApiVersion(major=1, minor=1)
"""The version of the contract that this distribution holds."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ConfigSample(Value):
    """Options in the shape of the file, for tests and documents."""

    title: str
    data: Mapping[str, Json]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class DriverInfo(Value):
    """The class attribute `info` of every driver: read before the driver is constructed."""

    summary: str
    """One line: where steps run."""
    api: ApiVersion = API_VERSION
    """The contract it was written for: write it out as a number, do not refer to `API_VERSION`."""
    capabilities: frozenset[str] = frozenset()
    """`Capability` values and private `x-` names. Anything else is a contract error."""
    config: type
    """A frozen attrs class whose fields are made with `option`; `structure_config` makes it."""
    good_configs: tuple[ConfigSample, ...] = ()
    """Options that must be accepted; the first is what the conformance suite runs with."""
    bad_configs: tuple[ConfigSample, ...] = ()
    """Options that must be refused with `ConfigError`."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Availability(Value):
    """Whether a driver can work here and now, as `probe_environment` found."""

    available: bool
    detail: str
    """What was found: versions, addresses, the way chosen. One line."""
    fix: str | None = None
    """What a person can do where it is not available."""
    warnings: tuple[str, ...] = ()
    """What works and may surprise: one line each, which says what a person can do."""
    facts: Mapping[str, Json] = attrs.field(factory=dict)
    """The same for programs."""
