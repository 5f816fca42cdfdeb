"""Clauses of processes, time-outs and cancelling (LIFE)."""

from __future__ import annotations

from swamp_driver.spec import Capability
from swamp_driver_conformance.clauses._clause import Area, Clause

LIFE = Area(
    name="LIFE",
    title="Processes, time-outs, cancelling",
    intro="Nothing of a step survives the step, whichever way it ends.",
    clauses=(
        Clause(
            id="SWD-LIFE-001",
            level="MUST",
            text="When `run_step` returns, background processes that the step left are dead and "
            "nothing is written to the workspace any more.",
            why="They change files under the next step, and hold ports.",
        ),
        Clause(
            id="SWD-LIFE-002",
            level="MUST",
            text="So are grandchildren whose parents have ended (forked twice).",
            why="That is how daemons start; they are no longer below the leader.",
        ),
        Clause(
            id="SWD-LIFE-003",
            level="MUST",
            text="So are processes that ignore TERM and HUP.",
            why="`nohup` and half of all servers do.",
        ),
        Clause(
            id="SWD-LIFE-004",
            level="MUST",
            capability=Capability.CONTAINMENT,
            text="So are processes that left the session (`setsid`).",
            why="Killing a process group does not reach them.",
        ),
        Clause(
            id="SWD-LIFE-005",
            level="MUST",
            capability=Capability.CONTAINMENT,
            text="So are processes that left the session, forked twice and emptied their "
            "environment.",
            why="A tag in the environment does not find them.",
        ),
        Clause(
            id="SWD-LIFE-006",
            level="MUST",
            text="A background process that holds the output open does not keep `run_step` from "
            "returning soon after the leader has ended.",
            why="`sleep 600 & echo done` would take ten minutes (moby#33039).",
        ),
        Clause(
            id="SWD-LIFE-007",
            level="MUST",
            text="At `timeout_s` the step ends as `timed-out`, within the grace and two seconds.",
            why="A time-out that is late by minutes is none.",
        ),
        Clause(
            id="SWD-LIFE-008",
            level="MUST",
            text="A time-out sends TERM to the program first; its handler can finish within the "
            "grace, and its exit code is reported.",
            why="Programs save what they have.",
        ),
        Clause(
            id="SWD-LIFE-009",
            level="MUST",
            text="TERM goes to the whole process group: children of the shell get it too.",
            why="A shell passes on nothing; the program that could save its work is its child.",
        ),
        Clause(
            id="SWD-LIFE-010",
            level="MUST",
            text="A program that ignores TERM is killed when the grace is over.",
            why="Else a time-out depends on the good will of the program.",
        ),
        Clause(
            id="SWD-LIFE-011",
            level="MUST",
            text="A step that was stopped (SIGSTOP) ends at its time-out as well.",
            why="A stopped process takes no TERM.",
        ),
        Clause(
            id="SWD-LIFE-012",
            level="MUST",
            text="After a time-out all processes of the step are dead, also those that ignore "
            "TERM.",
            why="They are why it did not end.",
        ),
        Clause(
            id="SWD-LIFE-013",
            level="MUST",
            text="A graceful cancel sends TERM, waits for the grace at most, and ends the step as "
            "`cancelled`.",
            why="It is what Ctrl-C means.",
        ),
        Clause(
            id="SWD-LIFE-014",
            level="MUST",
            text="A cancel with the stage `now` kills at once, whatever the grace.",
            why="It is what the second Ctrl-C means.",
        ),
        Clause(
            id="SWD-LIFE-015",
            level="MUST",
            text="The stage can be raised to `now` while the grace passes.",
            why="People press Ctrl-C twice because the first one takes too long.",
        ),
        Clause(
            id="SWD-LIFE-016",
            level="MUST",
            text="A step that was cancelled or timed out is reported as that also where its "
            "program then exits with 0.",
            why="A cancelled deployment that is reported as done is the worst of all mistakes "
            "(`docker exec` returns 0 there).",
        ),
        Clause(
            id="SWD-LIFE-017",
            level="MUST",
            text="With a token that is set before the start the program is not started, and the "
            "result is `cancelled`.",
            why="A run that was cancelled must not start anything more.",
        ),
        Clause(
            id="SWD-LIFE-018",
            level="MUST",
            text="Cancelling one step never touches another that runs beside it.",
            why="In one container a kill by name or group hits its neighbours.",
        ),
        Clause(
            id="SWD-LIFE-019",
            level="MUST",
            text="A cancel at any moment around the start, from any thread, any number of times, "
            "ends the step soon and leaves no process.",
            why="Races there leave a process that nobody knows.",
        ),
        Clause(
            id="SWD-LIFE-020",
            level="MUST",
            text="A cancel after the end changes nothing and raises nothing.",
            why="The host cannot know that the step has just ended.",
        ),
        Clause(
            id="SWD-LIFE-021",
            level="MUST",
            text="`timeout_s` counts from the start of the program: what the driver does before "
            "(pull, start a container) is not counted.",
            why="A cold cache would fail the step.",
            untested="The suite cannot make a stranger's driver slow before the start. The "
            "driver's own tests must: with a start that is slower than the time-out.",
        ),
        Clause(
            id="SWD-LIFE-022",
            level="MUST",
            text="A kill never hits a process that got the number of one that has ended.",
            why="Process numbers come round again.",
            untested="Numbers cannot be made to come round on demand. Keep the leader unreaped "
            "until its group is gone, or compare start times.",
        ),
    ),
)
