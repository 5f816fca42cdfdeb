"""Clauses of the environment of a step (ENV)."""

from __future__ import annotations

from swamp_driver.spec import Capability
from swamp_driver_conformance.clauses._clause import Area, Clause

ENV = Area(
    name="ENV",
    title="The environment of a step",
    intro="A step sees what it declares and what its place defines by itself, and nothing of the "
    "caller.",
    clauses=(
        Clause(
            id="SWD-ENV-001",
            level="MUST",
            text="The declared environment arrives exactly: empty values, newlines, `=`, quotes, "
            "`$`, non-ASCII letters, and a value of 100 kB.",
            why="Values of workflows are data of others.",
        ),
        Clause(
            id="SWD-ENV-002",
            level="MUST",
            text="No variable of the caller's environment reaches a step, but for `PATH` where the "
            "place has none of its own.",
            why="Tokens of the shell that starts a run end up in logs; and a step that works by "
            "accident here fails elsewhere (woodpecker's local backend).",
        ),
        Clause(
            id="SWD-ENV-003",
            level="SHOULD",
            without=Capability.ISOLATION,
            text="A driver without an image adds no variable but `PATH` and names that begin with "
            "`SWAMP_`.",
            why="What is not documented is relied upon all the same.",
        ),
        Clause(
            id="SWD-ENV-004",
            level="MUST",
            text="What a step declares wins over what the place defines, `PATH` included.",
            why="It is how a step uses its own tools.",
        ),
        Clause(
            id="SWD-ENV-005",
            level="MUST",
            text="The environment of a step is its own: one that runs beside it or after it sees "
            "nothing of it.",
            why="It may hold a secret of just that step.",
        ),
        Clause(
            id="SWD-ENV-006",
            level="MUST",
            text="A step that declares no `PATH` has one in which the basic utilities are found.",
            why="`sh: ls: not found` is no way to start.",
        ),
        Clause(
            id="SWD-ENV-007",
            level="MUST",
            text="An environment of a megabyte in many values works, or raises `StepStartError` "
            "with the reason `arguments-too-long`.",
            why="It is the step that is wrong, not the driver.",
        ),
        Clause(
            id="SWD-ENV-008",
            level="SHOULD",
            text="The caller's umask does not reach the step: files come out as under 022.",
            why="The same workflow makes private files for one user and public ones for another.",
        ),
    ),
)
