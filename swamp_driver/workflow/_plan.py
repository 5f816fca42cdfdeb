"""Workflow -> Plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath

import attrs

from swamp_driver.spec import Json
from swamp_driver.workflow._bindings import Bindings
from swamp_driver.workflow._drivers import (
    DriverCatalog,
    DriverSelection,
    Tier,
    choose,
    file_tier,
    outside_tier,
)
from swamp_driver.workflow._graph import Graph
from swamp_driver.workflow._inputs import check_inputs
from swamp_driver.workflow._load import read_workflow
from swamp_driver.workflow._model import Job, Workflow
from swamp_driver.workflow._model_step import Step
from swamp_driver.workflow._output_targets import with_takes
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


def plan_workflow(  # noqa: PLR0913 - each is a thing of its own
    workflow: Workflow,
    *,
    source: str,
    directory: str,
    inputs: Mapping[str, Json],
    selection: DriverSelection,
    catalog: DriverCatalog,
    reports: ReportCatalog | None = None,
) -> Plan:
    """Return the plan of a workflow: inputs checked, drivers chosen, order decided.

    Pure but for what `catalog` does. Every expression that uses nothing but inputs is evaluated.

    Args:
        workflow: From `parse_workflow`.
        source: What the file is called in messages.
        directory: The absolute path of the directory that the file is in.
        inputs: Values for the inputs, those of the command line from `parse_assignments`.
        selection: What is said about drivers outside of the file.
        catalog: Knows the drivers that are installed.
        reports: Knows the reports that there are; none by default.

    Raises:
        WorkflowError: With all problems at once: inputs that are missing, unknown or not as
            declared; expressions without a value; drivers that are unknown, wrongly configured or
            cannot do what the workflow asks; what this version cannot run.
        PluginError: A driver that is chosen outside of the file cannot be used.
    """
    problems = Problems(file=source, text=workflow.text)
    planner = _Planner(workflow, inputs, selection, catalog, problems)
    return planner.plan(source=source, directory=directory, reports=reports or ReportCatalog())


def plan_text(  # noqa: PLR0913 - each is a thing of its own
    text: str,
    *,
    source: str,
    directory: str,
    inputs: Mapping[str, Json],
    selection: DriverSelection,
    catalog: DriverCatalog,
    reports: ReportCatalog | None = None,
) -> Plan:
    """Return the plan of the workflow that `text` is.

    What `parse_workflow` and `plan_workflow` do, but with the problems of both at once: a wrong key
    does not hide a driver that is unknown.

    Raises:
        WorkflowError: As both do.
        PluginError: A driver that is chosen outside of the file cannot be used.
    """
    problems = Problems(file=source, text=text)
    workflow = read_workflow(text, problems)
    if workflow is None:
        raise problems.error()
    planner = _Planner(workflow, inputs, selection, catalog, problems)
    return planner.plan(source=source, directory=directory, reports=reports or ReportCatalog())


class _Planner:
    """Plans one workflow; `problems` may hold what was wrong with it when it was read."""

    def __init__(
        self,
        workflow: Workflow,
        inputs: Mapping[str, Json],
        selection: DriverSelection,
        catalog: DriverCatalog,
        problems: Problems,
    ) -> None:
        self._workflow = workflow
        self._selection = selection
        self._problems = problems
        self._inputs = check_inputs(workflow.inputs, inputs, problems)
        # where an input is missing or a name is wrong, much has no value: said once is enough
        noted = Problems(file=problems.file) if problems else problems
        self._static = Static(InputsScope(inputs=self._inputs), noted)
        self._bindings = Bindings(catalog, self._static, problems)
        self._graphs = graphs_of(workflow, problems)
        self._outer = outside_tier(
            selection.cli_driver, selection.cli_config, path="--driver-config"
        )
        self._inner = selection.repo or Tier()
        problems.know_file(self._inner.file, self._inner.file_text)

    def plan(self, *, source: str, directory: str, reports: ReportCatalog) -> Plan:
        """Return the plan; raise all problems."""
        workflow, static = self._workflow, self._static
        static.check(attrs.evolve(workflow, jobs=()))
        name = static.text(workflow.name)
        workspace = self._workspace(name)
        jobs = self._jobs(workspace)
        self._bindings.check_capabilities(
            persistent=workspace.persistent,
            services={step.binding for job in jobs for step in job.steps if step.background},
        )
        found = self._reports(reports)
        self._problems.raise_any()
        return Plan(
            workflow=name,
            workflow_id=static.text(workflow.id) if workflow.id else PurePath(source).stem,
            version=static.whole(workflow.version, workflow.where.value("version")),
            description=static.text_or_written(workflow.description),
            tags={key: static.text(value) for key, value in workflow.tags.items()},
            source=source,
            directory=directory,
            inputs=self._inputs,
            workspace=workspace,
            concurrency=self._concurrency(workflow),
            bindings=self._bindings.planned,
            jobs=with_takes(jobs),
            reports=found,
        )

    def _reports(self, catalog: ReportCatalog) -> FoundReports:
        written = self._workflow.reports
        return plan_reports(
            require=_wanted(written.require) if written else (),
            skip=_wanted(written.skip) if written else (),
            catalog=catalog,
            problems=self._problems,
        )

    def _workspace(self, name: str) -> PlannedWorkspace:
        written, static = self._workflow.workspace, self._static
        enabled = static.flag(written.enabled, written.where.value("enabled"))
        persistent = static.flag(written.persistent, written.where.value("persistent"))
        if persistent and not enabled:
            place = written.where.value("persistent")
            self._problems.add("a workspace that is disabled cannot be persistent", place)
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

    def _jobs(self, workspace: PlannedWorkspace) -> tuple[PlannedJob, ...]:
        names = self._job_names()
        steps = StepPlanner(self._static, self._problems, self._workflow, workspace)
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
            name = self._static.text(job.name)
            if name in names.values():
                place = job.where.value("name")
                self._problems.add(f"there are two jobs with the name {name!r}", place)
            names[job.name.text] = name
        return names

    def _steps(self, job: Job, graph: Graph, steps: StepPlanner) -> tuple[PlannedStep, ...]:
        order = _order(graph, [(self._weight(step), step.name.text) for step in job.steps])
        planned = (
            steps.plan(
                job.steps[position],
                weight=self._weight(job.steps[position]),
                concurrency=self._concurrency(job.steps[position]),
                binding=self._bindings.bind(
                    choose(
                        [
                            self._outer,
                            self._tier(job.steps[position]),
                            self._tier(job),
                            self._tier(self._workflow),
                            self._inner,
                        ],
                        default=self._selection.default,
                    )
                ),
            )
            for position in order
        )
        return tuple(step for step in planned if step is not None)

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
