"""Clauses of the end of a run (TD)."""

from __future__ import annotations

from swamp_driver.spec import Capability
from swamp_driver_conformance.clauses._clause import Area, Clause

TD = Area(
    name="TD",
    title="Teardown",
    intro="`teardown` removes what the run does not leave to its user, any number of times, from "
    "anywhere.",
    clauses=(
        Clause(
            id="SWD-TD-001",
            level="MUST",
            text="A second `teardown` does nothing, reports no error and does not raise.",
            why="Hosts call it again after a failure (woodpecker's contract says so; its backends "
            "raise).",
        ),
        Clause(
            id="SWD-TD-002",
            level="MUST",
            text="Two calls of `teardown` at once are as good as one.",
            why="Ctrl-C comes while the run ends.",
        ),
        Clause(
            id="SWD-TD-003",
            level="MUST",
            text="`teardown` without `prepare_workspace` reports no error and removes nothing that "
            "was there before.",
            why="It follows always, also where preparing was never tried.",
        ),
        Clause(
            id="SWD-TD-004",
            level="MUST",
            capability=Capability.HOST_VISIBLE,
            text="`teardown` after a `prepare_workspace` that raised reports no error and removes "
            "nothing that was there before.",
            why="The directory that was in the way is somebody's.",
        ),
        Clause(
            id="SWD-TD-005",
            level="MUST",
            text="With `remove_workspace` the run directory is gone when `teardown` returns, and "
            "so is everything that the driver made beside it.",
            why="A run leaves nothing behind (moby#31446: removal that is only promised).",
        ),
        Clause(
            id="SWD-TD-006",
            level="MUST",
            text="Without `remove_workspace` workspace and home stay, with all their content, and "
            "the run directory is named in `kept`.",
            why="It was asked to be kept.",
        ),
        Clause(
            id="SWD-TD-007",
            level="MUST",
            text="`teardown` does its work also where the run's cancel token is set.",
            why="A cancelled run is the one that most needs it (dagu#633).",
        ),
        Clause(
            id="SWD-TD-008",
            level="MUST",
            text="`teardown` leaves alone what is not the run's: directories with similar names "
            "beside it stay.",
            why="Removal by prefix has emptied whole disks.",
        ),
        Clause(
            id="SWD-TD-009",
            level="MUST",
            text="`teardown` never removes a directory that the driver did not make, also where it "
            "stands at the path of the run directory.",
            why="A configuration can name any path.",
        ),
        Clause(
            id="SWD-TD-010",
            level="MUST",
            text="After `teardown` no process, thread, or file descriptor of the run is left in "
            "the controller.",
            why="A service runs for months.",
        ),
        Clause(
            id="SWD-TD-011",
            level="MUST",
            text="`Workspace.handle` is JSON, comes back from it as it was, and holds no secret; "
            "with `recoverable` it has a `version`.",
            why="It is stored, and read by another version of the driver.",
        ),
        Clause(
            id="SWD-TD-012",
            level="MUST",
            capability=Capability.RECOVERABLE,
            text="`teardown` in another process, with a `Workspace` made from its handle, removes "
            "the run as the first process would have.",
            why="It is how a run is cleaned up whose controller is gone.",
        ),
        Clause(
            id="SWD-TD-013",
            level="MUST",
            capability=Capability.RECOVERABLE,
            text="`teardown` in another process keeps what is to be kept.",
            why="Somebody wants to look at it.",
        ),
        Clause(
            id="SWD-TD-014",
            level="SHOULD",
            text="`teardown` keeps to `deadline_s`: what is not done by then is reported, and "
            "another call finishes it.",
            why="A clean-up that hangs holds a machine.",
        ),
        Clause(
            id="SWD-TD-015",
            level="MUST",
            text="`teardown` works the same for every status of the run, and returns a "
            "`TeardownReport` of plain lines.",
            why="Failed runs are cleaned up like the others.",
        ),
        Clause(
            id="SWD-TD-016",
            level="MUST",
            capability=Capability.PERSISTENT,
            text="The teardown of a persistent run that is to be kept keeps it; one that is to be "
            "removed removes it.",
            why="A cache must be possible to empty.",
        ),
        Clause(
            id="SWD-TD-017",
            level="MUST",
            text="One thing that cannot be removed does not keep `teardown` from removing the "
            "others.",
            why="Otherwise the first error leaks everything that comes after it.",
            untested="What else a driver has to remove, and how to make that fail, only its own "
            "tests know.",
        ),
    ),
)
