"""Clauses of what a driver says of itself (CAP) and of its options (CONFIG)."""

from __future__ import annotations

from swamp_driver.spec import Capability
from swamp_driver_conformance.clauses._clause import Area, Clause

CAP = Area(
    name="CAP",
    title="What a driver says of itself",
    intro="Capabilities are checked both ways: what is declared has to work, and a request for "
    "what is not declared is refused before anything was done.",
    clauses=(
        Clause(
            id="SWD-CAP-001",
            level="MUST",
            text="The class attribute `info` is a `DriverInfo` with a summary of one line and no "
            "capability that is neither in the closed list nor begins with `x-`.",
            why="Hosts decide by it before they construct anything; a misspelt capability would be "
            "a promise that nobody tests.",
        ),
        Clause(
            id="SWD-CAP-002",
            level="MUST",
            text="The driver names the version of the contract that it was written for: the major "
            "number of this suite, and no newer minor.",
            why="A host that speaks another version has to refuse it at the start, not in the "
            "middle of a run.",
        ),
        Clause(
            id="SWD-CAP-003",
            level="MUST",
            text="Each required hook is implemented exactly once, no hook is misspelt, and none "
            "gives an argument a default value.",
            why="pluggy ignores a misspelt hook in silence, and its versions differ in what a "
            "default value means.",
        ),
        Clause(
            id="SWD-CAP-004",
            level="MUST",
            without=Capability.ATTACH,
            text="A driver that does not declare `attach` refuses a run with mode `attach`: "
            "`UnsupportedCapabilityError` that names the capability, and nothing has been done.",
            why="A host that mixes drivers in one run must learn it before the first step, and not "
            "from an empty workspace.",
        ),
        Clause(
            id="SWD-CAP-005",
            level="MUST",
            without=Capability.PERSISTENT,
            text="A driver that does not declare `persistent` refuses a persistent workspace: "
            "`UnsupportedCapabilityError` that names the capability, and nothing has been done.",
            why="A cache that silently never hits is worse than an error.",
        ),
        Clause(
            id="SWD-CAP-006",
            level="MUST",
            text="`Workspace.host_visible` is true exactly where `host-visible` is declared.",
            why="The host reads and writes the workspace itself where it is visible; from a path "
            "that only looks the same it would read nothing and report success.",
        ),
        Clause(
            id="SWD-CAP-007",
            level="MUST",
            capability=Capability.LEFTOVERS,
            text="A driver that declares `leftovers` implements `list_leftovers` and "
            "`remove_leftover`; the first returns a sequence of `Leftover` with unique names, also "
            "on an instance of its own that has run nothing.",
            why="Crash clean-up runs in a process that knows nothing of the run.",
        ),
    ),
)

CONFIG = Area(
    name="CONFIG",
    title="Options and construction",
    intro="The host reads the options with `structure_config`; the driver is made with the result.",
    clauses=(
        Clause(
            id="SWD-CONFIG-001",
            level="MUST",
            text="`info.config` is a frozen attrs class whose fields are all made with `option`, "
            "each with a help text.",
            why="The reference of a driver and the errors for its users are made from it.",
        ),
        Clause(
            id="SWD-CONFIG-002",
            level="MUST",
            text="Every sample in `info.good_configs` is accepted, and the driver can be "
            "constructed with it.",
            why="They are the documentation that people copy.",
        ),
        Clause(
            id="SWD-CONFIG-003",
            level="MUST",
            text="Every sample in `info.bad_configs` is refused with `ConfigError`.",
            why="A wrong option has to be found before the run, in every driver in the same way.",
        ),
        Clause(
            id="SWD-CONFIG-004",
            level="SHOULD",
            text="There is at least one good and one bad sample.",
            why="Without them the two clauses before say nothing.",
        ),
        Clause(
            id="SWD-CONFIG-005",
            level="MUST",
            text="Construction does nothing: it starts no process and no thread, opens no file "
            "descriptor, and returns within a second.",
            why="Hosts construct drivers in order to list and check them.",
        ),
        Clause(
            id="SWD-CONFIG-006",
            level="SHOULD",
            text="Importing the driver's module starts nothing, and importing and constructing it "
            "together take less than a second.",
            why="The command line of a host imports it at every start.",
        ),
        Clause(
            id="SWD-CONFIG-007",
            level="SHOULD",
            text="There is an option `passEnv` (a list of text), which the host resolves; the "
            "driver itself passes nothing on for it.",
            why="Users expect one way to let a variable in, under every driver; two sides that "
            "both resolve it disagree sooner or later.",
        ),
        Clause(
            id="SWD-CONFIG-008",
            level="MUST",
            text="`probe_environment`, where it is implemented, returns an `Availability` within "
            "5 seconds, any number of times, and makes nothing.",
            why="It is what `is this driver usable here` costs.",
        ),
    ),
)
