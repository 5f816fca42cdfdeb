"""What a plan decides: order, values, what this version can run."""

from __future__ import annotations

import copy

import attrs
import jsonschema
import pytest

import swamp_driver.workflow as workflow_package
from swamp_driver.errors import WorkflowError
from swamp_driver.spec import Json
from swamp_driver.workflow import (
    ApprovalCommand,
    Command,
    DriverSelection,
    GroupCondition,
    MethodCommand,
    NotCondition,
    PlannedDependency,
    PlannedForEach,
    PlannedOutput,
    PlannedStep,
    PlannedTier,
    PlannedWorkspace,
    ShellCommand,
    SimpleCondition,
    Template,
    WorkflowCommand,
    json_schema,
    parse_workflow,
    plan_from_json,
    plan_to_json,
    plan_workflow,
)
from tests.unit.workflow.builders import Catalog, one_step, plan, problems, step_of


def _steps(lines: str) -> str:
    """Return a workflow of one job with steps of one line each."""
    steps = "\n".join(f"      - {line}" for line in lines.strip().splitlines())
    return f"name: ci\njobs:\n  - name: build\n    steps:\n{steps}\n"


def shell_command(step: PlannedStep) -> ShellCommand:
    """Return the script that a step runs."""
    assert isinstance(step.command, ShellCommand)
    return step.command


def test_steps_are_in_the_order_in_which_they_would_start() -> None:
    """Levels of the graph, then weight, then name."""
    planned = plan(
        _steps(
            """
            {name: z, run: a}
            {name: last, run: a, dependsOn: [{step: mid, condition: {type: always}}]}
            {name: mid, run: a, dependsOn: [{step: z, condition: {type: always}}]}
            {name: a, run: a, weight: 5}
            {name: b, run: a}
            {name: c, run: a, weight: -1}
            """
        )
    )
    assert [step.name.text for step in planned.jobs[0].steps] == ["c", "b", "z", "a", "mid", "last"]
    assert [step.id for step in planned.jobs[0].steps] == ["s1", "s2", "s3", "s4", "s5", "s6"]


def test_jobs_are_in_the_order_in_which_they_would_start() -> None:
    """As steps are."""
    jobs = {"d": "bc", "c": "a", "b": "a", "a": ""}
    text = "name: ci\njobs:\n"
    for name, needs in jobs.items():
        waits = ", ".join(f"{{job: {other}, condition: {{type: succeeded}}}}" for other in needs)
        weight = 1 if name == "b" else 0
        text += f"  - name: {name}\n    weight: {weight}\n    dependsOn: [{waits}]\n"
        text += "    steps: [{name: x, run: a}]\n"
    planned = plan(text)
    assert [job.name for job in planned.jobs] == ["a", "c", "b", "d"]
    assert planned.jobs[-1].depends_on == (
        PlannedDependency(on="b", condition=SimpleCondition(type="succeeded")),
        PlannedDependency(on="c", condition=SimpleCondition(type="succeeded")),
    )


_FULL = """
name: ci
inputs: {target: {default: linux}}
jobs:
  - name: build
    steps:
      - name: other
        run: "true"
      - name: compile
        description: Compiles for ${{ inputs.target }}.
        run: make ${{ self.item }}
        env: {A: 1, B: "${{ self.item }}"}
        workingDir: src
        timeout: 1m30s
        forEach: {item: item, in: [1, {a: "${{ run.id }}"}]}
        dependsOn:
          - step: other
            condition:
              type: or
              conditions: [{type: failed}, {type: not, condition: {type: skipped}}]
        weight: 3
        concurrency: 2
        allowFailure: true
        outputs: [{path: out, makeAvailableTo: [user]}]
        sharing: exclusive
        once: key-${{ inputs.target }}
      - name: user
        dependsOn: [{step: compile, condition: {type: always}}]
        run: "true"
"""


def test_a_step_keeps_all_that_was_written() -> None:
    """Nothing that is read may be lost on the way to the plan."""
    condition = GroupCondition(
        type="or",
        conditions=(
            SimpleCondition(type="failed"),
            NotCondition(condition=SimpleCondition(type="skipped")),
        ),
    )
    assert step_of(plan(_FULL)) == PlannedStep(
        id="s2",
        name=Template("compile", line=9, column=15),
        description="Compiles for linux.",
        command=ShellCommand(
            script=Template("make ${{ self.item }}", line=11, column=14), timeout_ms=90_000
        ),
        env={
            "A": Template("1", line=12, column=18),
            "B": Template("${{ self.item }}", line=12, column=25),
        },
        working_dir=Template("src", line=13, column=21),
        for_each=PlannedForEach(
            item="item", values=[1, {"a": Template("${{ run.id }}", line=15, column=44)}]
        ),
        depends_on=(PlannedDependency(on="other", condition=condition),),
        weight=3,
        concurrency=2,
        allow_failure=True,
        outputs=(
            PlannedOutput(path=Template("out", line=24, column=26), make_available_to=("user",)),
        ),
        sharing="exclusive",
        once=Template("key-${{ inputs.target }}", line=26, column=15),
        binding="b1",
        line=9,
    )


def test_a_shell_task_is_planned_as_a_script_is() -> None:
    """`run:` is short for it; what is nearer to the command wins."""
    planned = plan(
        one_step(
            """
            env: {A: step, B: step}
            workingDir: step
            timeout: 5s
            task:
              type: model_method
              modelType: command/shell
              modelName: compile
              methodName: execute
              inputs:
                run: make
                env: {B: task}
                workingDir: task
                timeout: 1500
                ignoreExitCode: true
            """
        )
    )
    step = step_of(planned)
    command = shell_command(step)
    assert command.ignore_exit_code
    assert command.timeout_ms == 1500
    assert command.script.text == "make"
    assert command.model_name is not None
    assert {name: value.text for name, value in step.env.items()} == {"A": "step", "B": "task"}
    assert step.working_dir is not None
    assert step.working_dir.text == "task"


@pytest.mark.parametrize(
    ("written", "milliseconds"),
    [
        ("90s", 90_000),
        ("500ms", 500),
        ("1h30m", 5_400_000),
        ("1.5s", 1500),
        ("2d", 172_800_000),
        ("${{ inputs.n }}", 2000),
        ("${{ inputs.n + 500 }}", 2500),
        ("${{ string(inputs.n) + 's' }}", 2_000_000),
        ("${{ 1500.0 }}", 1500),
    ],
)
def test_a_time_out_has_its_unit(written: str, milliseconds: int) -> None:
    """A number from an expression counts milliseconds, as that of command/shell does."""
    planned = plan(one_step(f'run: make\ntimeout: "{written}"', top="inputs: {n: {default: 2000}}"))
    assert shell_command(step_of(planned)).timeout_ms == milliseconds


def test_a_time_out_may_wait_for_the_run() -> None:
    """It is then evaluated for each iteration."""
    planned = plan(one_step("run: make\ntimeout: ${{ self.version }}"))
    assert isinstance(shell_command(step_of(planned)).timeout_ms, Template)


@pytest.mark.parametrize("written", ["5", "0s", "s", "5 m", "5x", "-5s", "5m 30s", "1e3s"])
def test_a_time_out_without_a_unit_is_refused(written: str) -> None:
    """Is 60 a minute or an instant?"""
    told = problems(one_step(f"run: make\ntimeout: {written}"))
    assert len(told) == 1
    assert "expected a duration such as '90s' or '5m'" in told[0]


@pytest.mark.parametrize(
    ("written", "workspace"),
    [
        ("{}", PlannedWorkspace(key="ci")),
        ("{enabled: false}", PlannedWorkspace(enabled=False, key="ci")),
        (
            "{persistent: true, key: 'k-${{ inputs.n }}', preserve: always}",
            PlannedWorkspace(persistent=True, key="k-5", preserve="always"),
        ),
        ("{persistent: '${{ inputs.n > 4 }}'}", PlannedWorkspace(persistent=True, key="ci")),
    ],
)
def test_the_workspace_is_on_and_named_after_the_workflow(
    written: str, workspace: PlannedWorkspace
) -> None:
    """Sharing a checkout is what the format is for."""
    top = f"inputs: {{n: {{default: 5}}}}\nworkspace: {written}"
    assert plan(one_step(top=top)).workspace == workspace


def test_sharing_of_the_workspace_is_the_default_of_its_steps() -> None:
    """A step says otherwise for itself."""
    planned = plan(
        one_step("run: a", top="workspace: {sharing: exclusive}")
        + "      - name: other\n        run: b\n        sharing: shared\n"
    )
    assert step_of(planned).sharing == "exclusive"
    assert step_of(planned, "other").sharing == "shared"


def test_what_says_nothing_has_defaults() -> None:
    """The smallest workflow: everything that a plan has is there."""
    planned = plan(one_step())
    assert attrs.evolve(planned, jobs=(), bindings=()) == attrs.evolve(
        planned,
        jobs=(),
        bindings=(),
        workflow="ci",
        workflow_id="ci",
        version=1,
        tags={},
        directory="/repo",
        concurrency=None,
        workspace=PlannedWorkspace(key="ci"),
    )


def test_values_of_the_workflow_itself_are_evaluated() -> None:
    """They are what `self` and the records show."""
    top = """
    id: abc
    version: ${{ inputs.n }}
    description: For ${{ inputs.n }} and ${{ run.id }}.
    tags: {n: "${{ inputs.n }}", level: 1.50}
    concurrency: ${{ inputs.n }}
    inputs: {n: {default: 3}}
    """
    planned = plan(one_step(top=top))
    assert (planned.workflow_id, planned.version, planned.concurrency) == ("abc", 3, 3)
    assert planned.description == "For ${{ inputs.n }} and ${{ run.id }}."
    assert planned.tags == {"n": "3", "level": "1.50"}


def test_a_value_is_never_read_as_an_expression_again() -> None:
    """Inputs come from anywhere."""
    planned = plan(
        one_step(top="inputs: {n: {type: string}}\ntags: {n: '${{ inputs.n }}'}"),
        inputs={"n": "${{ env.SECRET }}"},
    )
    assert planned.tags == {"n": "${{ env.SECRET }}"}


def test_a_plan_is_refused_where_it_is_none() -> None:
    """Plans travel: what comes back is checked."""
    good = plan_to_json(plan(one_step("run: make\nenv: {A: x}\nforEach: {item: a, in: {b: x}}")))

    def broken(path: list[str | int], value: Json) -> Json:
        data: Json = copy.deepcopy(good)
        part: object = data
        for step in path[:-1]:
            part = part[step]  # type: ignore[index]
        part[path[-1]] = value  # type: ignore[index]
        return data

    step: list[str | int] = ["jobs", 0, "steps", 0]
    for data in (
        None,
        [],
        {},
        broken(["schema"], 2),
        broken(["workflow"], 5),
        broken(["more"], 5),
        broken(["inputs"], []),
        broken(["bindings"], {}),
        broken(["workspace", "enabled"], 1),
        broken(["workspace", "preserve"], "sometimes"),
        broken([*step, "name"], "x"),
        broken([*step, "name"], {"template": 1, "line": 1, "column": 1}),
        broken([*step, "env"], {"A": "x"}),
        broken([*step, "concurrency"], "x"),
        broken([*step, "for_each", "values"], {"x": 1}),
        broken([*step, "for_each", "values"], "x"),
        broken([*step, "depends_on"], [{"on": "x", "condition": {"type": "sometimes"}}]),
    ):
        with pytest.raises(WorkflowError):
            plan_from_json(data)
    assert plan_to_json(plan_from_json(good)) == good


def test_the_schema_knows_every_key_that_the_reader_knows() -> None:
    """Editors complete from it: it comes from the declarations of the reader."""
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    definitions = schema["$defs"]
    assert isinstance(definitions, dict)
    step = definitions["Step"]
    assert isinstance(step, dict)
    properties = step["properties"]
    assert isinstance(properties, dict)
    assert {"forEach", "dependsOn", "workingDir", "allowFailure", "dataOutputOverrides"} < set(
        properties
    )
    assert all(isinstance(part, dict) and part["description"] for part in properties.values())


def test_a_plan_is_the_same_for_the_same_file() -> None:
    """Planning is pure: a plan can be made again elsewhere."""
    text = one_step("run: make\nforEach: {item: a, in: [1]}")
    workflow = parse_workflow(text, source="a.yaml")
    made = [
        plan_workflow(
            workflow,
            source="a.yaml",
            directory="/",
            inputs={},
            selection=DriverSelection(),
            catalog=Catalog(),
        )
        for _ in range(2)
    ]
    assert made[0] == made[1]


def test_what_the_package_offers_is_there() -> None:
    """A name that is only listed fails at the first import of it."""
    for name in workflow_package.__all__:
        assert getattr(workflow_package, name) is not None


@pytest.mark.parametrize(
    "command",
    [
        MethodCommand(
            model="m1",
            model_type="ci/git",
            model_name=Template("git"),
            method="clone",
            global_args={"url": Template("${{ inputs.url }}")},
            inputs={"depth": 1, "paths": [Template("a")]},
        ),
        WorkflowCommand(
            path="/w/other.yaml",
            source="other.yaml",
            inputs={"n": 1, "texts": [Template("a")]},
            tiers=(PlannedTier(driver="raw"), PlannedTier(config={"a": Template("b")})),
        ),
        ApprovalCommand(prompt=Template("go on?"), timeout_s=60),
    ],
    ids=lambda command: type(command).__name__,
)
def test_every_command_is_kept_by_json(command: Command) -> None:
    """A plan can be run by another process, whatever its steps do."""
    planned = plan(one_step("run: make"))
    job = planned.jobs[0]
    step = attrs.evolve(job.steps[0], command=command)
    planned = attrs.evolve(planned, jobs=(attrs.evolve(job, steps=(step,)),))
    assert plan_from_json(plan_to_json(planned)) == planned
