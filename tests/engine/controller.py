"""A host in a process of its own, to be killed: `python controller.py MODE BASE SCRIPT...`.

Prepares a run, starts each script as a step, and says `ready RUN_ID RUN_DIR` when all have written
something. Then it waits to be killed.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from tests.engine.place import docker_run


def main() -> None:
    """Run steps until killed."""
    mode, base, *scripts = sys.argv[1:]
    about = {"expected_steps": 4, "concurrency": 2, "services": True}
    run = docker_run(Path(base), {"mode": mode}, run=about)
    run.prepare()
    for step in [run.start_sh(script) for script in scripts]:
        step.wait_for_output(b"up")
    sys.stdout.write(f"ready {run.run.run_id} {run.run.workspace.run_dir}\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    main()
