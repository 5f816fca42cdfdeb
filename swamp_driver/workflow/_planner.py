"""Plans one workflow of a plan: that of the file which is run, or one that a step runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath

import attrs

from swamp_driver.spec import Json
from swamp_driver.workflow._bindings import Bindings
from swamp_driver.workflow._commands import ApprovalCommand, WorkflowCommand
from swamp_driver.workflow._drivers import (
    DriverCatalog,
    Tier,
    choose,
    file_tier,
)
from swamp_driver.workflow._entry_names import check_entry_names
from swamp_driver.workflow._graph import Graph
from swamp_driver.workflow._inputs import check_inputs
from swamp_driver.workflow._late_inputs import late_defaults
from swamp_driver.workflow._model import Job, Workflow
from swamp_driver.workflow._model_catalog import ModelCatalog
from swamp_driver.workflow._model_step import Step
from swamp_driver.workflow._model_task import ManualApprovalTask, WorkflowTask
from swamp_driver.workflow._nesting import (
    Call,
    Caller,
    Nested,
    NestedPlanner,
    note_inputs,
    plan_call,
)
from swamp_driver.workflow._output_targets import with_takes
from swamp_driver.workflow._plan_method import MethodPlanner
from swamp_driver.workflow._plan_step import StepPlanner
from swamp_driver.workflow._planned import (
    Plan,
    PlannedDependency,
    PlannedJob,
    PlannedStep,
    PlannedWorkspace,
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


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Around:
    """What all workflows of one plan are planned with."""

    outer: Tier
    inner: Tier
    default: str
    catalog: DriverCatalog
    models: ModelCatalog
    nested: Nested
    reports: ReportCatalog | None
    """None where the reports of the run are decided already."""


class Planner:
    """Plans one workflow; `problems` may hold what was wrong with it when it was read."""

    def __init__(
        self,
        workflow: Workflow,
        inputs: Mapping[str, Json],
        problems: Problems,
        caller: Caller,
        around: Around,
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
