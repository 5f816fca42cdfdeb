"""What a later process needs to tear a binding down: the content of `Workspace.handle`."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from swamp_driver.errors import UnsupportedCapabilityError
from swamp_driver.spec import Capability, Json, RunContext
from swamp_driver_docker_ws._config import DockerConfig
from swamp_driver_docker_ws._engine_ref import EngineRef
from swamp_driver_docker_ws._labels import name_for, persistent_volume_name

_HANDLE_VERSION = 1


@attrs.frozen(kw_only=True)
class Handle:
    """What a later process needs to tear a binding down; the JSON of `Workspace.handle`."""

    ref: EngineRef
    run_id: str
    binding: str
    volume: str | None

    def to_json(self) -> dict[str, Json]:
        """Return the handle as JSON."""
        return {
            "version": _HANDLE_VERSION,
            "engine": self.ref.to_json(),
            "run": self.run_id,
            "binding": self.binding,
            "volume": self.volume,
        }


def read_handle(data: Mapping[str, Json]) -> Handle | None:
    """Return what `Handle.to_json` gave, or None where it is something else."""
    match data:
        case {
            "version": 1,
            "engine": engine,
            "run": str(run_id),
            "binding": str(binding),
            "volume": volume,
        }:
            if (ref := EngineRef.from_json(engine)) is not None:
                name = volume if isinstance(volume, str) else None
                return Handle(ref=ref, run_id=run_id, binding=binding, volume=name)
    return None


def handle_for(config: DockerConfig, run: RunContext, ref: EngineRef, binding: str) -> Handle:
    """Return the names of what the binding is going to make. Pure.

    Raises:
        UnsupportedCapabilityError: The run directory is another driver's, and the engine is taken
            not to see it.
    """
    is_volume = config.storage == "volume" or (config.storage == "auto" and not ref.is_local)
    if not is_volume:
        return Handle(ref=ref, run_id=run.run_id, binding=binding, volume=None)
    if run.workspace.mode == "attach":
        raise UnsupportedCapabilityError(
            f"the engine at '{ref.url}' does not share directories with this machine, so its steps "
            "cannot work in a workspace that another driver made",
            capability=Capability.ATTACH,
        )
    volume = (
        persistent_volume_name(run.workspace.run_dir)
        if run.workspace.persistent
        else name_for(run.run_id, binding=binding, role="workspace", number=0)
    )
    return Handle(ref=ref, run_id=run.run_id, binding=binding, volume=volume)
