"""The supervisor of the contained variant, but for one thing: it does not see its teller go."""

import importlib.util
import os
from pathlib import Path

_PATH = Path(__file__).parent.parent / "variants/_supervisor.py"
_SPEC = importlib.util.spec_from_file_location("supervisor", _PATH)
if _SPEC is None or _SPEC.loader is None:
    raise ImportError(f"cannot import '{_PATH}'")
_SUPERVISOR = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_SUPERVISOR)

_kill_descendants = _SUPERVISOR.kill_descendants
_parent = os.getppid()


def kill_descendants() -> None:
    """Kill while somebody is there to want it."""
    if os.getppid() == _parent:
        _kill_descendants()


if __name__ == "__main__":
    vars(_SUPERVISOR)["kill_descendants"] = kill_descendants
    _SUPERVISOR.main()
