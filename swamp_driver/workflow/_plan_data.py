"""`dataOutputOverrides` -> how data is kept, checked as far as it is known."""

from __future__ import annotations

from collections.abc import Iterator

from swamp_driver.spec._suggest import did_you_mean, quoted
from swamp_driver.workflow._keeping import (
    GARBAGE_WORDS,
    LIFETIME_WORDS,
    parse_garbage_rule,
    parse_lifetime,
)
from swamp_driver.workflow._model_step import DataOutputOverride, Step
from swamp_driver.workflow._plan_method import Target
from swamp_driver.workflow._planned import PlannedData
from swamp_driver.workflow._problems import Problems


def plan_data(step: Step, target: Target | None, problems: Problems) -> tuple[PlannedData, ...]:
    """Return what a step says of its data; note what cannot be."""
    if step.data_output_overrides and step.run is not None:
        problems.add(
            "a step with 'run' keeps no data",
            step.where.key("dataOutputOverrides"),
            hint="use a 'model_method' task with 'modelType: command/shell'",
        )
    if target is None:
        return ()
    return tuple(_plan(one, target, problems) for one in step.data_output_overrides)


def _plan(written: DataOutputOverride, target: Target, problems: Problems) -> PlannedData:
    spec = written.spec_name.text
    if spec not in target.specs:
        known = sorted(target.specs)
        hint = did_you_mean(spec, known) or f"there are: {', '.join(known)}"
        place = written.where.value("specName")
        problems.add(f"the model writes no data {quoted(spec)}", place, hint=hint)
    for key, what in _wrong(written):
        problems.add(what, written.where.value(key))
    return PlannedData(
        spec=spec,
        lifetime=written.lifetime.text if written.lifetime else None,
        garbage_collection=written.garbage_collection.text if written.garbage_collection else None,
        tags=written.tags or {},
        vary=tuple(name.text for name in written.vary or ()),
    )


def _wrong(written: DataOutputOverride) -> Iterator[tuple[str, str]]:
    lifetime, rule = written.lifetime, written.garbage_collection
    if lifetime is not None and parse_lifetime(lifetime.text) is None:
        yield "lifetime", f"{quoted(lifetime.text)} is no lifetime: {LIFETIME_WORDS}"
    if rule is not None and parse_garbage_rule(rule.text) is None:
        yield "garbageCollection", f"{quoted(rule.text)} is no rule for garbage: {GARBAGE_WORDS}"
