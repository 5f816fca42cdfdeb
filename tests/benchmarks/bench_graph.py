"""A graph of 2,000 steps that do nothing, run by the host, against a plain thread pool."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

import attrs

from swamp_driver.host import load_workflow_text, plan, run
from swamp_driver.spec import (
    ApiVersion,
    Capability,
    DriverInfo,
    RunContext,
    RunOutcome,
    StepEnd,
    StepIO,
    StepRequest,
    StepResult,
    TeardownReport,
    Workspace,
    hookimpl,
)
from tests.benchmarks.measure import Figure, compare, interleave

STEPS = 2_000


@attrs.frozen
class NoConfig:
    """No options."""


@attrs.define(eq=False)
class IdleDriver:
    """A driver whose steps take no time: what is left is the host."""

    info: ClassVar = DriverInfo(
        summary="nowhere",
        api=ApiVersion(major=1, minor=0),
        capabilities=frozenset({Capability.ATTACH}),
        config=NoConfig,
    )
    config: NoConfig

    @hookimpl
    def prepare_workspace(self, run: RunContext) -> Workspace:
        """Name the path and make nothing."""
        return Workspace(path=run.workspace.path, host_visible=False)

    @hookimpl
    def run_step(
        self, run: RunContext, workspace: Workspace, step: StepRequest, io: StepIO
    ) -> StepResult:
        """Succeed."""
        return StepResult(
            end=StepEnd.SUCCEEDED, exit_code=0, started_at=time.time(), duration_s=0.0
        )

    @hookimpl
    def teardown(
        self, run: RunContext, workspace: Workspace | None, outcome: RunOutcome
    ) -> TeardownReport:
        """Remove nothing."""
        return TeardownReport()


def graph_text(steps: int) -> str:
    """Return a workflow of `steps` steps, each of which waits for the one ten places before."""
    lines = ["name: graph", "jobs:", "  - name: all", "    concurrency: 8", "    steps:"]
    for number in range(steps):
        lines += [f"      - name: step-{number}", "        run: ':'"]
        if number >= 10:
            on = f"{{step: step-{number - 10}, condition: {{type: succeeded}}}}"
            lines.append(f"        dependsOn: [{on}]")
    return "\n".join(lines) + "\n"


def measure(scratch: Path, *, rounds: int) -> list[Figure]:
    """Return the cost of the whole graph."""
    drivers = {"idle": IdleDriver}
    planned = plan(load_workflow_text(graph_text(STEPS)), driver="idle", drivers=drivers)

    def by_pool() -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: None, range(STEPS)))

    def by_host() -> None:
        record = run(planned, drivers=drivers)
        if record.exit_code != 0:
            raise RuntimeError(f"the graph ended as {record.status}: {record.errors}")

    timings = interleave({"the host": by_host, "a pool": by_pool}, rounds=min(rounds, 5))
    return [compare(f"{STEPS:,} steps that do nothing", timings, "the host", "a pool")]
