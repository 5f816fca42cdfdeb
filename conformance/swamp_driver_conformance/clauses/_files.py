"""Clauses of files: the exchange directory, ownership, removal (FILES)."""

from __future__ import annotations

from swamp_driver.spec import Capability
from swamp_driver_conformance.clauses._clause import Area, Clause

FILES = Area(
    name="FILES",
    title="Files, their owners, their removal",
    intro="The exchange directory carries small files in and out; what steps leave behind belongs "
    "to the user, and is removed whatever they did to it.",
    clauses=(
        Clause(
            id="SWD-FILES-001",
            level="MUST",
            text="`StepRequest.files` are in the exchange directory when the program starts, byte "
            "for byte: empty ones, binary ones, and ones of several megabytes.",
            why="Scripts travel this way because an argument ends at 128 kB.",
        ),
        Clause(
            id="SWD-FILES-002",
            level="MUST",
            text="`StepRequest.directories` are there, empty, and the step can write to them and "
            "to the exchange directory itself.",
            why="TMPDIR is one of them.",
        ),
        Clause(
            id="SWD-FILES-003",
            level="MUST",
            text="The exchange directory is gone when `run_step` has returned or raised.",
            why="It holds scripts and outputs that are nobody's business afterwards.",
        ),
        Clause(
            id="SWD-FILES-004",
            level="MUST",
            text="The exchange directory of a step is new: nothing of an earlier step is in it.",
            why="A stale output file would be taken for that of this step.",
        ),
        Clause(
            id="SWD-FILES-005",
            level="MUST",
            text="Files named in `StepRequest.collect` come back byte for byte, whatever is in "
            "them; those that do not exist are in neither mapping.",
            why="They are the outputs of the step.",
        ),
        Clause(
            id="SWD-FILES-006",
            level="MUST",
            text="Files are collected also from steps that failed, timed out or were cancelled.",
            why="A report of failed tests is written by a step that fails.",
        ),
        Clause(
            id="SWD-FILES-007",
            level="MUST",
            text="A symlink in the place of a file to collect is not followed: its target's "
            "content is not returned, and `collect_problems` says why.",
            why="A step could have any file of the controller read out to it.",
        ),
        Clause(
            id="SWD-FILES-008",
            level="MUST",
            text="A directory or a FIFO in the place of a file to collect is a line in "
            "`collect_problems`, and never keeps `run_step` waiting.",
            why="Opening a FIFO blocks for ever.",
        ),
        Clause(
            id="SWD-FILES-009",
            level="MUST",
            text="A file of exactly `collect_limit_bytes` is collected; one byte more is a line in "
            "`collect_problems`.",
            why="A limit that is off by one is a limit that nobody tested; without one a step can "
            "exhaust the controller's memory.",
        ),
        Clause(
            id="SWD-FILES-010",
            level="MUST",
            text="A step that makes its exchange directory unusable (removes it, replaces it by a "
            "symlink, takes all rights from it) neither breaks `run_step` nor reaches anything "
            "outside, and the next step gets a new one.",
            why="Steps run foreign code.",
        ),
        Clause(
            id="SWD-FILES-011",
            level="MUST",
            capability=Capability.HOST_VISIBLE,
            text="After a teardown that keeps the workspace, everything that steps made in it "
            "belongs to the run's uid and gid and can be read, changed and removed by them.",
            why="Files of root in a checkout are the most reported trouble of container steps "
            "(checkout#1720).",
        ),
        Clause(
            id="SWD-FILES-012",
            level="MUST",
            capability=Capability.HOST_VISIBLE,
            text="Repairing owners changes nothing outside the run directory: symlinks are not "
            "followed.",
            why="`chown -R` through a link has changed the owner of system files "
            "(gitlab-ci-local#1034).",
        ),
        Clause(
            id="SWD-FILES-013",
            level="MUST",
            text="A workspace with directories of mode 0555 and 0000 and files of mode 0000 is "
            "removed.",
            why="Module caches are read-only; plain `rm -r` stops at them (checkout#1720).",
        ),
        Clause(
            id="SWD-FILES-014",
            level="MUST",
            text="A tree deeper than the longest path is removed.",
            why="Nested package directories reach it; functions that take paths fail.",
        ),
        Clause(
            id="SWD-FILES-015",
            level="MUST",
            text="A workspace with thousands of files is removed within the deadline.",
            why="One engine call per file makes a removal take minutes.",
        ),
        Clause(
            id="SWD-FILES-016",
            level="MUST",
            text="Removal does not follow symlinks out of the workspace, neither links in it nor "
            "one in the place of the workspace itself.",
            why="A link to the home directory is all that it takes to lose it.",
        ),
        Clause(
            id="SWD-FILES-017",
            level="MUST",
            capability=Capability.HOST_VISIBLE,
            text="Removal does not cross into a file system that is mounted in the workspace: it "
            "reports that and leaves it.",
            why="What is mounted there was not made by the driver; it may be a home directory.",
        ),
        Clause(
            id="SWD-FILES-018",
            level="MUST",
            capability=Capability.HOST_VISIBLE,
            text="What cannot be removed is a line in `TeardownReport.errors` that names it; "
            "`teardown` does not raise for it.",
            why="The result of the run must not be hidden by its clean-up.",
        ),
    ),
)
