"""What a planned step does: one class for each kind of command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from swamp_driver._value import Value
from swamp_driver.workflow._template import Template

ConfigTree = None | bool | int | float | Template | list["ConfigTree"] | dict[str, "ConfigTree"]
"""Options as they stand in the file: every text is a template."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ShellCommand(Value):
    """A script for `/bin/sh -e`; expressions in it reach it through its environment, quoted."""

    script: Template
    model_name: Template | None = None
    """Under which its data is kept (`command/shell` as a task); None: none is kept (`run:`)."""
    ignore_exit_code: bool = False
    timeout_ms: Template | int | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class MethodCommand(Value):
    """A method of a model, which runs where the driver runs."""

    model: str
    """Id of a `PlannedModel`."""
    model_type: str
    model_name: Template
    """Under which its data is kept."""
    definition: str = ""
    """The file that defines the model; empty where the step names a type."""
    method: str
    global_args: Mapping[str, ConfigTree] = attrs.field(factory=dict)
    inputs: Mapping[str, ConfigTree] = attrs.field(factory=dict)
    """Those of the step over those of the definition."""
    routes: bool = False
    """Arguments of the model are among the inputs: see `route_inputs`."""
    timeout_ms: Template | int | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PlannedTier(Value):
    """What one level says about drivers: a driver, options, both, or nothing."""

    driver: str | None = None
    config: Mapping[str, ConfigTree] | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class WorkflowCommand(Value):
    """Another workflow, run within this run. Its text is in `Plan.nesting`, under `path`."""

    path: str
    """Absolute path of its file."""
    source: str
    """What its file is called in messages."""
    inputs: Mapping[str, ConfigTree] = attrs.field(factory=dict)
    tiers: tuple[PlannedTier, ...] = ()
    """What is said about drivers around the step, the innermost first."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ApprovalCommand(Value):
    """A question to a person; the step ends when it is answered."""

    prompt: Template
    timeout_s: Template | int | None = None
    """None or 0: there is no end to the wait."""


Command = ShellCommand | MethodCommand | WorkflowCommand | ApprovalCommand


def command_trees(command: Command) -> Iterator[tuple[str, ConfigTree]]:
    """Yield what may hold expressions, with its key; not a script, which is read as written."""
    match command:
        case ShellCommand():
            yield "modelName", command.model_name
            yield "timeout", command.timeout_ms
        case MethodCommand():
            yield "modelName", command.model_name
            yield "globalArgs", dict(command.global_args)
            yield "inputs", dict(command.inputs)
            yield "timeout", command.timeout_ms
        case WorkflowCommand():
            yield "inputs", dict(command.inputs)
        case ApprovalCommand():
            yield "prompt", command.prompt
            yield "timeout", command.timeout_s
