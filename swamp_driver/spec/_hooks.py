"""The hookspecs: what a driver implements and when each hook is called."""

from __future__ import annotations

from collections.abc import Sequence

import pluggy

from swamp_driver.spec._events import RunEvent
from swamp_driver.spec._info import Availability
from swamp_driver.spec._run import Leftover, RunContext, RunOutcome, TeardownReport, Workspace
from swamp_driver.spec._step import StepIO, StepRequest, StepResult

PROJECT_NAME = "swamp_driver"
"""The pluggy project: markers and managers carry it."""

ENTRY_POINT_GROUP = "swamp.drivers"
"""Drivers are found here; the name of the entry point is the name of the driver."""

hookspec = pluggy.HookspecMarker(PROJECT_NAME)
hookimpl = pluggy.HookimplMarker(PROJECT_NAME)
"""Decorate each hook of a driver with it."""


class DriverHooks:
    """The contract between a host and a driver, version 1.1.

    **Construction.** A driver is a class with an attribute `info: DriverInfo`. The host makes one
    instance per (run, distinct options) with the parsed options as its only argument, registers it
    alone in a `pluggy.PluginManager`, and calls hooks through that. Construction does nothing: no
    process, no connection, no import of an SDK that takes long.

    **Order.** `prepare_workspace` once; then `run_step` any number of times, from any threads, at
    once; then `teardown`, after every `run_step` has returned or raised. `teardown` follows always,
    also after a `prepare_workspace` that raised (then with `workspace=None`), and may be called
    again, at the same time or later, in this process or in another one. The optional hooks may be
    called at any time, before and after, on an instance of their own.

    **Threads.** A host calls hooks from threads of its own, which may end before the run does:
    nothing may be bound to the life of the thread that started it, as with `PR_SET_PDEATHSIG`.

    **Blocking.** Hooks are ordinary functions and block until they are done. They are never
    interrupted from outside: a hook looks at its cancel token and at its deadline by itself.

    **Errors.** A hook raises `swamp_driver.errors.DriverError` subclasses and nothing else. A step
    that fails is a `StepResult`, never an exception.

    **What must never happen.** A driver does not change what belongs to the whole process: working
    directory, `os.environ`, umask, signal handlers (SWD-EXEC). It does not print. It writes nothing
    into the workspace itself (SWD-WS). It never touches a thing that it did not make or that was
    not given to it.

    **Growth.** New data comes as new fields of the value types, which have defaults; then as new
    hook arguments (a hook may take fewer arguments than its specification). A hook implementation
    gives no argument a default value.
    """

    @hookspec(firstresult=True)
    def prepare_workspace(self, run: RunContext) -> Workspace:  # type: ignore[empty-body]
        """Make the run's directories and whatever the steps will run in; return the workspace.

        Called once per instance, before any step, from any thread. When it returns, a step can
        start. `run.workspace` says whether to create the directories or to use those that another
        driver made. A driver that shares them with a machine, container or mount proves before it
        returns that both sides see the same directory (SWD-WS-HANDSHAKE).

        Raises `WorkspaceError`, `UnavailableError`, `ConfigError`, `UnsupportedCapabilityError`, or
        `LostError`; whatever it raises, it has first removed what it had made. Gives up soon after
        `run.cancel` is set, by raising `UnavailableError`.
        """

    @hookspec(firstresult=True)
    def run_step(  # type: ignore[empty-body]
        self, run: RunContext, workspace: Workspace, step: StepRequest, io: StepIO
    ) -> StepResult:
        """Run one program to its end; return how it ended.

        Called from any thread, any number at once; calls do not wait for each other. While the
        program runs its output goes to `io.write` at once (well under a second), each stream in
        order, bytes unchanged. Standard input is empty, and there is no terminal.

        The program has ended when its leader has ended. Then, before this returns: everything else
        that the step started is killed (SWD-LIFE), all output that was written is delivered, the
        files asked for are read, the exchange directory is gone, and all that the step made in the
        workspace belongs to `run.workspace.uid`, or can be made so at teardown.

        At `step.timeout_s` or a graceful `io.cancel`: TERM to the program's process group,
        `step.grace_s` seconds, KILL to everything. At `CancelStage.NOW`: KILL at once. A token that
        is set before the start: the program is not started, the result is cancelled. Cancelling one
        step never touches another.

        Raises `StepStartError` where the program could not be started, `LifecycleError` before
        `prepare_workspace` or after `teardown`, `UnavailableError` or `LostError` where what runs
        steps is not there or went away *before* the program started, and the others as they fit.
        Where contact goes while it runs, the result is `StepEnd.LOST` with the reason in `detail`.
        """

    @hookspec(firstresult=True)
    def teardown(  # type: ignore[empty-body]
        self, run: RunContext, workspace: Workspace | None, outcome: RunOutcome
    ) -> TeardownReport:
        """Remove what the run does not leave to its user; return what was removed and what was not.

        Idempotent: twice, at once from two threads, without `prepare_workspace`, after a failed
        one, and in another process with a `Workspace` rebuilt from its handle, it does what is left
        to do and reports it. It waits until removal is real. It keeps to `outcome.deadline_s`,
        whatever the state of `run.cancel`. One thing that cannot be removed does not keep it from
        the others; each is a line in `errors`. It removes only what this run's driver made: never a
        directory without the run's marker, never through a symlink, never across a mount.

        With mode `attach` the run directory is another driver's: it stays.

        Raises only where it could not even try (`UnavailableError`).
        """

    @hookspec(firstresult=True)
    def probe_environment(self, config: object) -> Availability | None:
        """Say whether the driver can work here with these options. Optional.

        Quick (5 s at most) and without side effects: nothing is made, pulled or started.
        """

    @hookspec(firstresult=True)
    def list_leftovers(self, config: object) -> Sequence[Leftover] | None:
        """List what runs of this driver left behind, of live and dead owners alike. Optional.

        The host decides what may go by `Leftover.owner`; a driver lists only what bears its labels.
        """

    @hookspec(firstresult=True)
    def remove_leftover(self, config: object, leftover: Leftover) -> bool | None:
        """Remove one thing that `list_leftovers` named; True when it is gone. Optional.

        Looks again before it removes: what changed hands in between stays (False). Gone already is
        True. Raises `TeardownError` where it cannot be removed.
        """

    @hookspec(firstresult=True)
    def export_workspace(self, config: object, workspace: Workspace, directory: str) -> bool | None:
        """Copy what is in a kept workspace into `directory`; True when it is all there. Optional.

        For workspaces that the host does not see. `workspace` may be rebuilt from its handle in
        another process. `directory` is an empty directory of this host; names, bytes, modes,
        symlinks (as they are, not followed) and empty directories arrive, owners do not. What would
        leave `directory` (an absolute name, `..`) is refused. Raises `WorkspaceError` where the
        workspace is not there or cannot be copied.
        """


REQUIRED_HOOKS = ("prepare_workspace", "run_step", "teardown")
OPTIONAL_HOOKS = ("probe_environment", "list_leftovers", "remove_leftover", "export_workspace")


class RunObserver:
    """What may be told of a run: a separate plug-in, that a run never depends on."""

    @hookspec
    def on_event(self, event: RunEvent) -> None:
        """Take an event; called in order, one call at a time, from any thread of the run.

        Whatever it raises is reported once and changes nothing of the run; the observer is then
        not called again. It must be quick: the run waits for it.
        """
