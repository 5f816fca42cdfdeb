"""A host in twenty lines: load a workflow, run it, print what the steps say."""

from __future__ import annotations

import sys

from swamp_driver.host import load_workflow, plan, run
from swamp_driver.spec import RunEvent, StepEnded, StepOutput


class Printer:
    """Print the output of the steps, and how each one ended."""

    def on_event(self, event: RunEvent) -> None:
        """Take an event of the run."""
        if isinstance(event, StepOutput):
            sys.stdout.write(event.data.decode(errors="replace"))
        elif isinstance(event, StepEnded):
            print(f"{event.step}: {event.status}")


if __name__ == "__main__":
    record = run(plan(load_workflow(sys.argv[1])), observers=[Printer()])
    sys.exit(record.exit_code)
