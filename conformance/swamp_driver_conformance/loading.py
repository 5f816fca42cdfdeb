"""Finding the driver that is judged, by the name of an entry point or as an object.

This is a loader of its own, and not that of a host: the suite has to say what is wrong with a
driver that a host would refuse, clause by clause.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import pluggy

from swamp_driver.errors import SwampDriverError
from swamp_driver.spec import (
    ENTRY_POINT_GROUP,
    PROJECT_NAME,
    ConfigSample,
    DriverHooks,
    DriverInfo,
    Json,
    structure_config,
)

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


class SubjectError(SwampDriverError):
    """There is no driver to judge: it cannot be found, imported or given its options."""

    exit_code = 2


@attrs.frozen(kw_only=True)
class SubjectRef:
    """Which driver, as text: it crosses to other processes as it is."""

    name: str = ""
    """The name of an entry point, or `distribution:name`."""
    object_path: str = ""
    """`package.module:Class`, where there is no entry point."""
    config: Mapping[str, Json] | None = None
    """Options in the shape of the file; None: the first good sample of the driver."""
    samples: Mapping[str, Mapping[str, Json]] = attrs.field(factory=dict)
    """Options for capabilities that need some; those of the driver's good samples otherwise."""

    @property
    def label(self) -> str:
        """Return what the driver is called in reports."""
        return self.name or self.object_path


@attrs.frozen(kw_only=True)
class Subject:
    """The driver that is judged."""

    ref: SubjectRef
    cls: type
    info: DriverInfo
    config_data: Mapping[str, Json]
    config: object
    distribution: str
    version: str

    def declares(self, capability: str) -> bool:
        """Return whether the driver declares a capability."""
        return capability in self.info.capabilities

    def config_with(self, data: Mapping[str, Json]) -> object:
        """Return options made of those of the suite's run and of `data`, which wins."""
        return structure_config(self.info.config, {**self.config_data, **data})

    def sample(self, title: str) -> ConfigSample | None:
        """Return the sample for a capability: the one given, or the good one of that title."""
        if title in self.ref.samples:
            return ConfigSample(title=title, data=self.ref.samples[title])
        return next((one for one in self.info.good_configs if one.title == title), None)


def load_subject(ref: SubjectRef) -> Subject:
    """Import the driver and read its options.

    Raises:
        SubjectError: it cannot be found or imported, has no usable `info`, or its options are
            refused.
    """
    distribution, version, object_path = "", "", ref.object_path
    if not object_path:
        entry_point = _entry_point(ref.name)
        object_path = entry_point.value.partition("[")[0].strip()
        if entry_point.dist is not None:
            distribution, version = entry_point.dist.name, entry_point.dist.version
    cls = _import_class(object_path)
    info = getattr(cls, "info", None)
    if not isinstance(info, DriverInfo):
        raise SubjectError(f"'{object_path}' has no class attribute 'info' that is a DriverInfo")
    data = ref.config
    if data is None:
        data = info.good_configs[0].data if info.good_configs else {}
    try:
        config: object = structure_config(info.config, data)
    except (SwampDriverError, TypeError) as error:
        raise SubjectError(f"the options for '{ref.label}' are refused: {error}") from error
    return Subject(
        ref=ref,
        cls=cls,
        info=info,
        config_data=data,
        config=config,
        distribution=distribution,
        version=version,
    )


def open_hooks(cls: type, config: object) -> Any:
    """Make an instance with these options and return the hooks of a manager that has only it."""
    manager = _Manager(PROJECT_NAME)
    manager.add_hookspecs(DriverHooks)
    manager.register(cls(config))
    manager.check_pending()
    return manager.hook


class _Manager(pluggy.PluginManager):
    """Looks at the attributes of a class once: the suite makes hundreds of its instances."""

    _seen: ClassVar[dict[tuple[type, str], Any]] = {}

    def parse_hookimpl_opts(self, plugin: object, name: str) -> Any:
        key = (type(plugin), name)
        if name in getattr(plugin, "__dict__", ()) or isinstance(plugin, type):
            return super().parse_hookimpl_opts(plugin, name)
        if key not in self._seen:
            self._seen[key] = super().parse_hookimpl_opts(plugin, name)
        return self._seen[key]


def _entry_point(name: str) -> EntryPoint:
    import importlib.metadata  # noqa: PLC0415 - it is slow, and a class needs it not

    distribution, _, wanted = name.rpartition(":")
    found = {
        (point.value, point.dist.name if point.dist else ""): point
        for point in importlib.metadata.entry_points(group=ENTRY_POINT_GROUP, name=wanted)
        if not distribution or (point.dist is not None and point.dist.name == distribution)
    }
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        choices = ", ".join(f"{where}:{wanted}" for _, where in found)
        raise SubjectError(f"several distributions offer the driver '{wanted}': {choices}")
    installed = sorted(importlib.metadata.entry_points(group=ENTRY_POINT_GROUP).names)
    raise SubjectError(f"unknown driver '{name}' (installed: {', '.join(installed) or 'none'})")


def _import_class(object_path: str) -> type:
    module_name, _, names = object_path.partition(":")
    try:
        found: Any = importlib.import_module(module_name)
        for part in names.split("."):
            found = getattr(found, part)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise SubjectError(f"driver '{object_path}' cannot be imported: {reason}") from error
    if not isinstance(found, type):
        raise SubjectError(f"'{object_path}' is not a class")
    return found


def read_config(path: Path) -> Mapping[str, Json]:
    """Read options from a `.json`, `.toml`, `.yaml` or `.yml` file.

    Raises:
        SubjectError: it cannot be read, or holds something else than a mapping. YAML also where
            ruamel.yaml is not installed.
    """
    try:
        text = path.read_text(encoding="utf-8")
        data = _parse(path, text)
    except ImportError as error:
        raise SubjectError(f"'{path}': {error}; write the options as .json or .toml") from error
    except (OSError, ValueError) as error:
        raise SubjectError(f"'{path}' cannot be read: {error}") from error
    if not isinstance(data, dict):
        raise SubjectError(f"'{path}' does not hold a mapping of options")
    return data


def _parse(path: Path, text: str) -> object:
    if path.suffix == ".toml":
        import tomllib  # noqa: PLC0415 - only where options come in this form

        return tomllib.loads(text)
    if path.suffix in {".yaml", ".yml"}:
        from ruamel.yaml import YAML  # noqa: PLC0415 - no requirement of the suite
        from ruamel.yaml.error import YAMLError  # noqa: PLC0415 - as above

        try:
            return YAML(typ="safe", pure=True).load(text)
        except YAMLError as error:
            raise ValueError(str(error)) from error
    import json  # noqa: PLC0415 - only where options come in this form

    return json.loads(text)
