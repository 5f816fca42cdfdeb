"""A driver opened by hand, without a host: what the benchmarks of drivers call."""

from __future__ import annotations

import itertools
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pluggy

from swamp_driver.spec import (
    PROJECT_NAME,
    DriverHooks,
    Json,
    RunContext,
    RunOutcome,
    RunStatus,
    StepEnd,
    StepIO,
    StepRequest,
    StepResult,
    Stream,
    Workspace,
    WorkspaceRequest,
    structure_config,
)


def _drop(_: Stream, __: bytes) -> None:
    pass


@attrs.define(eq=False, kw_only=True)
class OpenDriver:
    """A driver with a prepared workspace."""

    hook: pluggy.HookRelay
    run: RunContext
    workspace: Workspace
    _numbers: Iterator[int] = attrs.field(factory=itertools.count)

    def step(self, *argv: str, sink: Callable[[Stream, bytes], None] = _drop) -> StepResult:
        """Run one program to its successful end."""
        step_id = f"s{next(self._numbers)}"
        exchange = self.run.workspace.exchange(step_id)
        request = StepRequest(
            step_id=step_id,
            name=step_id,
            argv=argv,
            env={"HOME": self.run.workspace.home, "TMPDIR": f"{exchange}/tmp", "LANG": "C.UTF-8"},
            cwd=self.workspace.path,
            exchange=exchange,
            directories=("tmp",),
        )
        result: StepResult = self.hook.run_step(
            run=self.run, workspace=self.workspace, step=request, io=StepIO(sink)
        )
        if result.end is not StepEnd.SUCCEEDED:
            raise RuntimeError(f"{argv} ended as {result.end}: {result.detail}")
        return result


@contextmanager
def open_driver(
    cls: type[Any],
    scratch: Path,
    *,
    options: Mapping[str, Json] | None = None,
    expected_steps: int = 0,
    concurrency: int = 1,
) -> Iterator[OpenDriver]:
    """Construct a driver, prepare a workspace, and tear it down at the end."""
    run_id = "b" + secrets.token_hex(6)[:11]
    runs = scratch.resolve() / "runs"
    runs.mkdir(exist_ok=True)
    config = structure_config(cls.info.config, options or {})
    run = RunContext(
        run_id=run_id,
        workflow="benchmark",
        workspace=WorkspaceRequest(run_dir=str(runs / run_id), uid=os.getuid(), gid=os.getgid()),
        config=config,
        expected_steps=expected_steps,
        concurrency=concurrency,
    )
    manager = pluggy.PluginManager(PROJECT_NAME)
    manager.add_hookspecs(DriverHooks)
    manager.register(cls(config))
    hook = manager.hook
    workspace = hook.prepare_workspace(run=run)
    try:
        yield OpenDriver(hook=hook, run=run, workspace=workspace)
    finally:
        outcome = RunOutcome(status=RunStatus.SUCCEEDED, remove_workspace=True)
        hook.teardown(run=run, workspace=workspace, outcome=outcome)
