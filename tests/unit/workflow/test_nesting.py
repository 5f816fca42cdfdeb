"""Workflows that run workflows, as values: what is handed on, what is kept, what is refused."""

from __future__ import annotations

import re

import attrs
import pytest

from swamp_driver.errors import WorkflowError
from swamp_driver.spec import Json
from swamp_driver.workflow import (
    ApprovalCommand,
    DriverSelection,
    Plan,
    PlannedTier,
    RunScope,
    Template,
    WorkflowCommand,
    WorkflowFile,
    WorkflowNotFoundError,
    bind_call,
    bind_question,
    id_of_path,
    literal,
    plan_nested,
    plan_text,
    step_path,
)
from tests.unit.workflow.builders import Catalog


@attrs.frozen
class Shelf:
    """Finds workflows by their names."""

    texts: dict[str, str]

    def find(self, name: str, *, caller: WorkflowFile) -> WorkflowFile:
        """Return the workflow of that name."""
        if name not in self.texts:
            raise WorkflowNotFoundError(f"{caller.source} knows no {name}")
        return WorkflowFile(path=f"/shelf/{name}.yaml", source=name, text=self.texts[name])


def planned(text: str, inputs: dict[str, Json] | None = None, **texts: str) -> Plan:
    """Return the plan of a workflow with other workflows beside it."""
    return plan_text(
        f"name: main\n{text}",
        source="main.yaml",
        directory="/",
        inputs=inputs or {},
        selection=DriverSelection(),
        catalog=Catalog(),
        workflows=Shelf({name: f"name: {name}\n{body}" for name, body in texts.items()}),
    )


def a_scope(plan: Plan, **fields: object) -> RunScope:
    """Return what expressions know in a run of the plan."""
    values: dict[str, object] = {
        "inputs": plan.inputs,
        "run_id": "r00000000001",
        "workflow": plan.workflow,
        "started_at": 0.0,
        "workspace_path": "/w",
        "job": "j",
    }
    return RunScope(**(values | fields))  # type: ignore[arg-type]


def nested_plan(plan: Plan, scope: RunScope) -> Plan:
    """Return what the first step of a plan runs, planned as a run does it."""
    step = plan.jobs[0].steps[0]
    assert isinstance(step.command, WorkflowCommand)
    assert plan.nesting is not None
    call = bind_call(step, step.command, scope=scope)
    return plan_nested(
        step.command,
        nesting=plan.nesting,
        inputs=call.inputs,
        tiers=call.tiers,
        workspace=plan.workspace,
        catalog=Catalog(),
    )


def test_a_nested_workflow_is_planned_again_when_its_inputs_are_known() -> None:
    """Defaults apply, what is static by now is evaluated, and no file is needed."""
    plan = planned(
        """
jobs:
  - name: j
    steps:
      - name: call
        task: {type: workflow, workflowIdOrName: inner, inputs: {word: "${{ run.id }}"}}
""",
        inner="""
inputs: {word: {type: string}, more: {type: integer, default: 2}}
jobs:
  - name: do ${{ inputs.word }}
    concurrency: ${{ inputs.more }}
    steps: [{name: s, run: x}]
""",
    )
    inner = nested_plan(plan, a_scope(plan))
    assert (inner.jobs[0].name, inner.jobs[0].concurrency) == ("do r00000000001", 2)
    assert inner.inputs == {"word": "r00000000001", "more": 2}
    assert inner.nesting == plan.nesting


def test_options_of_the_caller_are_evaluated_where_they_stand() -> None:
    """`inputs` in them are those of the caller, and what only looks like an expression is none."""
    plan = planned(
        """
inputs: {image: {type: string}}
driver: docker
driverConfig: {image: "${{ inputs.image }}"}
jobs:
  - name: j
    steps:
      - {name: call, task: {type: workflow, workflowIdOrName: inner}}
""",
        inputs={"image": "a${{ inputs.none }}b"},
        inner="jobs: [{name: j, steps: [{name: s, run: x}]}]",
    )
    inner = nested_plan(plan, a_scope(plan))
    (binding,) = inner.bindings
    assert binding.driver == "docker"
    assert binding.config == {"image": Template("a${{ '${{' }} inputs.none }}b")}


def test_the_workspace_of_a_nested_workflow_is_that_of_the_run() -> None:
    """What it says of a workspace of its own has no effect; a contradiction is said."""
    call = """
jobs:
  - name: j
    steps: [{name: call, task: {type: workflow, workflowIdOrName: inner}}]
"""
    inner = "workspace: {persistent: true, key: k}\njobs: [{name: j, steps: [{name: s, run: x}]}]"
    plan = planned(call, inner=inner)
    assert nested_plan(plan, a_scope(plan)).workspace == plan.workspace
    apart = planned(call, inner=inner.replace("persistent: true, key: k", "enabled: false"))
    assert not nested_plan(apart, a_scope(apart)).workspace.enabled
    with pytest.raises(WorkflowError) as caught:
        planned(
            f"workspace: {{enabled: false}}{call}",
            inner=inner.replace("persistent: true, key: k", "enabled: true"),
        )
    assert str(caught.value) == (
        "inner:2:22: workspace.enabled: "
        "the workspace is disabled in the workflow that runs this one"
    )


def test_a_plan_knows_whether_anything_in_it_asks() -> None:
    """Drivers must be able to take up the workspace again, also for a question deep inside."""
    call = "jobs: [{name: j, steps: [{name: s, task: {type: workflow, workflowIdOrName: %s}}]}]"
    ask = "jobs: [{name: j, steps: [{name: s, task: {type: manual_approval, prompt: go?}}]}]"
    run = "jobs: [{name: j, steps: [{name: s, run: x}]}]"
    assert planned(call % "a", a=call % "b", b=ask).asks
    assert not planned(call % "a", a=call % "b", b=run).asks


def test_a_workflow_that_is_not_found_is_a_problem_of_the_step() -> None:
    """With the place of its name."""
    with pytest.raises(WorkflowError) as caught:
        planned(
            "jobs: [{name: j, steps: [{name: s, task: {type: workflow, workflowIdOrName: x}}]}]"
        )
    assert str(caught.value) == (
        "main.yaml:2:77: jobs[0].steps[0].task.workflowIdOrName: main.yaml knows no x"
    )


@pytest.mark.parametrize(
    "value", [None, True, 1, 1.5, "plain", "a ${{ x }} ${{", ["${{ x }}", {"k": "${{ y }}"}]]
)
def test_a_literal_has_its_value_whatever_it_looks_like(value: Json) -> None:
    """Values are never scanned again."""
    plan = planned("jobs: [{name: j, steps: [{name: s, run: x}]}]")
    command = WorkflowCommand(path="/x", source="x", inputs={"v": literal(value)})
    call = bind_call(plan.jobs[0].steps[0], command, scope=a_scope(plan))
    assert call.inputs == {"v": value}


def test_a_question_has_its_words_and_its_time() -> None:
    """Both may need the run; a time-out is a number of seconds, and 0 is none."""
    plan = planned("inputs: {n: {default: 0}}\njobs: [{name: j, steps: [{name: s, run: x}]}]")
    step = plan.jobs[0].steps[0]
    command = ApprovalCommand(prompt=Template("${{ run.id }}?"), timeout_s=Template("${{ 60 }}"))
    found = bind_question(step, command, scope=a_scope(plan))
    assert (found.prompt, found.timeout_s) == ("r00000000001?", 60)
    never = attrs.evolve(command, timeout_s=0)
    assert bind_question(step, never, scope=a_scope(plan)).timeout_s is None
    wrong = attrs.evolve(command, timeout_s=Template("${{ 'soon' }}"))
    with pytest.raises(WorkflowError, match="'soon' is no time-out"):
        bind_question(step, wrong, scope=a_scope(plan))
    for key in ("prompt", "timeout_s"):
        absent = attrs.evolve(command, **{key: Template("${{ env.NONE }}")})
        with pytest.raises(WorkflowError, match="the environment has no variable 'NONE'"):
            bind_question(step, absent, scope=a_scope(plan))


def test_what_has_no_value_fails_the_call() -> None:
    """An input or an option that only the run knows, and that it does not know."""
    plan = planned("jobs: [{name: j, steps: [{name: s, run: x}]}]")
    step = plan.jobs[0].steps[0]
    none = Template("${{ env.NONE }}")
    for fields in ({"inputs": {"v": none}}, {"tiers": (PlannedTier(config={"image": none}),)}):
        command = WorkflowCommand(path="/x", source="x", **fields)
        with pytest.raises(WorkflowError, match="the environment has no variable 'NONE'"):
            bind_call(step, command, scope=a_scope(plan))


def test_ids_of_steps_are_short_and_tell_steps_apart() -> None:
    """They are names of files and containers, and the same when the run goes on."""
    assert step_path("", "s1") == "s1"
    assert step_path("s1-2", "s3", 4) == "s1-2-s3-4"
    deep = [step_path("-".join(["s100"] * 12), "s1", number) for number in (1, 2)]
    ids = [id_of_path(path) for path in deep]
    assert len(set(ids)) == 2
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", one) for one in ids)
    assert ids == [id_of_path(path) for path in deep]
