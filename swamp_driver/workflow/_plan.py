"""Workflow -> Plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath

import attrs

from swamp_driver.spec import Json
from swamp_driver.workflow._bindings import Bindings
from swamp_driver.workflow._commands import ApprovalCommand, PlannedTier, WorkflowCommand
from swamp_driver.workflow._drivers import (
    DriverCatalog,
    DriverSelection,
    Tier,
    choose,
    file_tier,
    outside_tier,
)
from swamp_driver.workflow._entry_names import check_entry_names
from swamp_driver.workflow._graph import Graph
from swamp_driver.workflow._inputs import check_inputs
from swamp_driver.workflow._late_inputs import late_defaults
from swamp_driver.workflow._load import read_workflow
from swamp_driver.workflow._model import Job, Workflow
from swamp_driver.workflow._model_catalog import ModelCatalog, NoModels
from swamp_driver.workflow._model_step import Step
from swamp_driver.workflow._model_task import ManualApprovalTask, WorkflowTask
from swamp_driver.workflow._nesting import (
    Call,
    Caller,
    KeptWorkflows,
    Nested,
    NestedPlanner,
    NoWorkflows,
    WorkflowFinder,
    note_inputs,
    plan_call,
)
from swamp_driver.workflow._output_targets import with_takes
from swamp_driver.workflow._plan_method import MethodPlanner
from swamp_driver.workflow._plan_step import StepPlanner
from swamp_driver.workflow._planned import (
    Nesting,
    Plan,
    PlannedDependency,
    PlannedJob,
    PlannedStep,
    PlannedWorkspace,
    WorkflowFile,
)
from swamp_driver.workflow._problems import Place, Problems
from swamp_driver.workflow._report_shape import ReportName
from swamp_driver.workflow._reports import (
    FoundReports,
    ReportCatalog,
    WantedReport,
    plan_reports,
)
from swamp_driver.workflow._scope import InputsScope
from swamp_driver.workflow._static import Static
from swamp_driver.workflow._steps_seen import graphs_of


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
    around = _Around(
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
    planner = _Planner(workflow, inputs, problems, caller, around)
    planner.check_capabilities(persistent=workspace.persistent, drivers=frozenset())
    problems.raise_any()
    found = planner.plan(source=file.source, directory=str(PurePath(file.path).parent))
    return attrs.evolve(found, nesting=nesting)


def _no_planner(*_: object) -> NestedPlanner:
    raise AssertionError("what nested workflows run is not looked into")


def _tier_of(tier: PlannedTier) -> Tier:
    return Tier(driver=tier.driver, config=tier.config, node_path="driverConfig")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class _Around:
    """What all workflows of one plan are planned with."""

    outer: Tier
    inner: Tier
    default: str
    catalog: DriverCatalog
    models: ModelCatalog
    nested: Nested
    reports: ReportCatalog | None
    """None where the reports of the run are decided already."""


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
        self._around = _Around(
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
        planner = _Planner(workflow, inputs, problems, caller, self._around)
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
        return _Planner(workflow, inputs, problems, caller, self._around)

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


class _Planner:
    """Plans one workflow; `problems` may hold what was wrong with it when it was read."""

    def __init__(
        self,
        workflow: Workflow,
        inputs: Mapping[str, Json],
        problems: Problems,
        caller: Caller,
        around: _Around,
    ) -> None:
        self._workflow = workflow
        self._problems = problems
        self._caller = caller
        self._around = around
        wrong = Problems(file=problems.file, text=workflow.text)
        self._defaults = late_defaults(workflow.inputs, (*inputs, *caller.later))
        later = caller.later | self._defaults.keys()
        self._inputs = check_inputs(workflow.inputs, inputs, wrong, later=later)
        if caller.is_nested:
            note_inputs(wrong, caller, problems)
        else:
            problems.take(wrong.found)
        # where an input is missing or a name is wrong, much has no value: said once is enough
        noted = Problems(file=problems.file) if problems else problems
        scope = InputsScope(
            inputs=self._inputs, later=frozenset(later), late=frozenset(self._defaults)
        )
        self._static = Static(scope, noted)
        self._bindings = Bindings(around.catalog, self._static, problems)
        self._methods = MethodPlanner(self._static, problems, around.models, workflow.inputs)
        self._graphs = graphs_of(workflow, problems)
        problems.know_file(around.inner.file, around.inner.file_text)
        self._inside: list[NestedPlanner] = []
        self._static.check(attrs.evolve(workflow, jobs=()))
        self._name = self._static.text(workflow.name)
        self._workspace = self._plan_workspace(self._name)
        self._jobs = with_takes(self._plan_jobs())
        check_entry_names(workflow, self._static.scope, self._problems)
        self._reports = self._plan_reports()
        self.asks = any(inside.asks for inside in self._inside) or any(
            isinstance(step.command, ApprovalCommand) for job in self._jobs for step in job.steps
        )

    @property
    def problems(self) -> Problems:
        """Return what is wrong."""
        return self._problems

    def finish(self, *, persistent: bool, drivers: frozenset[str]) -> None:
        """Note what only the whole run can tell, here and in all that the workflow runs."""
        persistent = persistent or self._workspace.persistent
        self.check_capabilities(persistent=persistent, drivers=drivers)
        for inside in self._inside:
            inside.finish(persistent=persistent, drivers=drivers | self._bindings.keys)
            self._problems.take(inside.problems.found)

    def check_capabilities(self, *, persistent: bool, drivers: frozenset[str]) -> None:
        """Note drivers that cannot do what the run asks; `drivers` are used around it."""
        self._bindings.check_capabilities(
            persistent=persistent,
            asks=self.asks,
            services={step.binding for job in self._jobs for step in job.steps if step.background},
            others=drivers,
        )

    def plan(self, *, source: str, directory: str) -> Plan:
        """Return the plan, where there are no problems."""
        workflow, static, name = self._workflow, self._static, self._name
        return Plan(
            workflow=name,
            workflow_id=static.text(workflow.id) if workflow.id else PurePath(source).stem,
            version=static.whole(workflow.version, workflow.where.value("version")),
            description=static.text_or_written(workflow.description),
            tags={key: static.text(value) for key, value in workflow.tags.items()},
            source=source,
            directory=directory,
            inputs=self._inputs,
            defaults=self._defaults,
            workspace=self._workspace,
            concurrency=self._concurrency(workflow),
            bindings=self._bindings.planned,
            models=self._methods.planned,
            jobs=self._jobs,
            reports=self._reports,
            asks=self.asks,
        )

    def _plan_reports(self) -> FoundReports:
        catalog, written = self._around.reports, self._workflow.reports
        if catalog is None:
            return FoundReports()
        return plan_reports(
            require=_wanted(written.require) if written else (),
            skip=_wanted(written.skip) if written else (),
            catalog=catalog,
            problems=self._problems,
        )

    def _plan_workspace(self, name: str) -> PlannedWorkspace:
        written, static = self._workflow.workspace, self._static
        enabled = static.flag(written.enabled, written.where.value("enabled"))
        persistent = static.flag(written.persistent, written.where.value("persistent"))
        if persistent and not enabled:
            place = written.where.value("persistent")
            self._problems.add("a workspace that is disabled cannot be persistent", place)
        if self._caller.is_nested:
            # One directory in a run: what a nested file says of it is for runs of its own; but its
            # steps may keep apart, which needs no directory.
            around = self._caller.workspace
            if written.where.has("enabled") and enabled and not around.enabled:
                what = "the workspace is disabled in the workflow that runs this one"
                self._problems.add(what, written.where.value("enabled"))
            return attrs.evolve(around, enabled=around.enabled and enabled)
        return PlannedWorkspace(
            enabled=enabled,
            persistent=persistent,
            key=static.text(written.key) if written.key else name,
            preserve=written.preserve,
        )

    def _concurrency(self, record: Workflow | Job | Step) -> int | None:
        """Return the bound; 0 is none."""
        return self._static.whole(record.concurrency, record.where.value("concurrency")) or None

    def _weight(self, record: Job | Step) -> int:
        place = record.where.value("weight")
        return self._static.whole(record.weight, place, minimum=-(2**31))

    def _plan_jobs(self) -> tuple[PlannedJob, ...]:
        names = self._job_names()
        steps = StepPlanner(
            self._static, self._problems, self._workflow, self._workspace, self._methods
        )
        order = _order(
            self._graphs.jobs,
            [(self._weight(job), names[job.name.text]) for job in self._workflow.jobs],
        )
        planned = []
        for number in order:
            job = self._workflow.jobs[number]
            self._static.check(attrs.evolve(job, steps=()))
            planned.append(
                PlannedJob(
                    name=names[job.name.text],
                    description=self._static.text_or_written(job.description),
                    steps=self._steps(job, self._graphs.steps[number], steps),
                    depends_on=tuple(
                        PlannedDependency(on=names.get(d.job.text, ""), condition=d.condition)
                        for d in job.depends_on
                    ),
                    weight=self._weight(job),
                    concurrency=self._concurrency(job),
                )
            )
        return tuple(planned)

    def _job_names(self) -> dict[str, str]:
        """Return the names of the jobs, evaluated, by their names as written."""
        names: dict[str, str] = {}
        for job in self._workflow.jobs:
            name = self._static.text(job.name) or job.name.text
            if name in names.values():
                place = job.where.value("name")
                self._problems.add(f"there are two jobs with the name {name!r}", place)
            names[job.name.text] = name
        return names

    def _steps(self, job: Job, graph: Graph, steps: StepPlanner) -> tuple[PlannedStep, ...]:
        order = _order(graph, [(self._weight(step), step.name.text) for step in job.steps])
        planned = (self._step(job.steps[position], job, steps) for position in order)
        return tuple(step for step in planned if step is not None)

    def _step(self, step: Step, job: Job, steps: StepPlanner) -> PlannedStep | None:
        tiers = (
            self._tier(step),
            self._tier(job),
            self._tier(self._workflow),
            *self._caller.tiers,
        )
        needs_driver = not isinstance(step.task, WorkflowTask | ManualApprovalTask)
        target = self._methods.target(step)
        own = target.tier if target else Tier()
        all_tiers = [self._around.outer, *tiers, own, self._around.inner]
        choice = choose(all_tiers, default=self._around.default)
        return steps.plan(
            step,
            weight=self._weight(step),
            concurrency=self._concurrency(step),
            binding=self._bindings.bind(choice) if needs_driver else "",
            target=target,
            nested=self._call(step.task, tiers) if isinstance(step.task, WorkflowTask) else None,
        )

    def _call(self, task: WorkflowTask, tiers: tuple[Tier, ...]) -> WorkflowCommand | None:
        """Return what a step does that runs a workflow, and keep the planner of that one."""
        call = Call(
            task=task,
            tiers=tiers,
            static=self._static,
            problems=self._problems,
            text=self._workflow.text,
            caller=attrs.evolve(self._caller, workspace=self._workspace),
        )
        planned = plan_call(call, self._around.nested)
        if planned is None:
            return None
        command, inside = planned
        self._inside += [inside] if inside else []
        return command

    def _tier(self, record: Workflow | Job | Step) -> Tier:
        where = record.where
        return file_tier(
            self._static.text(record.driver) if record.driver else None,
            record.driver_config,
            place=where.value("driver" if where.has("driver") else "driverConfig"),
            node_path=where.value("driverConfig").path,
        )


def _wanted(names: Sequence[ReportName]) -> tuple[WantedReport, ...]:
    return tuple(
        WantedReport(
            name=one.name.text,
            methods=tuple(method.text for method in one.methods),
            place=Place(one.path, one.name.line, one.name.column),
        )
        for one in names
    )


def _order(graph: Graph, ranks: list[tuple[int, str]]) -> list[int]:
    """Return the vertices in the order in which they would start if each ended at once."""
    return sorted(range(len(ranks)), key=lambda number: (graph.level[number], *ranks[number]))
