"""What dead runs left behind on this machine and in engines: found, and removed on request."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import attrs

from swamp_driver import rundir
from swamp_driver._value import Value
from swamp_driver.errors import DriverError, PluginError, TeardownError
from swamp_driver.host._bound_driver import BoundDriver, open_driver
from swamp_driver.host._kept_outputs import KeptOutputs, find_kept_outputs, remove_kept_outputs
from swamp_driver.host._registry import RegistryCatalog
from swamp_driver.host._reservation import reserved_for
from swamp_driver.host._settings import HostSettings
from swamp_driver.host._store import Store
from swamp_driver.host.outputs import OUTPUTS
from swamp_driver.spec import Capability, Json, Leftover, structure_config

_REMOVE_S = 600.0
_RECORDS = 200
"""How many of the last runs are asked which engines they used."""


@attrs.frozen(kw_only=True, eq=False)
class FoundLeftover:
    """A thing that a run made, and whether it may go."""

    leftover: Leftover
    driver: str | None
    """None for a directory of this machine, which is the host's own, and for kept outputs."""
    keep_reason: str | None
    """Why it stays: its run is alive, it was preserved, or nobody can know. None: it may go."""
    _bound: BoundDriver | None

    def remove(self) -> bool:
        """Remove it, looking once more before; return whether it is gone.

        Raises:
            TeardownError: it cannot be removed, or not wholly.
            DriverError: its engine cannot be asked.
        """
        if self._bound is not None:
            return bool(self._bound.remove_leftover(self.leftover))
        remove = remove_kept_outputs if self.leftover.kind == OUTPUTS else rundir.remove_run_dir
        errors = remove(self.leftover.name, deadline_s=_REMOVE_S)
        if errors:
            raise TeardownError(f"'{self.leftover.name}' was not wholly removed", left=errors)
        return True


@attrs.frozen(kw_only=True, eq=False, repr=False)
class LeftoverReport(Value):
    """What was found, and which drivers could not be asked and why."""

    found: tuple[FoundLeftover, ...]
    unasked: Mapping[str, str]


def find_leftovers(
    settings: HostSettings, store: Store, catalog: RegistryCatalog, drivers: tuple[str, ...]
) -> LeftoverReport:
    """Return what runs left behind: what `drivers` list, then directories below the root.

    Safe beside running runs, here and on other machines: what may go is decided by whether the
    process that owns it is alive, never by name or age. Removes nothing. A driver that cannot be
    asked is named in the report, and the others are asked all the same.
    """
    found: dict[tuple[str, str], FoundLeftover] = {}
    unasked: dict[str, str] = {}
    for driver, config in _to_ask(store, catalog, drivers):
        try:
            for one in _ask(driver, config, catalog):
                found.setdefault((one.leftover.kind, one.leftover.name), one)
        except (DriverError, PluginError) as error:
            unasked[driver] = str(error)
    directories = (_directory(one) for one in rundir.list_run_dirs(settings.runs_dir))
    outputs = map(_outputs, find_kept_outputs(store))
    return LeftoverReport(found=(*found.values(), *directories, *outputs), unasked=unasked)


def _to_ask(
    store: Store, catalog: RegistryCatalog, drivers: tuple[str, ...]
) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """Yield each driver with the options that runs used it with: they say which engine to ask."""
    seen: set[str] = set()
    for driver in drivers:
        try:
            info = catalog.describe(driver)
        except PluginError:
            continue
        if Capability.LEFTOVERS not in info.capabilities:
            continue
        configs = [one.data for one in info.good_configs[:1]]
        for run in store.runs(limit=_RECORDS):
            configs += [one.config for one in run.workspaces if one.driver == driver]
        for config in configs:
            key = json.dumps([driver, config], sort_keys=True)
            if key not in seen:
                seen.add(key)
                yield driver, config


def _ask(
    driver: str, config: Mapping[str, Json], catalog: RegistryCatalog
) -> Iterator[FoundLeftover]:
    loaded = catalog.load(driver)
    bound = open_driver(loaded, structure_config(loaded.info.config, config))
    for leftover in bound.list_leftovers() or ():
        yield FoundLeftover(
            leftover=leftover, driver=driver, keep_reason=_keep_reason(leftover), bound=bound
        )


def _directory(found: rundir.FoundRunDir) -> FoundLeftover:
    marker = found.marker
    leftover = Leftover(
        kind="directory",
        name=found.path,
        run_id=marker.run_id,
        owner=marker.owner,
        created_at=marker.created_at,
        preserved=marker.preserved,
    )
    suspended = reserved_for(found.path)
    reason = f"run {suspended} is suspended" if suspended else _keep_reason(leftover)
    if reason is None:  # measuring visits every file: not where a run is at work
        leftover = attrs.evolve(leftover, size_bytes=rundir.measure_tree(found.path))
    return FoundLeftover(leftover=leftover, driver=None, keep_reason=reason, bound=None)


def _outputs(found: KeptOutputs) -> FoundLeftover:
    leftover = Leftover(
        kind=OUTPUTS,
        name=found.path,
        run_id=found.run_id,
        owner=found.owner,
        created_at=found.made_at,
        size_bytes=rundir.measure_tree(found.path),
        preserved=found.preserved,
    )
    reason = _keep_reason(leftover)
    return FoundLeftover(leftover=leftover, driver=None, keep_reason=reason, bound=None)


def _keep_reason(leftover: Leftover) -> str | None:
    if leftover.preserved:
        return "preserved"
    if leftover.owner is None:
        return "its owner is not known"
    alive = leftover.owner.is_alive()
    if alive is None:
        return f"its owner is on '{leftover.owner.host}'"
    return "its run is alive" if alive else None
