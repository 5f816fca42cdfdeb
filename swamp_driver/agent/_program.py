"""Where the agent's program is."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from swamp_driver.errors import UnavailableError

_ARCHITECTURES: Final = {
    "x86_64": "x86_64",
    "amd64": "x86_64",
    "aarch64": "aarch64",
    "arm64": "aarch64",
}

_DIRECTORY: Final = Path(__file__).parent / "bin"


def agent_binary(machine: str) -> Path:
    """Return the agent's program for a machine, named as `uname -m` or a container engine does.

    It is static: it needs nothing where it is put, and once it runs not even its file. Raises
    UnavailableError where there is none.
    """
    architecture = _ARCHITECTURES.get(machine.lower())
    if architecture is None:
        known = ", ".join(sorted(_ARCHITECTURES))
        raise UnavailableError(f"there is no agent for machine '{machine}' (there is: {known})")
    path = _DIRECTORY / f"swamp-agent-{architecture}"
    if not path.is_file():
        raise UnavailableError(
            f"the agent '{path.name}' has not been built",
            fix="install the package anew, or run 'python hatch_build.py' in a checkout",
        )
    return path
