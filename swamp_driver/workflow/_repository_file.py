# ruff: noqa: RUF009 - `declare` makes an attrs field
"""`.swamp-driver.yaml`: what holds for all workflows of a repository."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from swamp_driver._value import Value
from swamp_driver.spec import Json
from swamp_driver.workflow._collection import MapOf, Tree
from swamp_driver.workflow._drivers import Tier, other_file_tier
from swamp_driver.workflow._model_step import DRIVER, DRIVER_HELP, OPTIONS, OPTIONS_HELP
from swamp_driver.workflow._node import MappingNode, ScalarNode, json_value, place_of
from swamp_driver.workflow._problems import Place, Problems
from swamp_driver.workflow._record import Record, Where, declare
from swamp_driver.workflow._scan import has_expression
from swamp_driver.workflow._shape import Refused
from swamp_driver.workflow._template import Template
from swamp_driver.workflow._yaml import parse_yaml

REPOSITORY_FILE = ".swamp-driver.yaml"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RepositoryKeys:
    """The file as it is written."""

    where: Where
    driver: Template | None = declare(DRIVER, DRIVER_HELP)
    driver_config: MappingNode | None = declare(OPTIONS, OPTIONS_HELP, when="run")
    vaults: dict[str, MappingNode | None] = declare(
        MapOf(Tree("mapping"), keys=r"[A-Za-z0-9_.-]+", key_words="the name of a vault"),
        "Where 'vault.get' finds secrets, by name.",
        default=attrs.Factory(dict),
    )


REPOSITORY_KEYS: Record[RepositoryKeys] = Record(
    RepositoryKeys,
    words="a repository file",
    refused={
        "jobs": "jobs stand in a workflow file",
        "inputs": "inputs stand in a workflow file",
        "vault": "write 'vaults: {NAME: {type: ...}}'",
    },
)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class VaultDeclaration(Value):
    """A vault that the repository declares: its type, and the options of that type."""

    type: str
    options: Mapping[str, Json] = attrs.field(factory=dict)
    place: Place = attrs.field(factory=Place)
    """Where it stands, for messages."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RepositoryFile(Value):
    """What a repository file says. One that says nothing is as good as none."""

    source: str = ""
    """What the file is called in messages; empty where there is none."""
    text: str = attrs.field(default="", repr=False)
    tier: Tier = attrs.field(factory=Tier)
    """The driver and options for workflows that choose none."""
    vaults: Mapping[str, VaultDeclaration] = attrs.field(factory=dict)


def parse_repository_file(text: str, *, source: str) -> RepositoryFile:
    """Return what a repository file says. An empty one is fine.

    Pure. The text is not trusted, as with `parse_workflow`.

    Raises:
        WorkflowError: With all problems at once: YAML that cannot be read, unknown keys, wrong
            types.
    """
    problems = Problems(file=source, text=text)
    keys = None if _is_empty(text) else _read(text, problems)
    if keys is None:
        problems.raise_any()
        return RepositoryFile(source=source, text=text)
    _note_expression(keys.driver, keys.where.value("driver"), problems)
    vaults = _vaults(keys, problems)
    problems.raise_any()
    tier = attrs.evolve(_tier(keys, source), file_text=text)
    return RepositoryFile(source=source, text=text, tier=tier, vaults=vaults)


def _is_empty(text: str) -> bool:
    return all(not line.strip() or line.lstrip().startswith("#") for line in text.splitlines())


def _read(text: str, problems: Problems) -> RepositoryKeys | None:
    node = parse_yaml(text, problems)
    if node is None:
        return None
    try:
        return REPOSITORY_KEYS.read(node, "", problems)
    except Refused:
        return None


def _note_expression(template: Template | None, place: Place, problems: Problems) -> None:
    if template is not None and has_expression(template.text):
        problems.add("no expression can stand here", place)


def _tier(keys: RepositoryKeys, source: str) -> Tier:
    where = keys.where
    return other_file_tier(
        keys.driver.text if keys.driver else None,
        keys.driver_config,
        place=where.value("driver" if where.has("driver") else "driverConfig"),
        node_path="driverConfig",
        file=source,
    )


def _vaults(keys: RepositoryKeys, problems: Problems) -> dict[str, VaultDeclaration]:
    found = {}
    for name, node in keys.vaults.items():
        if node is None:
            continue
        path = f"vaults.{name}"
        place = place_of(node, path)
        options = json_value(node)
        assert isinstance(options, dict)
        kind = options.pop("type", None)
        if not isinstance(kind, str) or not kind:
            what = "a vault needs the key 'type'"
            problems.add(what, place, hint="for example '{type: env}'")
            continue
        for key, entry in node.entries.items():
            if isinstance(entry.value, ScalarNode):
                _note_expression(
                    entry.value.template, place_of(entry.value, f"{path}.{key}"), problems
                )
        found[name] = VaultDeclaration(type=kind, options=options, place=place)
    return found
