"""Workflow -> Plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath

import attrs

from swamp_driver.spec import Json
from swamp_driver.workflow._commands import PlannedTier, WorkflowCommand
from swamp_driver.workflow._drivers import (
    DriverCatalog,
    DriverSelection,
    Tier,
    outside_tier,
)
from swamp_driver.workflow._load import read_workflow
from swamp_driver.workflow._model import Workflow
from swamp_driver.workflow._model_catalog import ModelCatalog, NoModels
from swamp_driver.workflow._nesting import (
    Caller,
    KeptWorkflows,
    Nested,
    NestedPlanner,
    NoWorkflows,
    WorkflowFinder,
)
from swamp_driver.workflow._planned import (
    Nesting,
    Plan,
    PlannedWorkspace,
    WorkflowFile,
)
from swamp_driver.workflow._planner import Around, Planner
from swamp_driver.workflow._problems import Problems
from swamp_driver.workflow._reports import (
    ReportCatalog,
)


def plan_workflow(  # noqa: PLR0913 - each by its name
    workflow: Workflow,
    *,
    source: str,
    directory: str,
    inputs: Mapping[str, Json],
    selection: DriverSelection,
    catalog: DriverCatalog,
    models: ModelCatalog | None = None,
    reports: ReportCatalog | None = None,
    workflows: WorkflowFinder | None = None,
) -> Plan:
    """Return the plan of a workflow: inputs checked, drivers chosen, order decided.

    Pure but for what `catalog` and `workflows` do. Every expression that uses nothing but inputs is
    evaluated. The workflows that its steps run are planned as well, as far as their inputs are
    known, and everything that is wrong with them is said.

    Args:
        workflow: From `parse_workflow`.
        source: What the file is called in messages.
        directory: The absolute path of the directory that the file is in.
        inputs: Values for the inputs, those of the command line from `parse_assignments`.
        selection: What is said about drivers outside of the file.
        catalog: Knows the drivers that are installed.
        models: Knows the models of the repository; None: there are none.
        reports: Knows the reports that there are; none by default.
        workflows: Finds the workflows that steps run; None: there are none.

    Raises:
        WorkflowError: With all problems at once: inputs that are missing, unknown or not as
            declared; expressions without a value; drivers that are unknown, wrongly configured or
            cannot do what the workflow asks; what this version cannot run.
        PluginError: A driver that is chosen outside of the file cannot be used.
    """
    problems = Problems(file=source, text=workflow.text)
    main = _Main(source, directory, selection, (catalog, models or NoModels()), workflows, reports)
    return main.plan(workflow, inputs, problems)


def plan_text(  # noqa: PLR0913 - each by its name
    text: str,
    *,
    source: str,
    directory: str,
    inputs: Mapping[str, Json],
    selection: DriverSelection,
    catalog: DriverCatalog,
    models: ModelCatalog | None = None,
    reports: ReportCatalog | None = None,
    workflows: WorkflowFinder | None = None,
) -> Plan:
    """Return the plan of the workflow that `text` is.

    What `parse_workflow` and `plan_workflow` do, but with the problems of both at once: a wrong key
    does not hide a driver that is unknown.

    Raises:
        WorkflowError: As both do.
        PluginError: A driver that is chosen outside of the file cannot be used.
    """
    problems = Problems(file=source, text=text)
    workflow = read_workflow(text, problems, vaults=selection.vaults)
    if workflow is None:
        raise problems.error()
    main = _Main(source, directory, selection, (catalog, models or NoModels()), workflows, reports)
    return main.plan(workflow, inputs, problems)


def plan_nested(  # noqa: PLR0913 - each by its name
    command: WorkflowCommand,
    *,
    nesting: Nesting,
    inputs: Mapping[str, Json],
    tiers: Sequence[PlannedTier],
    workspace: PlannedWorkspace,
    catalog: DriverCatalog,
    models: ModelCatalog | None = None,
) -> Plan:
    """Return the plan of the workflow that a step runs, now that its inputs are known.

    Pure but for what `catalog` and `models` do. What its own steps run is not looked into
    before their turn.

    Args:
        command: Of the step.
        nesting: Of the plan that the step is in.
        inputs: Those of the command, evaluated.
        tiers: Those of the command, every expression evaluated (see `literal_tier`).
        workspace: Of the plan that the step is in: there is one directory in a run.
        catalog: Knows the drivers that are installed.
        models: Knows the models of the repository; None: there are none.

    Raises:
        WorkflowError: With all problems at once.
        PluginError: A driver that is chosen outside of the file cannot be used.
    """
    file = next(one for one in nesting.files if one.path == command.path)
    nested = Nested(finder=KeptWorkflows(nesting), make=_no_planner, looks_inside=False)
    workflow, problems = nested.read(file)
    if workflow is None:
        raise problems.error()
    around = Around(
        outer=_tier_of(nesting.outer),
        inner=_tier_of(nesting.inner),
        default=nesting.default,
        catalog=catalog,
        models=models or NoModels(),
        nested=nested,
        reports=None,
    )
    caller = Caller(
        chain=(file, file), tiers=tuple(_tier_of(tier) for tier in tiers), workspace=workspace
    )
    planner = Planner(workflow, inputs, problems, caller, around)
    planner.check_capabilities(persistent=workspace.persistent, drivers=frozenset())
    problems.raise_any()
    found = planner.plan(source=file.source, directory=str(PurePath(file.path).parent))
    return attrs.evolve(found, nesting=nesting)


def _no_planner(*_: object) -> NestedPlanner:
    raise AssertionError("what nested workflows run is not looked into")


def _tier_of(tier: PlannedTier) -> Tier:
    return Tier(driver=tier.driver, config=tier.config, node_path="driverConfig")


class _Main:
    """Plans the file that is run, and all that it runs."""

    def __init__(
        self,
        source: str,
        directory: str,
        selection: DriverSelection,
        catalogs: tuple[DriverCatalog, ModelCatalog],
        workflows: WorkflowFinder | None,
        reports: ReportCatalog | None,
    ) -> None:
        self._source = source
        self._directory = directory
        self._nested = Nested(finder=workflows or NoWorkflows(), make=self._make)
        self._around = Around(
            outer=outside_tier(selection.cli_driver, selection.cli_config, path="--driver-config"),
            inner=selection.repo or Tier(),
            default=selection.default,
            catalog=catalogs[0],
            models=catalogs[1],
            nested=self._nested,
            reports=reports or ReportCatalog(),
        )

    def plan(self, workflow: Workflow, inputs: Mapping[str, Json], problems: Problems) -> Plan:
        path = str(PurePath(self._directory, PurePath(self._source).name))
        file = WorkflowFile(path=path, source=self._source, text=workflow.text)
        caller = Caller(chain=(file,), workspace=PlannedWorkspace())
        planner = Planner(workflow, inputs, problems, caller, self._around)
        planner.finish(persistent=False, drivers=frozenset())
        problems.raise_any()
        plan = planner.plan(source=self._source, directory=self._directory)
        return attrs.evolve(plan, nesting=self._nesting())

    def _make(
        self,
        workflow: Workflow,
        inputs: Mapping[str, Json],
        problems: Problems,
        caller: Caller,
    ) -> NestedPlanner:
        return Planner(workflow, inputs, problems, caller, self._around)

    def _nesting(self) -> Nesting | None:
        if not self._nested.files:
            return None
        outer, inner = self._around.outer, self._around.inner
        return Nesting(
            files=tuple(self._nested.files.values()),
            outer=PlannedTier(driver=outer.driver, config=outer.config),
            inner=PlannedTier(driver=inner.driver, config=inner.config),
            default=self._around.default,
        )
