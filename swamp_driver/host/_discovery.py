"""Which drivers are installed: read from metadata, nothing of them is imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import attrs

from swamp_driver._value import Value
from swamp_driver.errors import DuplicateDriverError, PluginError, UnknownDriverError
from swamp_driver.host._entry_points import canonical_name, find_entry_points
from swamp_driver.spec import ENTRY_POINT_GROUP
from swamp_driver.spec._suggest import did_you_mean, quoted

E = TypeVar("E", bound=PluginError)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class InstalledDriver(Value):
    """A driver as its distribution offers it; whether it works is not known yet."""

    name: str
    """The name of the entry point."""
    entry_point: str
    """Where its class is: `module:Class`."""
    distribution: str | None = None
    """None for a class that was handed to the host and not found."""
    version: str | None = None

    @property
    def origin(self) -> str:
        """Return distribution, version and entry point, for messages."""
        package = " ".join(part for part in (self.distribution, self.version) if part)
        return f"{package}, {self.entry_point}" if package else self.entry_point

    def error(self, kind: type[E], what: str) -> E:
        """Return an error that names the driver and where it comes from, then says `what`."""
        return kind(
            f"driver {self.name!r} ({self.origin}) {what}",
            driver=self.name,
            distribution=self.distribution,
            version=self.version,
            entry_point=self.entry_point,
        )

    @property
    def selector(self) -> str:
        """Return `distribution:name`, which selects it where several offer its name."""
        return f"{self.distribution}:{self.name}" if self.distribution else self.name


def discover() -> tuple[InstalledDriver, ...]:
    """Return all drivers that installed distributions offer, by name and distribution.

    Reads the metadata of what `sys.path` shows; imports none of it. A distribution that is there
    twice counts once: the first one, which is the one that an import finds.
    """
    found = {
        InstalledDriver(
            name=entry_point.name,
            entry_point=entry_point.value,
            distribution=entry_point.distribution,
            version=entry_point.version,
        )
        for entry_point in find_entry_points(ENTRY_POINT_GROUP)
    }
    return tuple(sorted(found, key=lambda driver: (driver.name, driver.origin)))


def given_drivers(classes: Mapping[str, type]) -> tuple[InstalledDriver, ...]:
    """Return classes that a program hands to the host as if they were installed."""
    return tuple(
        InstalledDriver(name=name, entry_point=f"{cls.__module__}:{cls.__qualname__}")
        for name, cls in classes.items()
    )


def select_driver(name: str, installed: Sequence[InstalledDriver]) -> InstalledDriver:
    """Return the driver of that name, or of that `distribution:name`.

    Raises:
        UnknownDriverError: None offers it; the text says what is installed.
        DuplicateDriverError: Several do; the text says which, and how to select one.
    """
    distribution, _, plain = name.rpartition(":")
    matching = [
        driver
        for driver in installed
        if driver.name == plain and (not distribution or _is_from(distribution, driver))
    ]
    if not matching:
        raise _unknown(name, distribution, plain, installed)
    if len(matching) > 1:
        raise _duplicate(name, matching)
    return matching[0]


def _is_from(distribution: str, driver: InstalledDriver) -> bool:
    return canonical_name(driver.distribution or "") == canonical_name(distribution)


def _unknown(
    name: str, distribution: str, plain: str, installed: Sequence[InstalledDriver]
) -> UnknownDriverError:
    offering = [driver.selector for driver in installed if driver.name == plain]
    if distribution and offering:
        hint = f"it is offered as: {', '.join(offering)}"
    else:
        names = sorted({driver.name for driver in installed})
        guess = did_you_mean(plain, names)
        listed = f"installed: {', '.join(names)}" if names else "no drivers are installed"
        hint = f"{guess} {listed}" if guess else listed
    return UnknownDriverError(f"unknown driver {quoted(name)} ({hint})", driver=name)


def _duplicate(name: str, matching: Sequence[InstalledDriver]) -> DuplicateDriverError:
    origins = " and ".join(driver.origin for driver in matching)
    selectors = sorted({driver.selector for driver in matching})
    ways = (
        f"select one: {' or '.join(selectors)}"
        if len(selectors) > 1
        else "its distribution must name it once"
    )
    return DuplicateDriverError(
        f"the driver {quoted(name)} is offered more than once: by {origins} ({ways})", driver=name
    )
