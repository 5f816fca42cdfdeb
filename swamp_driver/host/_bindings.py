"""The drivers that a run has opened: one per distinct binding, one workspace for all."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping

import attrs

from swamp_driver._value import Value
from swamp_driver.errors import SwampDriverError
from swamp_driver.host._bound_driver import BoundDriver, LoadedDriver, open_driver
from swamp_driver.spec import (
    CancelToken,
    DriverInfo,
    Json,
    Owner,
    Progress,
    RunContext,
    RunOutcome,
    Workspace,
    WorkspaceRequest,
    structure_config,
)
from swamp_driver.workflow import Plan, PlannedJob


@attrs.frozen(kw_only=True, eq=False, repr=False)
class OpenedBinding:
    """A driver that has prepared the run's workspace: steps can be given to it."""

    name: str
    driver: BoundDriver
    context: RunContext
    workspace: Workspace


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RunIdentity(Value):
    """What every binding of a run is told alike."""

    run_id: str
    workflow: str
    request: WorkspaceRequest
    owner: Owner
    cancel: CancelToken = attrs.field(eq=False)
    on_progress: Callable[[str, Progress], None] = attrs.field(eq=False)
    """Driver name, progress."""
    on_ready: Callable[[str, Mapping[str, Json], Workspace], None] = attrs.field(eq=False)
    """Driver name, options as in the file, what it prepared."""


class Bindings:
    """Opens drivers as they are needed, and closes them all.

    `get` may be called from any thread. The first binding that opens creates the run directory, the
    others attach to it; only the first may remove it.
    """

    def __init__(
        self, plan: Plan, identity: RunIdentity, load: Callable[[str], LoadedDriver]
    ) -> None:
        self._identity = identity
        self._load = load
        self._expected = _expected_steps(plan)
        self._services = has_services(plan)
        self._options: dict[str, tuple[LoadedDriver, object]] = {}
        self._options_lock = threading.Lock()
        self._opened: dict[str, OpenedBinding] = {}
        self._attempted: list[tuple[BoundDriver, RunContext, Workspace | None]] = []
        self._lock = threading.Lock()

    def get(self, binding_id: str, driver: str, config: Mapping[str, Json]) -> OpenedBinding:
        """Return the opened driver for these options, opening it where it is not yet.

        Raises whatever `prepare_workspace` of the driver raises, `ConfigError` and `PluginError`.
        """
        key = _key(driver, config)
        with self._lock:
            if key not in self._opened:
                self._opened[key] = self._open(binding_id, driver, config)
            return self._opened[key]

    def options(self, driver: str, config: Mapping[str, Json]) -> object:
        """Return the parsed options of a driver; parsed once for each distinct ones.

        Raises `ConfigError` and `PluginError`.
        """
        return self._options_of(driver, config)[1]

    def describe(self, name: str) -> DriverInfo:
        """Return what a driver says of itself; raise `PluginError` where it cannot be used."""
        return self._load(name).info

    def _options_of(self, driver: str, config: Mapping[str, Json]) -> tuple[LoadedDriver, object]:
        key = _key(driver, config)
        # A lock of its own: whoever evaluates steps must not wait for a driver that pulls an image.
        with self._options_lock:
            if key not in self._options:
                loaded = self._load(driver)
                self._options[key] = loaded, structure_config(loaded.info.config, config)
            return self._options[key]

    def teardown(self, outcome: RunOutcome) -> tuple[str, ...]:
        """Tear all down, the creator of the workspace last; return what could not be removed.

        Never raises; teardown of one driver does not depend on that of another.
        """
        errors: list[str] = []
        for position, (driver, context, workspace) in reversed(list(enumerate(self._attempted))):
            keep = attrs.evolve(outcome, remove_workspace=False)
            try:
                report = driver.teardown(context, workspace, keep if position else outcome)
            except SwampDriverError as error:
                errors.append(str(error))
            else:
                errors.extend(report.errors)
        return tuple(errors)

    def _open(self, binding_id: str, driver: str, config: Mapping[str, Json]) -> OpenedBinding:
        loaded, parsed = self._options_of(driver, config)
        bound = open_driver(loaded, parsed)
        context = self._context(binding_id, driver, parsed)
        # Noted before the hook is called: what it leaves behind by failing is torn down as well.
        self._attempted.append((bound, context, None))
        workspace = bound.prepare_workspace(context)
        self._attempted[-1] = (bound, context, workspace)
        self._identity.on_ready(driver, config, workspace)
        return OpenedBinding(name=driver, driver=bound, context=context, workspace=workspace)

    def _context(self, binding_id: str, driver: str, config: object) -> RunContext:
        identity = self._identity
        steps, at_once = self._expected.get(binding_id, (1, 1))
        mode = identity.request.mode if not self._attempted else "attach"
        return RunContext(
            run_id=identity.run_id,
            workflow=identity.workflow,
            workspace=attrs.evolve(identity.request, mode=mode),
            config=config,
            owner=identity.owner,
            expected_steps=steps,
            concurrency=at_once,
            services=self._services,
            cancel=identity.cancel,
            report=lambda progress: identity.on_progress(driver, progress),
        )


def _key(driver: str, config: Mapping[str, Json]) -> str:
    return json.dumps([driver, config], sort_keys=True)


def _expected_steps(plan: Plan) -> dict[str, tuple[int, int]]:
    """Return for each binding how many steps will use it, and how many of them at once."""
    found: dict[str, tuple[int, int]] = {}
    for job in plan.jobs:
        for binding_id, count in _steps_of(job, shared=plan.workspace.enabled).items():
            steps, at_once = found.get(binding_id, (0, 0))
            found[binding_id] = (steps + count, at_once + min(count, job.concurrency or count))
    return found


def has_services(plan: Plan) -> bool:
    """Return whether steps of a run may have to reach each other on loopback.

    What nested workflows ask for is known only when their turn comes, after the drivers are opened;
    so it is taken from their texts.
    """
    nested = plan.nesting.files if plan.nesting else ()
    return any(step.background for job in plan.jobs for step in job.steps) or any(
        "background" in file.text for file in nested
    )


def _steps_of(job: PlannedJob, *, shared: bool) -> dict[str, int]:
    counts: dict[str, int] = {}
    for step in job.steps:
        if not step.binding:
            continue  # what it runs is not known yet: it is a hint
        values = step.for_each.values if step.for_each else None
        # A list that is not known yet counts as one step: it is a hint, and more can be opened.
        count = len(values) if isinstance(values, list | dict) else 1
        ready = step.background and step.background.ready_when
        if ready and ready.log is None:
            count *= 2  # a step beside it looks whether it is ready
        if not shared and (step.outputs or step.takes):
            count *= 3  # its files are brought before it and taken after it
        counts[step.binding] = counts.get(step.binding, 0) + count
    return counts
