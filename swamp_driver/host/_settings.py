"""Where a host keeps runs and records on this machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

import attrs

from swamp_driver._value import Value
from swamp_driver.errors import HostError

DATA_FILE = "data.sqlite"
_APP = "swamp-driver"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class HostSettings(Value):
    """The two directories of a host. Runs that shall share workspaces must share `root`."""

    root: Path
    """Run directories and persistent workspaces. `workspace.path` is below it, free of symlinks."""
    state_dir: Path
    """The records of runs, and the logs of their steps."""
    log_limit_bytes: int = 1 << 30
    """How much output of one step is kept; the rest is passed on but not kept, and this is said."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Return the settings of the calling user.

        `SWAMP_DRIVER_ROOT` and `SWAMP_DRIVER_STATE` name the directories; without them they are in
        the user's cache and state directory as the system defines these. Nothing is created.

        Raises:
            HostError: a variable is set to a path that is not absolute.
        """
        environ = os.environ if environ is None else environ
        return cls(
            root=_directory(environ, "SWAMP_DRIVER_ROOT", _default_root),
            state_dir=_directory(environ, "SWAMP_DRIVER_STATE", _default_state_dir),
        )

    @property
    def data_file(self) -> Path:
        """Return where data of models is kept; it is there once some was written."""
        return self.state_dir / DATA_FILE

    @property
    def runs_dir(self) -> Path:
        """Return where the directories of ordinary runs are."""
        return self.root / "runs"

    @property
    def persistent_dir(self) -> Path:
        """Return where persistent workspaces are."""
        return self.root / "persistent"


def _directory(environ: Mapping[str, str], name: str, default: Callable[[], Path]) -> Path:
    value = environ.get(name)
    path = Path(value) if value else default()
    if not path.is_absolute():
        raise HostError(f"{name} is '{value}', which is not an absolute path")
    # Symlinks are resolved once, here: a path that differs from what `pwd -P` prints in a step
    # would break the promise of one path string (macOS: /tmp and /var are symlinks).
    return Path(os.path.realpath(path))


def _default_root() -> Path:
    import platformdirs  # noqa: PLC0415 - 20 ms, and not needed where the variable is set

    return Path(platformdirs.user_cache_dir(_APP))


def _default_state_dir() -> Path:
    import platformdirs  # noqa: PLC0415 - see _default_root

    return Path(platformdirs.user_state_dir(_APP))
