"""What a driver may declare that it can do: a closed list."""

from __future__ import annotations

from enum import StrEnum


class Capability(StrEnum):
    """A promise beyond the core of the contract.

    What is declared is tested by the conformance suite; a request for what is not declared is
    refused with `UnsupportedCapabilityError` before any side effect (SWD-CAP). Private
    capabilities are plain strings that begin with `x-`.
    """

    HOST_VISIBLE = "host-visible"
    """`Workspace.path` is a directory of this host; steps of several drivers can share it."""
    ATTACH = "attach"
    """`WorkspaceRequest.mode == "attach"`: it can use a workspace that another driver made."""
    PERSISTENT = "persistent"
    """`WorkspaceRequest.persistent`: what is in a workspace can outlive the run."""
    CONTAINMENT = "containment"
    """When `run_step` returns, no process of the step is alive, however it tried to escape."""
    ISOLATION = "isolation"
    """Steps do not see the host's file system beyond the run directory."""
    SESSION = "session"
    """All steps of a run share one place (one container) and its kernel namespaces."""
    MEMORY_LIMIT = "memory-limit"
    """Its options can bound the memory of steps, and a breach is reported as out of memory."""
    USER = "user"
    """Its options can choose the user that steps run as."""
    SERVICES = "services"
    """`RunContext.services`: steps of a run reach each other on loopback, 127.0.0.1 and ::1.
    Since 1.1."""
    LEFTOVERS = "leftovers"
    """`list_leftovers` and `remove_leftover` are implemented."""
    RECOVERABLE = "recoverable"
    """`teardown` works in another process from `Workspace.handle` alone."""


def is_known_capability(name: str) -> bool:
    """Return whether `name` may stand in `DriverInfo.capabilities`."""
    return name.startswith("x-") or name in Capability._value2member_map_
