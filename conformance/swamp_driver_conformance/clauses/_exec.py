"""Clauses of starting and running a program (EXEC)."""

from __future__ import annotations

from swamp_driver_conformance.clauses._clause import Area, Clause

EXEC = Area(
    name="EXEC",
    title="Running a program",
    intro="A step is one program with its arguments; what it gets and what comes back is the same "
    "everywhere.",
    clauses=(
        Clause(
            id="SWD-EXEC-001",
            level="MUST",
            text="The exit code of the program comes back exactly, 0 to 255.",
            why="Tools say with it what happened.",
        ),
        Clause(
            id="SWD-EXEC-002",
            level="MUST",
            text="The exit codes 124, 125, 126, 127, 130, 134, 137, 139 and 143 of a program are "
            "failures with that code and mean nothing else.",
            why="Drivers that guess take them for time-outs, missing programs and kills "
            "(inspect_ai took 137 for its own signal).",
        ),
        Clause(
            id="SWD-EXEC-003",
            level="MUST",
            text="A program that a signal killed ends as `signalled` with the signal's number and "
            "the exit code 128 + n.",
            why="One driver says -9, another 137, a third 1.",
        ),
        Clause(
            id="SWD-EXEC-004",
            level="MUST",
            text="A program that does not exist, with a path or without one, raises "
            "`StepStartError` with the reason `not-found` and what was looked for.",
            why="`docker exec` says 126 or 127 and looks like the program's own exit code.",
        ),
        Clause(
            id="SWD-EXEC-005",
            level="MUST",
            text="A file without the right to execute raises `StepStartError` with the reason "
            "`not-executable`.",
            why="The same mistake has to read the same under every driver.",
        ),
        Clause(
            id="SWD-EXEC-006",
            level="MUST",
            text="A directory in the place of the program raises `StepStartError` with the reason "
            "`is-a-directory`.",
            why="The same mistake has to read the same under every driver.",
        ),
        Clause(
            id="SWD-EXEC-007",
            level="MUST",
            text="A script whose `#!` names a program that does not exist raises `StepStartError` "
            "with the reason `bad-interpreter`.",
            why="The system's own error, `no such file`, sends people to the wrong file.",
        ),
        Clause(
            id="SWD-EXEC-008",
            level="MUST",
            text="A working directory that does not exist raises `StepStartError` with the reason "
            "`cwd-missing`, one that is a file with `cwd-not-a-directory`; nothing is made.",
            why="Engines make the directory, fail with 126, or take the root, each its own way.",
        ),
        Clause(
            id="SWD-EXEC-009",
            level="MUST",
            text="Arguments that are larger than the place takes raise `StepStartError` with the "
            "reason `arguments-too-long`.",
            why="It is the step that is wrong, not the driver.",
        ),
        Clause(
            id="SWD-EXEC-010",
            level="MUST",
            text="Arguments arrive unmangled: empty ones, newlines, quotes, `$`, globs, leading "
            "dashes, non-ASCII letters, and one of 100 kB.",
            why="A driver that builds a command line for a shell loses some of them, or runs them.",
        ),
        Clause(
            id="SWD-EXEC-011",
            level="MUST",
            text="A program without a slash is looked up in the `PATH` that the step declares.",
            why="Otherwise a step that extends its PATH runs another program than it says.",
        ),
        Clause(
            id="SWD-EXEC-012",
            level="MUST",
            text="The program starts in `StepRequest.cwd`.",
            why="Relative paths depend on it.",
        ),
        Clause(
            id="SWD-EXEC-013",
            level="MUST",
            text="Standard input is empty: a read returns the end at once.",
            why="A program that asks a question would wait for ever.",
        ),
        Clause(
            id="SWD-EXEC-014",
            level="MUST",
            text="There is no terminal, also where the caller has one: none of the three streams "
            "is one, and `/dev/tty` cannot be opened.",
            why="Programs colour, page and prompt for passwords where there is one, so a run from "
            "a terminal differs from one in CI.",
        ),
        Clause(
            id="SWD-EXEC-015",
            level="MUST",
            text="A program gets none of the caller's file descriptors beside its three streams, "
            "also not inheritable ones.",
            why="They are a way around every other border: databases, sockets, locks that never "
            "go.",
        ),
        Clause(
            id="SWD-EXEC-016",
            level="MUST",
            text="Signals that the driver's process ignores for its own sake have their default "
            "effect in a new program.",
            why="Python ignores SIGPIPE; a `yes | head` that inherits this never ends.",
        ),
        Clause(
            id="SWD-EXEC-022",
            level="SHOULD",
            text="So do signals that the caller ignores: HUP below `nohup`, INT and QUIT in a job "
            "in the background.",
            why="A step that cannot be interrupted there can be elsewhere.",
        ),
        Clause(
            id="SWD-EXEC-017",
            level="MUST",
            text="The program has ended when its leader has: one that closes its output and goes "
            "on is waited for.",
            why="Waiting for the end of the output alone reports success too early.",
        ),
        Clause(
            id="SWD-EXEC-018",
            level="MUST",
            text="The driver changes nothing that belongs to the whole process: working directory, "
            "`os.environ`, umask, signal handlers; also not for a moment.",
            why="Other threads run at the same time (djinn changed the directory under them).",
        ),
        Clause(
            id="SWD-EXEC-019",
            level="MUST",
            text="The driver prints nothing: neither to standard output nor to standard error of "
            "its process.",
            why="The host's output may be JSON for a program.",
        ),
        Clause(
            id="SWD-EXEC-020",
            level="MUST",
            text="`StepRequest.name` may be any text and `step_id` 40 characters long; neither "
            "keeps a step from running.",
            why="Container names have 63 characters and few letters; names of steps do not.",
        ),
        Clause(
            id="SWD-EXEC-021",
            level="MUST",
            text="A program that signals its own process group harms itself only: the driver and "
            "the next step go on.",
            why="`kill 0` in a trap is common; without a group of its own it ends the controller.",
        ),
    ),
)
