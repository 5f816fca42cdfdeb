"""Clauses of steps and runs at the same time (PAR)."""

from __future__ import annotations

from swamp_driver.spec import Capability
from swamp_driver_conformance.clauses._clause import Area, Clause

PAR = Area(
    name="PAR",
    title="At the same time",
    intro="`run_step` is called from any threads at once; runs know nothing of each other.",
    clauses=(
        Clause(
            id="SWD-PAR-001",
            level="MUST",
            text="Steps of one run overlap: calls of `run_step` do not wait for each other, "
            "whatever the hint `concurrency` says.",
            why="Four evaluations one after another take four times as long; and steps that wait "
            "for each other never end.",
        ),
        Clause(
            id="SWD-PAR-002",
            level="MUST",
            text="Each call gets the result of its own step: exit code, output, collected files.",
            why="State in the instance instead of the call mixes them up.",
        ),
        Clause(
            id="SWD-PAR-003",
            level="MUST",
            text="Steps whose ids differ only in the last of 40 characters run at once without "
            "meeting.",
            why="Names cut to fit a limit collide.",
        ),
        Clause(
            id="SWD-PAR-004",
            level="MUST",
            text="Two runs in one process, each with its own instance, do not disturb each other, "
            "and the teardown of one leaves the other running.",
            why="State in the class or the module mixes them up.",
        ),
        Clause(
            id="SWD-PAR-005",
            level="MUST",
            text="`expected_steps` and `concurrency` are hints: more, fewer or no steps at all are "
            "fine.",
            why="Conditions skip steps; loops add some.",
        ),
        Clause(
            id="SWD-PAR-006",
            level="MUST",
            capability=Capability.SESSION,
            text="All steps of a run are in one place, those that run at once included: the same "
            "namespaces, and the same files outside the workspace.",
            why="A session is chosen so that what one step installs the next one has.",
        ),
        Clause(
            id="SWD-PAR-007",
            level="MUST",
            capability=Capability.SESSION,
            text="Processes that steps orphan are reaped: none is left as a zombie.",
            why="A container without an init fills up with them until nothing can be started.",
        ),
        Clause(
            id="SWD-PAR-008",
            level="MUST",
            capability=Capability.SERVICES,
            text="Where `RunContext.services` is set, what listens on a port of 127.0.0.1 in one "
            "step is reached there by the other steps of the run.",
            why="Tests that need a server beside them would find nobody at its address.",
            since="1.1",
        ),
    ),
)
