"""What is remembered of a run in order to compare it, and how two runs differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

from swamp_driver.rundir import TreeView
from swamp_driver.spec import RunStatus, Stream

DifferenceKind = Literal["run", "step", "stream", "output", "files", "tree", "env", "path"]
"""`path` is about where a step finds itself, `output` about what it writes to `$SWAMP_OUTPUT`,
`files` about what it hands on where steps share no workspace."""


@attrs.frozen(kw_only=True)
class StreamTrace:
    """What a step wrote to one stream, the paths and ids of its run replaced."""

    size_bytes: int
    digest: str
    head: bytes
    """How it begins: all of it, but for long ones."""

    @property
    def is_whole(self) -> bool:
        """Return whether `head` is all of it."""
        return self.size_bytes == len(self.head)


@attrs.frozen(kw_only=True)
class StepTrace:
    """How a step ended, and what came out of it."""

    status: str
    end: str | None = None
    exit_code: int | None = None
    signal: int | None = None
    streams: Mapping[Stream, StreamTrace] = attrs.field(factory=dict)
    """Streams that stayed empty are left out."""
    outputs: Mapping[str, str] = attrs.field(factory=dict)
    files: Mapping[str, str] = attrs.field(factory=dict)
    """What it handed on, by path: how much, and a digest of names, modes and contents."""


@attrs.frozen(kw_only=True)
class Surroundings:
    """Where a step finds itself, as a program in its place sees it."""

    env: frozenset[str] = frozenset()
    """Names only."""
    cwd: str = ""
    """As the system says it, symlinks resolved; the run directory replaced."""
    workspace: str = ""
    """`$SWAMP_WORKSPACE`; the run directory replaced."""
    problem: str | None = None
    """Why it could not be found out."""


@attrs.frozen(kw_only=True)
class Trace:
    """A run under one driver. Nothing in it depends on the id of the run but the id itself."""

    label: str
    run_id: str
    status: RunStatus
    exit_code: int | None
    errors: tuple[str, ...] = ()
    duration_s: float = 0.0
    workspace_path: str | None = None
    """The run directory replaced."""
    steps: Mapping[str, StepTrace] = attrs.field(factory=dict)
    """By `job/step`."""
    surroundings: Mapping[str, Surroundings] = attrs.field(factory=dict)
    """By the `job/step` that stands for all with the same driver options and variables."""
    tree: TreeView = attrs.field(factory=TreeView)
    """What was in the workspace at the end."""
    left: tuple[str, ...] = ()
    """What of the run could not be removed afterwards."""


@attrs.frozen(kw_only=True)
class Difference:
    """One thing that two runs do not have in common."""

    kind: DifferenceKind
    subject: str
    """What `--ignore` is matched with: a path in the workspace, `job/step:stdout`,
    `job/step:env:NAME`, `job/step:files:PATH`, `job/step:exit`, `run:status`."""
    what: str
    """One line that names both sides, the reference first."""
    detail: tuple[str, ...] = ()
    """Lines of a diff; they begin with `-` (the reference), `+` (the other) or a space."""


@attrs.frozen(kw_only=True)
class Comparison:
    """How one run differs from the reference."""

    reference: str
    other: str
    differences: tuple[Difference, ...] = ()
    ignored: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()
    """What could not be compared, on both sides alike."""
