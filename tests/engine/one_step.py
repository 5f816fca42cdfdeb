"""A run of one step in a process of its own: `python one_step.py BASE OPTIONS SCRIPT keep|remove`.

Prints what it saw as JSON: so that tests can be another user.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.engine.place import docker_run


def main() -> None:
    """Run the step, tear down, and tell."""
    base, options, script, rest = sys.argv[1:]
    run = docker_run(Path(base), json.loads(options))
    run.prepare()
    result = run.sh(script).result
    seen_id = (run.path / "id").read_text().strip()
    report = run.teardown(remove=rest == "remove")
    seen = {
        "end": result.end,
        "id": seen_id,
        "run_dir": run.run.workspace.run_dir,
        "errors": list(report.errors),
    }
    sys.stdout.write(json.dumps(seen))


if __name__ == "__main__":
    main()
