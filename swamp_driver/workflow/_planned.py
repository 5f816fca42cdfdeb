"""The plan: a workflow with its inputs, drivers and order decided, and nothing run yet.

Frozen values, JSON all the way down (`plan_to_json`, `plan_from_json`): no callables, handles,
host objects or resolved secrets, so that a plan can be run by another process or machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

from swamp_driver._value import Value
from swamp_driver.spec import Json
from swamp_driver.workflow._commands import Command, ConfigTree, PlannedTier
from swamp_driver.workflow._condition import Condition
from swamp_driver.workflow._reports import FoundReports
from swamp_driver.workflow._template import Template

PLAN_SCHEMA = 1
"""Raised with every change of the JSON form that an older reader would misread."""

Preserve = Literal["never", "on-failure", "always"]
Sharing = Literal["shared", "exclusive"]
Until = Literal["job", "run"]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PlannedWorkspace(Value):
    """What the run's workspace shall be."""

    enabled: bool = True
    """False: each step has an empty directory of its own, and there is no `workspace.path`."""
    persistent: bool = False
    key: str = ""
    """What names a persistent workspace; evaluated."""
    preserve: Preserve = "never"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PlannedBinding(Value):
    """A driver with its options: steps with the same binding share one opened driver.

    `config` is the whole tree as written. Where it holds no expression that must wait for the run
    (`is_static`), it has been checked against the driver already; otherwise each step that uses it
    gets its own values, and steps whose values are equal share a driver.
    """

    id: str
    driver: str
    config: Mapping[str, ConfigTree] = attrs.field(factory=dict)
    path: str = ""
    """Where the options stand in the file (`jobs[0].driverConfig`), for messages."""
    line: int = 0
    column: int = 0
    is_static: bool = True


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PlannedDependency(Value):
    """What must have ended, and how, before a job or step starts. `on` is a name in the plan."""

    on: str
    condition: Condition


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PlannedForEach(Value):
    """One step for each entry: `self.<item>` is the entry, of a mapping its `.key` and `.value`."""

    item: str
    values: Template | list[ConfigTree] | dict[str, ConfigTree]
    """Templates, also those in lists and mappings, are evaluated when the step's dependencies
    have ended."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PlannedOutput(Value):
    """Something in the workspace that a step hands on to the steps named."""

    path: Template
    make_available_to: tuple[str, ...]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PlannedReadiness(Value):
    """When a background step is ready: one of `port`, `log` and `command` is set."""

    port: Template | int | None = None
    """Something listens on this TCP port, where the step runs."""
    log: Template | None = None
    """A line of its output matches this regular expression."""
    command: Template | None = None
    """This script exits with 0, where the step runs."""
    timeout_ms: Template | int | None = None
    interval_ms: Template | int | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PlannedBackground(Value):
    """A step that is a service: it has succeeded for others once it is ready, and is stopped."""

    until: Until = "job"
    ready_when: PlannedReadiness | None = None
    """None: it is ready once it is started."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class TakenOutput(Value):
    """What an earlier step hands on to this one."""

    step: str
    """The id of the earlier step."""
    output: int
    """Which of its `outputs`, from 0."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PlannedModel(Value):
    """A model whose methods the plan calls, complete with its source: see `ModelType`."""

    id: str
    type: str
    version: str
    found_in: str
    origin: Mapping[str, str]
    description: Mapping[str, Json]
    sources: Mapping[str, str]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PlannedData(Value):
    """How data of a kind is kept, where that differs from what the model says."""

    spec: str
    lifetime: str | None = None
    garbage_collection: str | None = None
    tags: Mapping[str, Template] = attrs.field(factory=dict)
    vary: tuple[str, ...] = ()
    """Names of the `forEach` item, or of inputs, whose values are added to the data's name."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PlannedStep(Value):
    """A step with everything decided that can be decided before the run."""

    id: str
    """`s<n>`, unique in the plan; iterations of `for_each` append `-<i>` from 1."""
    name: Template
    """As written: the template name is what dependencies refer to."""
    description: str = ""
    command: Command
    env: Mapping[str, Template] = attrs.field(factory=dict)
    working_dir: Template | None = None
    for_each: PlannedForEach | None = None
    depends_on: tuple[PlannedDependency, ...] = ()
    weight: int = 0
    concurrency: int | None = None
    """How many iterations of `for_each` at once; None: no bound."""
    allow_failure: bool = False
    sharing: Sharing = "shared"
    once: Template | None = None
    outputs: tuple[PlannedOutput, ...] = ()
    background: PlannedBackground | None = None
    data: tuple[PlannedData, ...] = ()
    takes: tuple[TakenOutput, ...] = ()
    """What earlier steps hand on to it, in the order of these steps."""
    binding: str
    """Id of a `PlannedBinding`; empty where no driver is needed for the step itself."""
    line: int = 0
    """Where the step begins in the file."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PlannedJob(Value):
    """A job; its steps are in the order in which they would start if each ended at once."""

    name: str
    description: str = ""
    steps: tuple[PlannedStep, ...]
    depends_on: tuple[PlannedDependency, ...] = ()
    weight: int = 0
    concurrency: int | None = None
    """How many of its steps at once; None: no bound."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class WorkflowFile(Value):
    """A workflow file that another one runs."""

    path: str
    """Absolute and free of symlinks: what tells one file from another."""
    source: str
    """What it is called in messages."""
    text: str
    names: Mapping[str, str] = attrs.field(factory=dict)
    """What it calls the workflows that it runs itself: name as written -> `path`."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Nesting(Value):
    """All that is needed to plan nested workflows while the run goes on, without any file."""

    files: tuple[WorkflowFile, ...]
    outer: PlannedTier
    """What is said about drivers above every file."""
    inner: PlannedTier
    """What is said about drivers below every file."""
    default: str
    """The driver where nobody names one."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Plan(Value):
    """Everything that a run needs to know, decided and checked."""

    schema: int = PLAN_SCHEMA
    workflow: str
    """The workflow's name."""
    workflow_id: str
    version: int = 1
    description: str = ""
    tags: Mapping[str, str] = attrs.field(factory=dict)
    source: str
    """The file as the caller named it."""
    directory: str
    """Absolute path of the directory that the file is in."""
    inputs: Mapping[str, Json] = attrs.field(factory=dict)
    """Checked against their declarations, defaults applied."""
    defaults: Mapping[str, ConfigTree] = attrs.field(factory=dict)
    """Of inputs that are not given: defaults with expressions, which only the run can tell."""
    workspace: PlannedWorkspace = PlannedWorkspace()
    concurrency: int | None = None
    """How many jobs at once; None: no bound."""
    bindings: tuple[PlannedBinding, ...]
    models: tuple[PlannedModel, ...] = ()
    jobs: tuple[PlannedJob, ...]
    """In the order in which they would start if each ended at once."""
    reports: FoundReports = attrs.field(factory=FoundReports)
    """What is reported on the run, and which files of reports cannot be read."""
    nesting: Nesting | None = None
    """None where no step runs another workflow."""
    asks: bool = False
    """A step of it, or of a nested workflow, waits for an approval: the run may be suspended."""
