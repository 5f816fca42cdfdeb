"""The values that describe a run to a driver, and what a driver says of its workspace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Literal

import attrs

from swamp_driver._value import Value
from swamp_driver.spec._cancel import CancelToken
from swamp_driver.spec._owner import Owner
from swamp_driver.spec._status import RunStatus

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
"""A value that JSON can hold, as `json.loads` gives it."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class WorkspaceRequest(Value):
    """The workspace that a run wants.

    A run has one directory, `run_dir`, with the workspace and what belongs beside it::

        <run_dir>/workspace/           `path`: the steps' default working directory; theirs alone
        <run_dir>/home/                $HOME of the steps
        <run_dir>/exchange/<step id>/  `StepRequest.exchange`: script, outputs and TMPDIR of a step

    All steps of the run see these three at the same absolute path, on every side (SWD-WS). The
    path is a function of root and run id only, so two drivers given both agree on it.
    """

    run_dir: str
    """Absolute, normalised, free of symlinks. Its parent exists on this host; a driver with a
    workspace elsewhere makes what is missing there."""
    mode: Literal["create", "attach"] = "create"
    """`create`: make `run_dir` (persistent: or take it up again). `attach`: another driver of the
    run has made it; use it, and do not remove it."""
    persistent: bool = False
    """The directory may exist already with what earlier runs left in `workspace` and `home`. The
    host holds its lock for the whole run."""
    uid: int
    gid: int
    """Who must own what the steps make, once they ended: the calling user. Of no meaning where the
    workspace is on another machine: there it belongs to whoever the driver is logged in as."""

    @property
    def path(self) -> str:
        """Return `workspace.path`: one string per run, on every side."""
        return str(PurePosixPath(self.run_dir) / "workspace")

    @property
    def home(self) -> str:
        """Return `$HOME` of the steps: exists, is writable, is not the workspace."""
        return str(PurePosixPath(self.run_dir) / "home")

    def exchange(self, step_id: str) -> str:
        """Return the exchange directory of a step."""
        return str(PurePosixPath(self.run_dir) / "exchange" / step_id)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Progress(Value):
    """How far a driver has come with something slow (a pull, a copy).

    `phase` is one word for what is done (`pull`, `copy`, `start`), `resource` what it is done to.
    `done` and `total` are in bytes; `total` is None where it is not known. The last report of a
    phase has `finished` set, also where it failed.
    """

    phase: str
    resource: str
    text: str = ""
    done: int | None = None
    total: int | None = None
    finished: bool = False


def ignore_progress(_: Progress) -> None:
    """Take a progress report and do nothing."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RunContext(Value):
    """A run as a driver sees it: the same value in every hook call of one (run, driver binding)."""

    run_id: str
    """Globally unique; matches `[a-z][a-z0-9]{11}`."""
    workflow: str
    """The workflow's name, any text: for labels and messages only."""
    workspace: WorkspaceRequest
    config: object
    """The driver's options: an instance of `DriverInfo.config` of this driver."""
    owner: Owner = attrs.field(factory=Owner.current)
    """The process that answers for the run; what the driver makes is labelled with it."""
    expected_steps: int = 0
    """About how many steps will be run with this binding: a hint for warming up; 0 if unknown."""
    concurrency: int = 1
    """How many of them at once, at most: a hint."""
    labels: Mapping[str, str] = attrs.field(factory=dict)
    """More labels for whatever the driver makes where it can carry labels; never secret."""
    services: bool = False
    """What listens on a port of 127.0.0.1 in one step must be reached there by the other steps of
    the run that run at the same time. A driver that does not declare `Capability.SERVICES` need not
    look at it. Since 1.1."""
    cancel: CancelToken = attrs.field(factory=CancelToken, eq=False)
    """Set when the run is cancelled: a long `prepare_workspace` (a pull) must give up then."""
    report: Callable[[Progress], None] = attrs.field(default=ignore_progress, eq=False)
    """Call it, from any thread, to tell of slow work. Returns at once, never raises."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Workspace(Value):
    """What `prepare_workspace` made or found."""

    path: str
    """Equal to `WorkspaceRequest.path`."""
    host_visible: bool
    """Whether `path` is a directory of the host, so that the host may read and write it."""
    handle: Mapping[str, Json] = attrs.field(factory=dict)
    """Enough for `teardown` in another process, at another time (SWD-TD): JSON, with a version
    number under `version`, never a secret."""
    enter: tuple[str, ...] = ()
    """A command of this machine that gives a person a shell where the steps run, in the workspace,
    also after the run where the workspace was kept. Empty: a shell of this machine will do."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RunOutcome(Value):
    """How the run ended, and what `teardown` shall leave."""

    status: RunStatus
    remove_workspace: bool
    """Remove what `prepare_workspace` made with mode `create`, run directory and all. Where it is
    false the run directory stays, its files owned by the user; all else goes in either case."""
    deadline_s: float = 30.0
    """How long `teardown` may take, counted from its call. It has its own clock: the run's cancel
    token must not shorten it."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class TeardownReport(Value):
    """What `teardown` removed, what it kept, and what it could not remove."""

    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    """One line each: resource, reason, and what a person can do."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Leftover(Value):
    """Something that a run left behind, as `list_leftovers` finds it."""

    kind: str
    """`container`, `volume`, `directory`, ...: one word."""
    name: str
    """What identifies it to `remove_leftover`, unique within `kind`."""
    run_id: str
    owner: Owner | None
    """None where its labels are damaged: it is then reported, never removed unasked."""
    created_at: float | None
    """Seconds since the epoch."""
    size_bytes: int | None = None
    preserved: bool = False
    """It was kept on purpose: removed only when a person asks for just that."""
    detail: str = ""
