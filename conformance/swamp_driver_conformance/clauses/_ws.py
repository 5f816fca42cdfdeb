"""Clauses of the workspace's identity (WS)."""

from __future__ import annotations

from swamp_driver.spec import Capability
from swamp_driver_conformance.clauses._clause import Area, Clause

WS = Area(
    name="WS",
    title="The workspace and its path",
    intro="`workspace.path` is one string per run: in expressions, in the step's environment, as "
    "its working directory, on every side.",
    clauses=(
        Clause(
            id="SWD-WS-001",
            level="MUST",
            text="`prepare_workspace` returns a `Workspace` whose `path` is the path asked for, "
            "byte for byte.",
            why="Expressions were evaluated with that string before the driver was asked.",
        ),
        Clause(
            id="SWD-WS-002",
            level="MUST",
            text="In a step whose `cwd` is the workspace, `pwd -P` prints `workspace.path`, byte "
            "for byte.",
            why="A path that a step writes down must mean the same file in the next step, under "
            "another driver and on the host (typeclaw#980).",
        ),
        Clause(
            id="SWD-WS-003",
            level="MUST",
            text="When `prepare_workspace` returns, workspace and home exist and a step can write "
            "to both.",
            why="The first step of most runs is a clone into it.",
        ),
        Clause(
            id="SWD-WS-004",
            level="MUST",
            text="A new workspace is empty, hidden files included.",
            why="`git clone … .` refuses a directory that is not empty.",
        ),
        Clause(
            id="SWD-WS-005",
            level="MUST",
            text="The driver writes nothing of its own into the workspace: after steps that write "
            "nothing it is still empty.",
            why="Control files end up in archives, in `git status`, and in somebody's `rm -rf`.",
        ),
        Clause(
            id="SWD-WS-006",
            level="MUST",
            text="What a step leaves in the workspace the next one finds: content, executable "
            "bits, targets of symlinks, empty directories.",
            why="Systems that copy between steps lose some of it (kestra#2233).",
        ),
        Clause(
            id="SWD-WS-007",
            level="MUST",
            text="An absolute symlink that points into the workspace leads to the same file in a "
            "later step.",
            why="Package managers write absolute links; a workspace that is mounted elsewhere "
            "breaks them.",
        ),
        Clause(
            id="SWD-WS-008",
            level="MUST",
            text="A run directory whose path has spaces, `:`, `,`, `=`, quotes, `%`, `$`, a "
            "backslash, non-ASCII letters or a leading `-` in it works, or is refused with a "
            "`DriverError` by `prepare_workspace`, with nothing left behind.",
            why="Mount options and command lines are split at these; the usual result is a mount "
            "of something else (typeclaw#980).",
        ),
        Clause(
            id="SWD-WS-009",
            level="MUST",
            text="Two runs at the same time have separate workspaces and homes, whatever the names "
            "of the files in them.",
            why="A fixed directory in a driver is found out only in production.",
        ),
        Clause(
            id="SWD-WS-010",
            level="MUST",
            text="What a step writes to its home is there for the next step, and is not in the "
            "workspace.",
            why="npm and pip cache there; a home that is the workspace litters it (npm/cli#4769).",
        ),
        Clause(
            id="SWD-WS-011",
            level="MUST",
            capability=Capability.HOST_VISIBLE,
            text="The host and the steps see one directory under `workspace.path`: what either "
            "writes the other reads.",
            why="A daemon elsewhere mounts an empty directory of the same name without a word "
            "(cccl#11018, docker-snap#58, airflow#16806).",
        ),
        Clause(
            id="SWD-WS-012",
            level="MUST",
            capability=Capability.HOST_VISIBLE,
            text="A directory that exists already and is not the driver's is refused with "
            "`WorkspaceError`, and stays as it is.",
            why="A run that adopts somebody's directory also removes it.",
        ),
        Clause(
            id="SWD-WS-013",
            level="MUST",
            capability=Capability.HOST_VISIBLE,
            text="Where the directory cannot be made, `prepare_workspace` raises `WorkspaceError` "
            "or `UnavailableError` and leaves nothing.",
            why="Half a workspace is taken for a whole one by the next run.",
        ),
        Clause(
            id="SWD-WS-014",
            level="MUST",
            capability=Capability.ATTACH,
            text="With mode `attach` steps run in the workspace that another instance made and see "
            "what its steps left there, and the other way round.",
            why="Steps of several drivers share one workspace in one run.",
        ),
        Clause(
            id="SWD-WS-015",
            level="MUST",
            capability=Capability.ATTACH,
            text="The teardown of an attached run leaves the run directory and all in it, whatever "
            "the outcome says.",
            why="It belongs to the driver that made it, whose steps may still run.",
        ),
        Clause(
            id="SWD-WS-016",
            level="MUST",
            capability=Capability.ATTACH,
            text="Attaching to a directory that is not there raises `WorkspaceError` and makes "
            "nothing.",
            why="An empty workspace instead of the shared one shows up as a failure far away.",
        ),
        Clause(
            id="SWD-WS-017",
            level="MUST",
            capability=Capability.PERSISTENT,
            text="A persistent workspace that was kept is taken up by the next run with everything "
            "that was in the workspace and the home.",
            why="It is a cache; that is its only use.",
        ),
        Clause(
            id="SWD-WS-018",
            level="MUST",
            capability=Capability.PERSISTENT,
            text="Where the next run takes a persistent workspace up, nothing of the exchange "
            "directories of earlier runs is left.",
            why="They hold scripts and secrets of others.",
        ),
        Clause(
            id="SWD-WS-019",
            level="MUST",
            capability=Capability.PERSISTENT,
            text="A persistent run refuses a directory that was not made by a driver for a "
            "persistent run with `WorkspaceError`, and leaves it as it is.",
            why="A key that happens to be the name of a directory must not adopt it.",
        ),
        Clause(
            id="SWD-WS-020",
            level="MUST",
            text="A driver that shares the directory with a machine, container or mount proves "
            "before `prepare_workspace` returns that both sides see the same one, and raises "
            "`WorkspaceError` that names both paths where they do not.",
            why="Everything else about the workspace rests on it (cccl#11018, docker-snap#58).",
            untested="The suite cannot make a stranger's sharing fail from outside. The driver's "
            "own tests must: with a far side that mounts an empty directory.",
        ),
        Clause(
            id="SWD-WS-021",
            level="SHOULD",
            text="git works in the workspace as the step's user: no `dubious ownership`.",
            why="It is the first thing that most steps do, and git checks the owner.",
        ),
        Clause(
            id="SWD-WS-022",
            level="MUST",
            text="A long sequence of random file operations, spread over steps, leaves what a "
            "model of a file system says.",
            why="It finds the combinations that nobody wrote a clause for.",
        ),
    ),
)
