"""What becomes of a binding's containers, volume and files when its run is over."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from functools import partial

import attrs

from swamp_driver.errors import DriverError, TeardownError
from swamp_driver.rundir import (
    keep_run_dir,
    read_marker,
    remove_run_dir,
    remove_tree,
    repair_ownership,
)
from swamp_driver.spec import RunContext, RunOutcome, TeardownReport
from swamp_driver_docker_ws._background import in_background
from swamp_driver_docker_ws._binding import Runner, agent_directory
from swamp_driver_docker_ws._cleanup import remove_all_containers, remove_volume
from swamp_driver_docker_ws._config import DockerConfig
from swamp_driver_docker_ws._engine_api import Engine
from swamp_driver_docker_ws._handle import Handle
from swamp_driver_docker_ws._labels import labels_for, name_for, ours
from swamp_driver_docker_ws._ownership import take_back

_ROOT = 0
_PATIENCE_S = 3.0


@attrs.define(eq=False)
class Ledger:
    """What was removed, kept and not removed so far; one failure does not stop the rest."""

    deadline: float
    removed: list[str] = attrs.field(factory=list, init=False)
    kept: list[str] = attrs.field(factory=list, init=False)
    errors: list[str] = attrs.field(factory=list, init=False)

    @property
    def rest_s(self) -> float:
        """Return the seconds that are left, a little in any case."""
        return max(self.deadline - time.monotonic(), 1.0)

    def attempt(self, work: Callable[[], Sequence[str] | None]) -> None:
        """Note what `work` says it removed, or why it could not; give up at the deadline."""
        try:
            removed = in_background(work, name="swamp-teardown").result(self.rest_s)
            self.removed.extend(removed or ())
        except TeardownError as error:
            self.errors.extend(error.left or (str(error),))
        except DriverError as error:
            self.errors.append(str(error))
        except TimeoutError:
            self.errors.append(
                "the engine did not answer in time: 'swamp-driver gc' removes the rest"
            )

    def report(self) -> TeardownReport:
        """Return the report."""
        return TeardownReport(
            removed=tuple(self.removed), kept=tuple(self.kept), errors=tuple(self.errors)
        )


@attrs.frozen
class Made:
    """What a binding made, and how to reach it."""

    handle: Handle
    engine: Engine
    runner: Runner | None
    """None in another process than the one that ran the steps."""


@attrs.frozen(kw_only=True)
class Settlement:
    """Which run is over, and what shall stay of it."""

    run: RunContext
    outcome: RunOutcome
    config: DockerConfig
    was_prepared: bool

    @property
    def removes_workspace(self) -> bool:
        """Return whether the workspace goes: never another driver's."""
        if not self.was_prepared and self.run.workspace.persistent:
            return False
        return self.outcome.remove_workspace and self.run.workspace.mode == "create"


def settle_binding(ledger: Ledger, over: Settlement, *, made: Made | None) -> None:
    """End and remove what the binding made; remove or leave the workspace."""
    if made is not None:
        _settle_containers(ledger, over, made)
    if made is not None and made.handle.volume is not None:
        _settle_volume(ledger, over, made, made.handle.volume)
    else:
        _settle_directory(ledger, over, made)


def _settle_containers(ledger: Ledger, over: Settlement, made: Made) -> None:
    """End the agents, wait until the engine has removed their containers, kill what is left."""
    runner = made.runner
    if runner is not None:
        ledger.attempt(runner.close)
    ledger.attempt(
        lambda: remove_all_containers(
            made.engine,
            ours(run_id=over.run.run_id, binding=made.handle.binding),
            deadline=ledger.deadline,
            patience_s=_PATIENCE_S if runner is not None else 0.0,
        )
    )


def _settle_volume(ledger: Ledger, over: Settlement, made: Made, volume: str) -> None:
    """Remove the volume that stands for the run directory, or note that it is kept."""
    if over.removes_workspace:

        def remove() -> tuple[str, ...]:
            remove_volume(made.engine, volume, deadline=ledger.deadline)
            return (volume,)

        ledger.attempt(remove)
        return
    ledger.kept.append(volume)
    if not over.run.workspace.persistent:
        binding = made.handle.binding
        labels = labels_for(over.run, binding=binding, role="kept", created_at=time.time())
        name = name_for(over.run.run_id, binding=binding, role="kept", number=0)
        ledger.attempt(partial(made.engine.create_volume, name, labels))


def _settle_directory(ledger: Ledger, over: Settlement, made: Made | None) -> None:
    """Remove the run directory, or leave it to its user, all its files owned by them."""
    run, request = over.run, over.run.workspace
    marker = read_marker(request.run_dir)
    if not over.was_prepared and (marker is None or marker.run_id != run.run_id):
        return
    is_there = os.path.lexists(request.run_dir)
    if made is not None and is_there:
        _take_back(ledger, over, made)
        agent = agent_directory(request.run_dir, made.handle.binding)
        ledger.errors.extend(remove_tree(str(agent), deadline_s=ledger.rest_s))
    if over.removes_workspace:
        errors = remove_run_dir(request.run_dir, deadline_s=ledger.rest_s)
        ledger.errors.extend(errors)
        ledger.removed.extend([request.run_dir] if is_there and not errors else [])
    elif request.mode == "create":
        ledger.errors.extend(keep_run_dir(request.run_dir, uid=request.uid, gid=request.gid))
        ledger.kept.extend([request.run_dir] if is_there else [])


def _take_back(ledger: Ledger, over: Settlement, made: Made) -> None:
    """Make all files the caller's again where it cannot do so itself: as root, in a helper.

    Root needs no help, and neither does a caller to whom everything belongs already.
    """
    request = over.run.workspace
    if os.geteuid() == _ROOT or not repair_ownership(
        request.run_dir, uid=request.uid, gid=request.gid
    ):
        return

    def work() -> tuple[str, ...]:
        errors = take_back(over.run, over.config, made.handle, made.engine)
        ledger.errors.extend(errors)
        remove_all_containers(
            made.engine,
            ours(run_id=over.run.run_id, binding=made.handle.binding),
            deadline=ledger.deadline,
            patience_s=_PATIENCE_S,
        )
        return ()

    ledger.attempt(work)
