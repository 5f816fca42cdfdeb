"""What takes part in a run as one: a step, or one iteration of it, with everything evaluated."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from swamp_driver._value import Value
from swamp_driver.host._records import StepRecord
from swamp_driver.spec import Json, StepStatus
from swamp_driver.workflow import (
    BoundCall,
    BoundQuestion,
    BoundStep,
    PlannedStep,
    WorkflowCommand,
    id_of_path,
)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class _Part:
    """What all units have."""

    job: str
    """As it is shown."""
    step: PlannedStep
    name: str
    frame: str = ""
    """The id of the frame that the step is in."""
    secrets: frozenset[bytes] = frozenset()
    """What is masked in everything that is told or kept of it."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Unit(_Part):
    """A unit that a driver runs."""

    bound: BoundStep
    driver: str
    config: Mapping[str, Json]

    @property
    def step_id(self) -> str:
        """Return the id that is unique in the run."""
        return self.bound.request.step_id

    @property
    def once_key(self) -> str | None:
        """Return the key that it is run once for."""
        return self.bound.once_key

    def record(self, run_id: str, status: StepStatus | None, **fields: object) -> StepRecord:
        """Return a record of this unit."""
        return record_of(self, run_id, status, **fields)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class NestedUnit(_Part):
    """A unit that runs another workflow: its steps are units of their own."""

    path: str
    """Where it stands in the run: the id of the frame that it opens."""
    command: WorkflowCommand
    call: BoundCall

    @property
    def step_id(self) -> str:
        """Return the id that is unique in the run."""
        return id_of_path(self.path)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class QuestionUnit(_Part):
    """A unit that waits for a person."""

    path: str
    question: BoundQuestion

    @property
    def step_id(self) -> str:
        """Return the id that is unique in the run."""
        return id_of_path(self.path)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class EndedUnit(_Part):
    """A unit that ended before: its record says how."""

    before: StepRecord

    @property
    def step_id(self) -> str:
        """Return the id that is unique in the run."""
        return self.before.step_id


AnyUnit = Unit | NestedUnit | QuestionUnit | EndedUnit


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Settled(Value):
    """How a unit ended. `broken` is set where a driver or its engine is to blame."""

    record: StepRecord
    outputs: Mapping[str, str] = attrs.field(factory=dict)
    """As the step wrote them; those in the record are masked."""
    broken: str | None = None
    broken_exit_code: int = 3


def record_of(
    unit: AnyUnit, run_id: str, status: StepStatus | None, **fields: object
) -> StepRecord:
    """Return a record of a unit."""
    data = unit.bound.data if isinstance(unit, Unit) else None
    return StepRecord(
        run_id=run_id,
        step_id=unit.step_id,
        job=unit.job,
        step=unit.name,
        driver=unit.driver if isinstance(unit, Unit) else "",
        status=status,
        allowed_failure=unit.step.allow_failure and status is StepStatus.FAILED,
        model=data.model if data else None,
        model_type=data.model_type if data else None,
        method=data.method if data else None,
        **fields,  # type: ignore[arg-type]
    )
