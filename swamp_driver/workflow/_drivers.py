"""Which driver a step gets, and with which options: decided here and nowhere else."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import attrs

from swamp_driver._value import Value
from swamp_driver.spec import DriverInfo, Json
from swamp_driver.workflow._commands import ConfigTree
from swamp_driver.workflow._node import MappingNode, config_tree, json_value, place_of
from swamp_driver.workflow._problems import Place, join_path
from swamp_driver.workflow._template import Template

DEFAULT_DRIVER = "raw"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class DriverSelection(Value):
    """What is said about drivers, and what else must be known, outside of the workflow file.

    The command line stands above the file, the repository's settings below it, and `default` is
    what is left where no one names a driver.
    """

    cli_driver: str | None = None
    cli_config: Mapping[str, Json] | None = None
    repo: Tier | None = None
    """What the repository's file says: see `RepositoryFile`."""
    default: str = DEFAULT_DRIVER
    vaults: Collection[str] | None = None
    """The vaults that expressions can ask; None where they are not known."""


class DriverCatalog(Protocol):
    """What the planner asks about drivers."""

    def describe(self, name: str) -> DriverInfo:
        """Return what a driver says of itself; raise `PluginError` where it cannot be used."""
        ...


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Tier:
    """What one level says about drivers: a driver, options, both, or nothing.

    `place` is where the driver is named, or the options where it is not; `node` holds the places of
    the options. What stands outside of the file has neither.
    """

    driver: str | None = None
    config: Mapping[str, ConfigTree] | None = None
    place: Place = attrs.field(factory=Place)
    node: MappingNode | None = None
    node_path: str = ""
    file: str = ""
    """The file that it is in, where that is not the workflow file, and its text."""
    file_text: str = attrs.field(default="", repr=False)

    @property
    def config_place(self) -> Place:
        """Return where the options stand."""
        return self.placed(
            place_of(self.node, self.node_path) if self.node else Place(self.node_path)
        )

    def placed(self, place: Place) -> Place:
        """Return a place of this tier with the file that it is in."""
        return attrs.evolve(place, file=self.file) if self.file else place


def outside_tier(driver: str | None, config: Mapping[str, Json] | None, *, path: str) -> Tier:
    """Return a tier of what is said outside of the file."""
    tree = None if config is None else {key: json_tree(value) for key, value in config.items()}
    return Tier(driver=driver, config=tree, node_path=path)


def file_tier(
    driver: str | None, node: MappingNode | None, *, place: Place, node_path: str
) -> Tier:
    """Return a tier of the workflow file."""
    config = None
    if node is not None:
        config = {key: config_tree(entry.value) for key, entry in node.entries.items()}
    return Tier(driver=driver, config=config, place=place, node=node, node_path=node_path)


def other_file_tier(
    driver: str | None, node: MappingNode | None, *, place: Place, node_path: str, file: str
) -> Tier:
    """Return a tier of another file; its templates have no places, which are the workflow's."""
    value = None if node is None else json_value(node)
    assert value is None or isinstance(value, dict)
    outside = outside_tier(driver, value, path=node_path)
    return attrs.evolve(outside, place=attrs.evolve(place, file=file), node=node, file=file)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Choice:
    """The driver chosen, and the tiers that chose it and its options."""

    driver: str
    chosen_by: Tier
    configured_by: Tier | None


def choose(tiers: Sequence[Tier], *, default: str) -> Choice:
    """Return the driver and the options for a place, from the tiers above each other there.

    The first tier that names a driver wins. Its options come from the first tier that configures
    that driver: a tier configures the driver that it names, or else the one that the next tier
    below it names; options without any driver below them configure whatever is chosen. Options of
    several tiers are never merged.
    """
    chosen_by = next((tier for tier in tiers if tier.driver is not None), Tier())
    driver = default if chosen_by.driver is None else chosen_by.driver
    for index, tier in enumerate(tiers):
        if tier.config is None:
            continue
        meant = next((lower.driver for lower in tiers[index:] if lower.driver is not None), driver)
        if meant == driver:
            return Choice(driver=driver, chosen_by=chosen_by, configured_by=tier)
    return Choice(driver=driver, chosen_by=chosen_by, configured_by=None)


def json_tree(value: Json) -> ConfigTree:
    """Return a value with every text as a template, without a place."""
    match value:
        case str():
            return Template(value)
        case list():
            return [json_tree(item) for item in value]
        case dict():
            return {key: json_tree(item) for key, item in value.items()}
        case _:
            return value


def option_path(path: str, inside: str) -> str:
    """Return the path of an option."""
    return path + inside if inside.startswith("[") else join_path(path, inside) if inside else path
