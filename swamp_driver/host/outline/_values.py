"""The parts of an outline."""

from __future__ import annotations

from typing import Literal

import attrs

from swamp_driver.workflow import Plan, PlannedStep

Known = Literal["given", "default", "at run time", "secret", "missing", "unknown"]
"""Where the value of an option comes from; the last two will be refused when the run gets there."""


@attrs.frozen(kw_only=True)
class OptionOutline:
    """An option of a driver as it would be used."""

    key: str
    text: str
    """As JSON (a text without quotes), or as written where only the run can tell; empty where it is
    secret or missing."""
    known: Known


@attrs.frozen(kw_only=True)
class PassedVariable:
    """A variable of the calling environment that would reach the steps."""

    name: str
    secret: bool
    """Its value would be masked wherever it is shown."""


@attrs.frozen(kw_only=True)
class BindingOutline:
    """A driver with its options; steps with the same binding share what it opens."""

    id: str
    driver: str
    summary: str
    options: tuple[OptionOutline, ...]
    """All that the driver has, in its order; nested ones within their parent."""
    passed: tuple[PassedVariable, ...] = ()


@attrs.frozen(kw_only=True)
class StepOutline:
    """A step with what is not in the plan itself."""

    planned: PlannedStep
    entries: tuple[str, ...] | None = ()
    """The names of its iterations; empty without `forEach`, None where only the run can tell."""
    env: tuple[str, ...] = ()
    """The names that it declares, and those that its driver lets pass, sorted."""
    secrets: tuple[str, ...] = ()
    """Those of them whose values are secret."""
    open: tuple[tuple[str, str], ...] = ()
    """What is only known at run time: key and text as written."""
    inside: tuple[str, ...] | None = ()
    """Of a step that runs another workflow: that one's steps, `<job>/<step>`, with their drivers;
    None where only the run can tell."""


@attrs.frozen(kw_only=True)
class PlanOutline:
    """A plan, and what a person wants to know of it before it is run."""

    plan: Plan
    workspace_path: str | None
    """With `<run id>` in it where it is another one in each run; None where there is none."""
    bindings: tuple[BindingOutline, ...]
    steps: tuple[StepOutline, ...]
    """In the order of the plan."""

    def binding(self, binding_id: str) -> BindingOutline | None:
        """Return a binding by its id; None for steps that need no driver."""
        return next((one for one in self.bindings if one.id == binding_id), None)

    def step(self, step_id: str) -> StepOutline:
        """Return a step by its id."""
        return next(one for one in self.steps if one.planned.id == step_id)
