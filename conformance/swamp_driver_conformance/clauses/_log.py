"""Clauses of output (LOG)."""

from __future__ import annotations

from swamp_driver_conformance.clauses._clause import Area, Clause

LOG = Area(
    name="LOG",
    title="Output",
    intro="All that a program writes arrives, as it was written, while it runs, on the stream that "
    "it was written to.",
    clauses=(
        Clause(
            id="SWD-LOG-001",
            level="MUST",
            text="Standard output and standard error arrive apart, each on its own stream.",
            why="Programs are told from their complaints by it.",
        ),
        Clause(
            id="SWD-LOG-002",
            level="MUST",
            text="Each stream arrives complete and in order, tens of thousands of lines as well.",
            why="A lost line is the one that said why.",
        ),
        Clause(
            id="SWD-LOG-003",
            level="MUST",
            text="A last line without a newline arrives, and gets none.",
            why="Line-based readers drop it (moby#43860).",
        ),
        Clause(
            id="SWD-LOG-004",
            level="MUST",
            text="All bytes arrive unchanged: NUL, invalid UTF-8, carriage returns.",
            why="Output is not always text, and decoding is the viewer's business.",
        ),
        Clause(
            id="SWD-LOG-005",
            level="MUST",
            text="Output arrives while the program runs, also a part of a line, within a second.",
            why="Somebody watches.",
        ),
        Clause(
            id="SWD-LOG-006",
            level="MUST",
            text="A program that ends at once never loses its output, however often it is run.",
            why="Attaching after the start loses it now and then (airflow#12104, docker-py#3332).",
        ),
        Clause(
            id="SWD-LOG-007",
            level="MUST",
            text="A sink that raises neither fails the step nor stops it.",
            why="A full disk of the log must not fail a deployment half way.",
        ),
        Clause(
            id="SWD-LOG-008",
            level="MUST",
            text="A slow sink slows the program down and loses nothing.",
            why="Buffers that drop are found out with the longest logs.",
        ),
        Clause(
            id="SWD-LOG-009",
            level="MUST",
            text="What was written before a time-out or a cancel is delivered, and what a TERM "
            "handler writes as well.",
            why="It is all there is to find out why.",
        ),
        Clause(
            id="SWD-LOG-010",
            level="MUST",
            text="What background processes wrote before the leader ended is delivered.",
            why="`server & test; exit` is a common script.",
        ),
        Clause(
            id="SWD-LOG-011",
            level="MUST",
            text="Steps that run at once never get each other's output.",
            why="A secret of one is in the log of the other.",
        ),
        Clause(
            id="SWD-LOG-012",
            level="MUST",
            text="A megabyte on one stream before the first byte on the other blocks nothing.",
            why="Reading one stream to its end and then the other deadlocks at 64 kB.",
        ),
        Clause(
            id="SWD-LOG-013",
            level="MUST",
            text="Tens of megabytes pass without loss and without being kept in memory.",
            why="Logs of a gigabyte exist, and the controller runs many steps.",
        ),
        Clause(
            id="SWD-LOG-014",
            level="MUST",
            text="When `run_step` has returned, the sink is not called any more.",
            why="The host has closed the log.",
        ),
    ),
)
