"""Clauses of secrets and borders (SEC)."""

from __future__ import annotations

from swamp_driver.spec import Capability
from swamp_driver_conformance.clauses._clause import Area, Clause

SEC = Area(
    name="SEC",
    title="Secrets and borders",
    intro="Masking output is the host's work; the driver keeps secrets out of everything else.",
    clauses=(
        Clause(
            id="SWD-SEC-001",
            level="MUST",
            text="The value of a secret variable is on no process's command line on this host "
            "while the step runs.",
            why="Every user of the machine can read command lines.",
        ),
        Clause(
            id="SWD-SEC-002",
            level="MUST",
            text="No secret is in an error, in `detail`, in `collect_problems`, in the handle, in "
            "a progress report or in the report of the teardown.",
            why="They are stored and shown (gitlab leaked the script on cancel).",
        ),
        Clause(
            id="SWD-SEC-003",
            level="MUST",
            text="When the step has ended, its secrets are in no file that the driver wrote: not "
            "in the run directory, not beside it.",
            why="A kept workspace is copied and archived.",
        ),
        Clause(
            id="SWD-SEC-004",
            level="MUST",
            capability=Capability.ISOLATION,
            text="A step cannot read a file of the host that is outside the run directory.",
            why="That is what isolation means.",
        ),
        Clause(
            id="SWD-SEC-005",
            level="MUST",
            capability=Capability.ISOLATION,
            text="A step cannot write a file of the host that is outside the run directory.",
            why="That is what isolation means.",
        ),
        Clause(
            id="SWD-SEC-006",
            level="MUST",
            capability=Capability.USER,
            text="Steps run as another user than by default under the sample `user` of "
            "`info.good_configs`, and can write to workspace, home and exchange directory.",
            why="A declared option that does nothing is a border that is not there.",
        ),
        Clause(
            id="SWD-SEC-007",
            level="MUST",
            capability=Capability.USER,
            text="What they left belongs to the run's uid and gid after a teardown that keeps.",
            why="Your files are yours, whatever user the image has.",
        ),
        Clause(
            id="SWD-SEC-008",
            level="MUST",
            capability=Capability.LEFTOVERS,
            text="No secret is in what `list_leftovers` shows while the step runs.",
            why="Labels are for everybody.",
        ),
    ),
)
