"""Why files could not be handed on: the step is to blame, or its image."""

from __future__ import annotations

from swamp_driver.errors import HostError

_SHOWN = 200


class HandOverError(HostError):
    """A step's outputs cannot be handed on, or taken: the step has failed. Never leaves the host.

    The message is one line for the author of the workflow.
    """

    exit_code = 1


def named(path: str) -> str:
    """Return a path from anywhere quoted for a message: cut, and without a byte that is no text."""
    return repr(path if len(path) <= _SHOWN else f"{path[:_SHOWN]}…")
