"""Plan -> PlanOutline."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs

from swamp_driver.errors import WorkflowError
from swamp_driver.host._masking import looks_secret
from swamp_driver.host._pass_env import passed_env
from swamp_driver.host._repository import find_repository
from swamp_driver.host._settings import HostSettings
from swamp_driver.host._workspaces import persistent_name
from swamp_driver.host.models import RepositoryModels
from swamp_driver.host.outline._values import (
    BindingOutline,
    Known,
    OptionOutline,
    PassedVariable,
    PlanOutline,
    StepOutline,
)
from swamp_driver.spec import OptionInfo, config_options, structure_config
from swamp_driver.workflow import (
    ConfigTree,
    DriverCatalog,
    KnownTree,
    Plan,
    PlannedBinding,
    PlannedStep,
    RunScope,
    Template,
    WorkflowCommand,
    bind_call,
    command_trees,
    expand_for_each,
    known_tree,
    plan_nested,
    self_of,
    waits_for,
)


def outline_plan(
    plan: Plan,
    *,
    catalog: DriverCatalog,
    environ: Mapping[str, str],
    settings: HostSettings,
) -> PlanOutline:
    """Return what would happen if `plan` were run here; nothing is run or made.

    Pure but for what `catalog` does. `environ` is the environment that `passEnv` chooses from.

    Raises:
        WorkflowError: A `forEach` whose values are known cannot be run: two entries with one name.
        PluginError: A driver of the plan is not there any more.
    """
    bindings = {one.id: _binding(one, plan, catalog, environ) for one in plan.bindings}
    return PlanOutline(
        plan=plan,
        workspace_path=_workspace_path(plan, settings),
        bindings=tuple(bindings.values()),
        steps=tuple(
            attrs.evolve(
                _step(step, job.name, plan, bindings.get(step.binding)),
                inside=_inside(step, job.name, plan, catalog),
            )
            for job in plan.jobs
            for step in job.steps
        ),
    )


def _workspace_path(plan: Plan, settings: HostSettings) -> str | None:
    if not plan.workspace.enabled:
        return None
    if plan.workspace.persistent:
        run_dir = settings.persistent_dir / persistent_name(plan.workspace.key)
    else:
        run_dir = settings.runs_dir / "<run id>"
    return str(run_dir / "workspace")


def _binding(
    binding: PlannedBinding, plan: Plan, catalog: DriverCatalog, environ: Mapping[str, str]
) -> BindingOutline:
    info = catalog.describe(binding.driver)
    config = {key: known_tree(tree, plan.inputs) for key, tree in binding.config.items()}
    declared = [option for option in config_options(info.config) if "." not in option.key]
    unknown = config.keys() - {option.key for option in declared}
    return BindingOutline(
        id=binding.id,
        driver=binding.driver,
        summary=info.summary,
        options=(
            *(_option(option, config) for option in declared),
            *(OptionOutline(key=key, text="", known="unknown") for key in sorted(unknown)),
        ),
        passed=tuple(
            PassedVariable(name=name, secret=looks_secret(name))
            for name in sorted(passed_env(_patterns(binding, info.config, config), environ))
        ),
    )


def _patterns(
    binding: PlannedBinding, options: type, config: Mapping[str, KnownTree]
) -> Iterator[str]:
    """Yield the patterns of `passEnv`, as far as they are known."""
    if binding.is_static:
        yield from getattr(structure_config(options, config), "pass_env", None) or ()  # type: ignore[arg-type]
        return
    patterns = config.get("passEnv")
    for pattern in patterns if isinstance(patterns, list) else ():
        if isinstance(pattern, str):
            yield pattern


def _option(option: OptionInfo, config: Mapping[str, KnownTree]) -> OptionOutline:
    if option.secret:
        return OptionOutline(key=option.key, text="", known="secret")
    if option.key not in config:
        known: Known = "missing" if option.required else "default"
        return OptionOutline(key=option.key, text=_default(option), known=known)
    value = config[option.key]
    known = "at run time" if _has_template(value) else "given"
    return OptionOutline(key=option.key, text=_text(value), known=known)


def _default(option: OptionInfo) -> str:
    return _text(json.loads(option.default_text)) if option.default_text else ""


def _has_template(tree: KnownTree) -> bool:
    match tree:
        case Template():
            return True
        case list():
            return any(_has_template(item) for item in tree)
        case dict():
            return any(_has_template(item) for item in tree.values())
        case _:
            return False


def _text(value: KnownTree | ConfigTree) -> str:
    """Return a value as JSON, and a text that cannot be mistaken for other JSON as it is."""
    if isinstance(value, Template):
        return value.text
    if isinstance(value, str) and not _is_json(value):
        return value
    return json.dumps(value, default=lambda template: template.text, ensure_ascii=False)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return not text.strip()
    return True


def _step(step: PlannedStep, job: str, plan: Plan, binding: BindingOutline | None) -> StepOutline:
    passed = {one.name: one.secret for one in (binding.passed if binding else ())}
    entries = _entries(step, job, plan)
    known = frozenset({"self"}) if entries is not None else frozenset[str]()
    return StepOutline(
        planned=step,
        entries=entries,
        env=tuple(sorted({*step.env, *passed})),
        secrets=tuple(sorted(_secrets(step, passed))),
        open=tuple(
            (key, _text(tree))
            for key, tree in _trees(step)
            if waits_for(tree, plan.defaults) - known
        ),
    )


def _secrets(step: PlannedStep, passed: Mapping[str, bool]) -> Iterator[str]:
    """Yield the names of variables whose values are secret: passed on, or from a vault."""
    yield from (name for name in passed if passed[name] and name not in step.env)
    yield from (name for name, value in step.env.items() if "vault" in waits_for(value))


def _entries(step: PlannedStep, job: str, plan: Plan) -> tuple[str, ...] | None:
    """Return the names of the iterations; None where values or names must wait for the run."""
    if step.for_each is None:
        return ()
    values, late = step.for_each.values, plan.defaults
    if waits_for(values, late) or waits_for(step.name, late) - {"self"}:
        return None
    scope = _scope(plan, job)
    return tuple(iteration.name for iteration in expand_for_each(step, scope))


def _inside(
    step: PlannedStep, job: str, plan: Plan, catalog: DriverCatalog
) -> tuple[str, ...] | None:
    """Return the steps of the workflow that a step runs, as far as its inputs are known."""
    command = step.command
    if not isinstance(command, WorkflowCommand) or plan.nesting is None:
        return ()
    if any(waits_for(tree, plan.defaults) for _, tree in command_trees(command)):
        return None
    try:
        call = bind_call(step, command, scope=_scope(plan, job))
        nested = plan_nested(
            command,
            nesting=plan.nesting,
            inputs=call.inputs,
            tiers=call.tiers,
            workspace=plan.workspace,
            catalog=catalog,
            models=RepositoryModels(find_repository(Path(plan.directory))),
        )
    except WorkflowError:
        return None  # an option of a driver that only the run can tell
    drivers = {binding.id: f" [{binding.driver}]" for binding in nested.bindings}
    return tuple(
        f"{inner.name}/{one.name.text}{drivers.get(one.binding, '')}"
        for inner in nested.jobs
        for one in inner.steps
    )


def _scope(plan: Plan, job: str) -> RunScope:
    """Return what is known before the run."""
    return RunScope(
        inputs=plan.inputs,
        run_id="",
        workflow=plan.workflow,
        started_at=0.0,
        workspace_path=None,
        job=job,
        self_values=self_of(plan),
        source=plan.source,
        directory=plan.directory,
    )


def _trees(step: PlannedStep) -> Iterator[tuple[str, ConfigTree]]:
    """Yield all that may hold expressions, but the script: what a person reads as it is written."""
    yield "name", step.name
    if step.for_each is not None:
        yield "forEach.in", step.for_each.values
    for name, value in step.env.items():
        yield f"env.{name}", value
    yield "workingDir", step.working_dir
    if step.background is not None and (ready := step.background.ready_when) is not None:
        yield "readyWhen.port", ready.port
        yield "readyWhen.log", ready.log
    yield from command_trees(step.command)
    yield "once", step.once
    for output in step.outputs:
        yield "outputs", output.path
