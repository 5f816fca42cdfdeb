"""From the name of a driver to a class that can be used; only that driver is imported."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping, Sequence

import attrs

from swamp_driver._value import Value
from swamp_driver.errors import DriverApiError, DriverLoadError, PluginError
from swamp_driver.host._bound_driver import (
    BoundDriver,
    LoadedDriver,
    contract_error,
    open_driver,
)
from swamp_driver.host._check_driver import declared_api, driver_problems
from swamp_driver.host._discovery import (
    InstalledDriver,
    discover,
    given_drivers,
    select_driver,
)
from swamp_driver.spec import API_VERSION, ApiVersion, DriverInfo

__all__ = [
    "BoundDriver",
    "DriverListing",
    "InstalledDriver",
    "LoadedDriver",
    "RegistryCatalog",
    "discover",
    "list_drivers",
    "load_driver",
    "load_driver_object",
    "open_driver",
]

_REFERENCE = re.compile(r"(?P<module>\w+(?:\.\w+)*):(?P<names>\w+(?:\.\w+)*)(?:\s*\[.*\])?")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class DriverListing(Value):
    """An installed driver and whether it can be used: one line of `swamp-driver drivers`."""

    installed: InstalledDriver
    info: DriverInfo | None
    """None where it is broken."""
    error: PluginError | None


class RegistryCatalog:
    """The drivers that one run can choose from: those installed, and those a program gives it.

    `extra` maps names to driver classes, which win over installed drivers of the same name. Nothing
    is discovered before the first name that is not given, nothing is imported before it is asked
    for, and each driver is loaded once. Use it from one thread.
    """

    def __init__(self, extra: Mapping[str, type] | None = None) -> None:
        self._given = dict(extra or {})
        self._installed: tuple[InstalledDriver, ...] | None = None
        self._loaded: dict[str, LoadedDriver] = {}

    def describe(self, name: str) -> DriverInfo:
        """Return what the driver says of itself; raises as `load` does."""
        return self.load(name).info

    def load(self, name: str) -> LoadedDriver:
        """Return the driver, imported and checked; raises as `load_driver` does."""
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def _load(self, name: str) -> LoadedDriver:
        given = given_drivers(self._given)
        for installed in given:
            if installed.name == name:
                return check_driver(name, self._given[name], installed)
        if self._installed is None:
            self._installed = discover()
        return load_driver(name, installed=given + self._installed)


def as_catalog(drivers: Mapping[str, type] | RegistryCatalog | None) -> RegistryCatalog:
    """Return the catalog that a caller shares, or one with the classes that it gives."""
    return drivers if isinstance(drivers, RegistryCatalog) else RegistryCatalog(drivers)


def load_driver(name: str, *, installed: Sequence[InstalledDriver] | None = None) -> LoadedDriver:
    """Import the driver of that name, or `distribution:name`, and check it; return it.

    Imports the module of that driver and no other's. `installed` are the drivers to choose from:
    those that are installed, if None.

    Raises:
        UnknownDriverError: No distribution offers it.
        DuplicateDriverError: Several distributions offer it.
        DriverLoadError: Its module cannot be imported, or has no such class.
        DriverApiError: It was written for another version of the contract.
        DriverContractError: It breaks the contract; the text has all that a class can show.
    """
    chosen = select_driver(name, discover() if installed is None else installed)
    return check_driver(name, _import_class(chosen), chosen)


def load_driver_object(reference: str) -> LoadedDriver:
    """Import and check the driver class at `module:Class`; raises as `load_driver` does."""
    installed = InstalledDriver(name=reference, entry_point=reference)
    return check_driver(reference, _import_class(installed), installed)


def list_drivers(installed: Sequence[InstalledDriver] | None = None) -> tuple[DriverListing, ...]:
    """Import every installed driver; return each with what it says of itself or why it is broken.

    A broken driver keeps none of the others from the list.
    """
    found = discover() if installed is None else installed
    return tuple(_listing(driver, found) for driver in found)


def _listing(driver: InstalledDriver, found: Sequence[InstalledDriver]) -> DriverListing:
    try:
        info = load_driver(driver.selector, installed=found).info
    except PluginError as error:
        return DriverListing(installed=driver, info=None, error=error)
    return DriverListing(installed=driver, info=info, error=None)


def check_driver(name: str, cls: object, installed: InstalledDriver) -> LoadedDriver:
    """Return a class as a loaded driver where it keeps the contract; raise where it does not."""
    if not isinstance(cls, type):
        raise contract_error(installed, [f"it is a '{type(cls).__name__}', not a class"])
    api = declared_api(cls)
    if api is not None and not API_VERSION.accepts(api):
        raise _api_error(installed, api)
    if problems := driver_problems(cls):
        raise contract_error(installed, problems)
    info: DriverInfo = cls.info  # type: ignore[attr-defined]
    return LoadedDriver(name=name, cls=cls, info=info, installed=installed)


def _api_error(installed: InstalledDriver, api: ApiVersion) -> DriverApiError:
    is_newer = (api.major, api.minor) > (API_VERSION.major, API_VERSION.minor)
    package = "swamp-drivers" if is_newer else installed.distribution or "the driver"
    fix = f"install a newer version of {package}"
    what = f"was written for version {api} of the driver contract, this host has {API_VERSION}"
    return installed.error(DriverApiError, f"{what} ({fix})")


def _import_class(installed: InstalledDriver) -> object:
    match = _REFERENCE.fullmatch(installed.entry_point.strip())
    if match is None:
        fix = "an entry point of a driver is written 'package.module:Class'"
        raise _load_error(installed, "its entry point names no class", fix)
    try:
        found: object = importlib.import_module(match["module"])
    except (Exception, SystemExit) as error:
        what = f"importing it raised {type(error).__name__}: {error}"
        raise _load_error(installed, what, _import_fix(installed, error)) from error
    for name in match["names"].split("."):
        if not hasattr(found, name):
            what = f"the module '{match['module']}' has no '{match['names']}'"
            raise _load_error(installed, what, _reinstall(installed))
        found = getattr(found, name)
    return found


def _import_fix(installed: InstalledDriver, error: BaseException) -> str:
    module = installed.entry_point.partition(":")[0].partition(".")[0]
    if isinstance(error, ModuleNotFoundError) and error.name and error.name != module:
        return f"it needs the module '{error.name}': install what provides it"
    return _reinstall(installed)


def _reinstall(installed: InstalledDriver) -> str:
    if installed.distribution is None:
        return "check the name and the Python path"
    return f"reinstall or uninstall '{installed.distribution}'"


def _load_error(installed: InstalledDriver, what: str, fix: str) -> DriverLoadError:
    return installed.error(DriverLoadError, f"cannot be loaded: {what} ({fix})")
