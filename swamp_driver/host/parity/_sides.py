"""The same workflow planned for several drivers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

from swamp_driver.errors import Problem, WorkflowError
from swamp_driver.host._api import plan_file
from swamp_driver.spec import Json
from swamp_driver.workflow import Plan


@attrs.frozen(kw_only=True)
class Side:
    """A driver with options, and what to call the two of them."""

    label: str
    driver: str
    config: Mapping[str, Json] | None = None
    """None: what the file says of this driver."""


def plan_sides(
    path: str | Path,
    sides: Sequence[Side],
    *,
    inputs: Mapping[str, Json] | None = None,
    drivers: Mapping[str, type] | None = None,
) -> tuple[Plan, ...]:
    """Plan a workflow for each side; nothing is run or made.

    Each plan gets a workspace of its own, also where the file wants a persistent one: what an
    earlier run left in it would be taken for a difference.

    Raises:
        WorkflowError: as `plan_file`; or a step waits for an approval.
        PluginError: as `plan_file`.
    """
    plans = tuple(
        plan_file(
            path, inputs=inputs, driver=side.driver, driver_config=side.config, drivers=drivers
        )
        for side in sides
    )
    if any(plan.asks for plan in plans):
        what = "a workflow that waits for an approval cannot be compared"
        raise WorkflowError([Problem(what=what, file=str(path))])
    return tuple(
        attrs.evolve(plan, workspace=attrs.evolve(plan.workspace, persistent=False))
        for plan in plans
    )
