"""Runs one workflow under several drivers and tells what differs: `swamp-driver parity`."""

from swamp_driver.host.parity._compare import compare_traces
from swamp_driver.host.parity._sides import Side, plan_sides
from swamp_driver.host.parity._trace import trace_run
from swamp_driver.host.parity._values import (
    Comparison,
    Difference,
    DifferenceKind,
    StepTrace,
    StreamTrace,
    Surroundings,
    Trace,
)

__all__ = [
    "Comparison",
    "Difference",
    "DifferenceKind",
    "Side",
    "StepTrace",
    "StreamTrace",
    "Surroundings",
    "Trace",
    "compare_traces",
    "plan_sides",
    "trace_run",
]
