"""Clauses of results and errors (RESULT)."""

from __future__ import annotations

from swamp_driver.spec import Capability
from swamp_driver_conformance.clauses._clause import Area, Clause

RESULT = Area(
    name="RESULT",
    title="Results and errors",
    intro="A step that fails is a value; a driver that fails is an exception; both from closed "
    "lists.",
    clauses=(
        Clause(
            id="SWD-RESULT-001",
            level="MUST",
            text="`run_step` returns a `StepResult` whose fields agree: `end`, `exit_code` and "
            "`signal` fit each other for every way to end.",
            why="Conditions of workflows are made of them.",
        ),
        Clause(
            id="SWD-RESULT-002",
            level="MUST",
            text="`started_at` lies within the call, and `duration_s` is how long the program ran.",
            why="Reports, time-outs of jobs and bills go by it.",
        ),
        Clause(
            id="SWD-RESULT-003",
            level="SHOULD",
            text="`usage`, where it is known, is what the step used: its own processor time, and "
            "not that of the driver or of other steps.",
            why="A number that is wrong is worse than none.",
        ),
        Clause(
            id="SWD-RESULT-004",
            level="MUST",
            text="Hooks raise subclasses of `DriverError` and nothing else, whatever goes wrong.",
            why="The host tells a broken driver from a failed step by it.",
        ),
        Clause(
            id="SWD-RESULT-005",
            level="MUST",
            text="The text of an error names the step or the path that it is about, in one line.",
            why="A person has to find it in a run with fifty steps.",
        ),
        Clause(
            id="SWD-RESULT-006",
            level="MUST",
            text="`run_step` before `prepare_workspace` raises `LifecycleError` and starts "
            "nothing.",
            why="The host has a defect then, and must learn of it.",
        ),
        Clause(
            id="SWD-RESULT-007",
            level="MUST",
            text="`run_step` after `teardown` raises `LifecycleError` and starts nothing.",
            why="A step in a directory that is being removed brings it back to life.",
        ),
        Clause(
            id="SWD-RESULT-008",
            level="SHOULD",
            text="A second `prepare_workspace` on one instance raises `LifecycleError`.",
            why="The first one's resources would be forgotten.",
        ),
        Clause(
            id="SWD-RESULT-009",
            level="MUST",
            capability=Capability.MEMORY_LIMIT,
            text="A step that is killed because it reached the memory limit ends as "
            "`out-of-memory`, and the next step is not blamed for it.",
            why="It looks like any other 137; the cure is another one.",
        ),
        Clause(
            id="SWD-RESULT-010",
            level="MUST",
            text="Where the place goes away while a step runs (a container killed from outside, a "
            "connection cut), the step ends as `lost` with the reason in `detail`.",
            why="It is not the step's fault, and exit code 137 would say so.",
            untested="The suite does not know what to break. The driver's own tests must: kill the "
            "container, cut the stream.",
        ),
        Clause(
            id="SWD-RESULT-011",
            level="MUST",
            text="Where what runs steps is not there before a step starts, `UnavailableError` or "
            "`LostError` is raised soon, and nothing hangs.",
            why="Engines restart; hosts want to try again (Jenkins hung for ever).",
            untested="The suite does not know what to break. The driver's own tests must: a socket "
            "that is closed, and one that never answers.",
        ),
    ),
)
