"""The distinct drivers of a plan: each checked once, whatever number of steps use it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping

import attrs

from swamp_driver.errors import ConfigError, PluginError
from swamp_driver.spec import Capability, DriverInfo
from swamp_driver.workflow._commands import ConfigTree
from swamp_driver.workflow._drivers import Choice, DriverCatalog, option_path
from swamp_driver.workflow._evaluate import TemplateError, evaluate_tree
from swamp_driver.workflow._node import find_place
from swamp_driver.workflow._planned import PlannedBinding
from swamp_driver.workflow._problems import Place, Problems
from swamp_driver.workflow._static import Static
from swamp_driver.workflow._template import Template

_REMEDY = "use one driver with the same options everywhere"
_SERVICES = [
    (
        Capability.SERVICES,
        "does not let the steps of a run reach each other on 127.0.0.1 ('background: true')",
        "choose another driver for the background step and for those that use it",
    )
]


class Bindings:
    """Gathers the bindings of one plan."""

    def __init__(self, catalog: DriverCatalog, static: Static, problems: Problems) -> None:
        self._catalog = catalog
        self._static = static
        self._problems = problems
        self._found: dict[str, PlannedBinding] = {}
        self._places: dict[str, Place] = {}
        self._infos: dict[str, DriverInfo | None] = {}

    @property
    def planned(self) -> tuple[PlannedBinding, ...]:
        """Return the bindings in the order in which they were first wanted."""
        return tuple(self._found.values())

    def bind(self, choice: Choice) -> str:
        """Return the id of the binding for a choice; note what is wrong with a new one.

        Raises `PluginError` where a driver that is chosen outside of the file cannot be used.
        """
        tier = choice.configured_by
        config: Mapping[str, ConfigTree] = (tier and tier.config) or {}
        key = json.dumps([choice.driver, config], default=_written, sort_keys=True)
        if key not in self._found:
            place = tier.config_place if tier else choice.chosen_by.place
            binding = PlannedBinding(
                id=f"b{len(self._found) + 1}",
                driver=choice.driver,
                config=config,
                path=f"{place.file}: {place.path}" if place.file else place.path,
                line=0 if place.file else place.line,
                column=0 if place.file else place.column,
                is_static=self._static.knows(dict(config)),
            )
            self._found[key] = binding
            self._places[key] = choice.chosen_by.place if choice.chosen_by.place.line else place
            self._check(binding, choice)
        return self._found[key].id

    def _check(self, binding: PlannedBinding, choice: Choice) -> None:
        info = self._info(choice)
        if info is None or not binding.is_static:
            return
        try:
            data = evaluate_tree(dict(binding.config), self._static.scope)
        except TemplateError:
            return  # noted where all expressions are checked
        assert isinstance(data, dict)
        from swamp_driver.spec import structure_config  # noqa: PLC0415

        try:
            structure_config(info.config, data)
        except ConfigError as error:
            for problem in error.problems:
                place = _option_place(choice, problem.path)
                self._problems.add(problem.what, place, hint=problem.hint)

    def _info(self, choice: Choice) -> DriverInfo | None:
        """Return what the driver says of itself, once for each name."""
        if choice.driver not in self._infos:
            self._infos[choice.driver] = None
            if not choice.driver:
                return None  # an expression without a value, which is noted
            try:
                self._infos[choice.driver] = self._catalog.describe(choice.driver)
            except PluginError as error:
                if not choice.chosen_by.place.line:
                    raise
                self._problems.add(str(error), choice.chosen_by.place, kind="absent")
        return self._infos[choice.driver]

    @property
    def keys(self) -> frozenset[str]:
        """Return what tells one driver with its options from another."""
        return frozenset(self._found)

    def check_capabilities(
        self,
        *,
        persistent: bool,
        asks: bool = False,
        services: Collection[str] = (),
        others: frozenset[str] = frozenset(),
    ) -> None:
        """Note drivers that cannot do what the run as a whole asks of them.

        `services` are the ids of the bindings that have background steps; `asks`: the run may be
        suspended; `others`: the keys of the drivers around.
        """
        wanted: list[tuple[Capability, str, str]] = []
        if persistent:
            what = "cannot keep a workspace for the next run ('persistent: true')"
            wanted.append((Capability.PERSISTENT, what, "choose another driver"))
        elif asks:
            what = "cannot keep the workspace while the run waits for an approval"
            wanted.append((Capability.PERSISTENT, what, "choose another driver"))
        if len(self._found.keys() | others) > 1:
            what = "cannot share the workspace with the other drivers of this workflow"
            wanted.append((Capability.HOST_VISIBLE, what, _REMEDY))
            wanted.append((Capability.ATTACH, what, _REMEDY))
        for key, binding in self._found.items():
            info = self._infos.get(binding.driver)
            for capability, what, hint in wanted + (_SERVICES if binding.id in services else []):
                if info is not None and capability not in info.capabilities:
                    words = f"the driver {binding.driver!r} {what}"
                    self._problems.add(words, self._places[key], hint=hint)


def _option_place(choice: Choice, inside: str) -> Place:
    tier = choice.configured_by
    if tier is None:
        place = choice.chosen_by.place
        return attrs.evolve(place, path=option_path(_beside(place.path), inside))
    if tier.node is None:
        return Place(option_path(tier.node_path, inside))
    return tier.placed(find_place(tier.node, tier.node_path, inside=inside))


def _beside(path: str) -> str:
    """Return the path of the options that would stand beside a `driver`."""
    return f"{path}Config" if path else "driverConfig"


def _written(value: object) -> object:
    """Return what tells one template of options from another: its text, not its place."""
    assert isinstance(value, Template)
    return {"template": value.text}
