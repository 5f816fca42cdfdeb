"""Clauses of images (IMAGE) and of places that are not here (REMOTE)."""

from __future__ import annotations

from swamp_driver.spec import Capability
from swamp_driver_conformance.clauses._clause import Area, Clause

_OWN_TESTS = "Only the driver knows its images and registries: its own tests must."

IMAGE = Area(
    name="IMAGE",
    title="Images",
    intro="What holds for drivers that start their place from an image.",
    clauses=(
        Clause(
            id="SWD-IMAGE-001",
            level="MUST",
            capability=Capability.ISOLATION,
            text="An image's entry point, command, working directory, user, volumes and health "
            "check change nothing of what this document says.",
            why="Images are made for other purposes (Jenkins checks the process list for it).",
            untested=_OWN_TESTS,
        ),
        Clause(
            id="SWD-IMAGE-002",
            level="MUST",
            capability=Capability.ISOLATION,
            text="An image that is not there, may not be pulled, or is for another machine raises "
            "`UnavailableError` that says which of it and what to do, without credentials.",
            why="`pull access denied` means five different things.",
            untested=_OWN_TESTS,
        ),
        Clause(
            id="SWD-IMAGE-003",
            level="SHOULD",
            capability=Capability.ISOLATION,
            text="Steps that run at once and need one image pull it once.",
            why="Registries limit rates.",
            untested=_OWN_TESTS,
        ),
    ),
)

REMOTE = Area(
    name="REMOTE",
    title="Places that the host does not see",
    intro="What holds for drivers that do not declare `host-visible`.",
    clauses=(
        Clause(
            id="SWD-REMOTE-001",
            level="MUST",
            without=Capability.HOST_VISIBLE,
            text="The driver makes nothing at `workspace.path` on this host and removes nothing "
            "there.",
            why="The path is the far side's; here it may be anybody's.",
        ),
        Clause(
            id="SWD-REMOTE-002",
            level="MUST",
            without=Capability.HOST_VISIBLE,
            text="When the connection ends, what runs on the far side is ended within a stated "
            "time.",
            why="Nobody else can reach it.",
            untested="The suite does not know the connection. Use the agent's lease, and test it "
            "with a stream that stops.",
        ),
    ),
)
