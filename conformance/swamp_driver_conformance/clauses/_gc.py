"""Clauses of what crashed runs leave (GC)."""

from __future__ import annotations

from swamp_driver.spec import Capability
from swamp_driver_conformance.clauses._clause import Area, Clause

GC = Area(
    name="GC",
    title="After a crash",
    intro="The host decides by its owner what may go; the driver finds it and removes it.",
    clauses=(
        Clause(
            id="SWD-GC-001",
            level="MUST",
            capability=Capability.LEFTOVERS,
            text="What a run has made is listed while the run lives, with the run's id and its "
            "owner as the run context gives it.",
            why="What is labelled only later is never found after a crash in between.",
        ),
        Clause(
            id="SWD-GC-002",
            level="MUST",
            capability=Capability.LEFTOVERS,
            text="After a teardown that removes, nothing of the run is listed.",
            why="Clean-up would report ghosts.",
        ),
        Clause(
            id="SWD-GC-003",
            level="MUST",
            capability=Capability.LEFTOVERS,
            text="What a controller left that was killed is listed by another process, with the "
            "owner that is now dead.",
            why="`kill -9` is the case that it is for.",
        ),
        Clause(
            id="SWD-GC-004",
            level="MUST",
            capability=Capability.LEFTOVERS,
            text="`remove_leftover` returns True when the thing is gone; it is then no longer "
            "listed, and a second call returns True as well.",
            why="Two clean-ups may run at once.",
        ),
        Clause(
            id="SWD-GC-005",
            level="MUST",
            capability=Capability.LEFTOVERS,
            text="Removing what one run left touches no other run, also not one with a similar id.",
            why="Removal by prefix.",
        ),
        Clause(
            id="SWD-GC-006",
            level="MUST",
            capability=Capability.LEFTOVERS,
            text="What is listed after a teardown that keeps is marked as preserved.",
            why="Clean-up must not take what somebody asked to keep.",
        ),
        Clause(
            id="SWD-GC-007",
            level="MUST",
            capability=Capability.LEFTOVERS,
            text="Only what bears the driver's labels is listed: foreign directories with similar "
            "names are not.",
            why="What is listed may be removed.",
        ),
        Clause(
            id="SWD-GC-008",
            level="MUST",
            capability=Capability.RECOVERABLE,
            text="After the controller was killed in the middle of a step, `teardown` from the "
            "handle removes the run.",
            why="`kill -9` is the case that it is for.",
        ),
        Clause(
            id="SWD-GC-009",
            level="MUST",
            capability=Capability.CONTAINMENT,
            text="After the controller was killed in the middle of a step, the step's processes "
            "are dead within ten seconds.",
            why="They go on changing the workspace, and nobody is left to stop them.",
        ),
        Clause(
            id="SWD-GC-010",
            level="MUST",
            capability=Capability.LEFTOVERS,
            text="Things carry their labels from the moment they are made: there is no instant at "
            "which a crash leaves one that cannot be found.",
            why="Clean-up runs at the same time as starts.",
            untested="The instants are inside the driver. Its own tests must: kill it after each "
            "call of the engine.",
        ),
    ),
)
