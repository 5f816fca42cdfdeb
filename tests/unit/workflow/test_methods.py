"""Steps that call methods of models: what is planned, and what is refused."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import attrs
import pytest

from swamp_driver.errors import WorkflowError
from swamp_driver.models import File, Model, Resource, method
from swamp_driver.models._describe import describe
from swamp_driver.spec import Json, WorkspaceRequest
from swamp_driver.workflow import (
    BoundKind,
    BoundStep,
    DriverSelection,
    MethodCommand,
    ModelDefinition,
    ModelType,
    Plan,
    PlannedModel,
    RunScope,
    ShellCommand,
    Template,
    bind_step,
    expand_for_each,
    parse_definition,
    parse_workflow,
    plan_from_json,
    plan_to_json,
    plan_workflow,
)
from tests.unit.workflow.builders import Catalog


class Git(Model):
    """A model."""

    type = "ci/git"

    @dataclass
    class Arguments:
        """Its arguments."""

        url: str
        ref: str = "main"

    resources = {"checkout": Resource(tags={"by": "git"}, lifetime="30d")}  # noqa: RUF012
    files = {"log": File(content_type="text/plain")}  # noqa: RUF012

    @method
    def clone(self, depth: int = 1, paths: list[str] | None = None) -> None:
        """Clone."""


GIT = ModelType(
    type="ci/git",
    version="1",
    found_in="extensions/models/git.py",
    origin={"file": "git.py", "class": "Git"},
    description=describe(Git),
    sources={"git.py": "# the source\n"},
)


@attrs.frozen
class Models:
    """A catalog of models."""

    found: Sequence[str] = ()
    unreadable: Sequence[str] = ()

    def types(self) -> Sequence[ModelType]:
        """Return one."""
        return [GIT]

    def broken(self) -> Sequence[str]:
        """Return what was given."""
        return self.unreadable

    def definitions(self) -> Sequence[ModelDefinition]:
        """Return what was given."""
        return [
            parse_definition(textwrap.dedent(text), source=f"models/{number}.yaml")
            for number, text in enumerate(self.found, 1)
        ]


class Programs:
    """Gives the models of a plan, and no real programs."""

    def __init__(self, plan: Plan) -> None:
        self.models = {model.id: model for model in plan.models}

    def model(self, number: str) -> PlannedModel:
        """Return a model."""
        return self.models[number]

    def program(self, number: str) -> bytes:
        """Return what stands for its program."""
        return f"program of {number}".encode()


UPSTREAM = """
type: ci/git
name: upstream
id: up-1
globalArguments: {url: "https://${{ inputs.host }}"}
methods: {clone: {arguments: {depth: 3}}}
driver: docker
driverConfig: {image: git}
"""


def planned(task: str, models: Models | None = None, *, top: str = "", more: str = "") -> Plan:
    """Return the plan of a workflow with one step."""
    text = f"""\
name: w
inputs: {{host: {{type: string, default: example.org}}}}
{top}
jobs:
  - name: job
    steps:
      - name: step
        task: {{type: model_method, {task}}}
        {more}
"""
    return plan_workflow(
        parse_workflow(text, source="w.yaml"),
        source="w.yaml",
        directory="/repo",
        inputs={},
        selection=DriverSelection(),
        catalog=Catalog(),
        models=models or Models(),
    )


def told(task: str, models: Models | None = None, *, more: str = "") -> list[str]:
    """Return what is wrong with a task."""
    with pytest.raises(WorkflowError) as caught:
        planned(task, models, more=more)
    return [
        f"{one.file}:{one.line}: {one.path}: {one.what}" + (f" ({one.hint})" if one.hint else "")
        for one in caught.value.problems
    ]


DIRECT = "modelType: ci/git, modelName: git, globalArgs: {url: u}, methodName: clone"


def bound(plan: Plan, **self_values: Json) -> BoundStep:
    """Bind the step of a plan."""
    (step,) = plan.jobs[0].steps
    scope = RunScope(
        inputs=plan.inputs,
        run_id="abcdefghijkl",
        workflow="w",
        started_at=0.0,
        workspace_path="/root/run/workspace",
        job="job",
        source="w.yaml",
        self_values=self_values,
    )
    (iteration,) = expand_for_each(step, scope)
    return bind_step(
        step,
        iteration,
        scope=scope,
        request=WorkspaceRequest(run_dir="/root/run", uid=0, gid=0),
        passed_env={},
        methods=Programs(plan),
    )


def command(plan: Plan) -> Any:
    """Return the command of the step of a plan, without the places of templates."""
    (step,) = plan.jobs[0].steps
    return step.command


def test_a_direct_task_is_planned_with_the_model_and_its_source() -> None:
    """A plan can be run by another process: nothing of the repository is needed then."""
    plan = planned(f"{DIRECT}, inputs: {{depth: 2}}")
    assert plan_from_json(json.loads(json.dumps(plan_to_json(plan)))) == plan
    assert plan.models == (
        PlannedModel(
            id="m1",
            type="ci/git",
            version="1",
            found_in="extensions/models/git.py",
            origin={"file": "git.py", "class": "Git"},
            description=GIT.description,
            sources={"git.py": "# the source\n"},
        ),
    )
    found = command(plan)
    assert isinstance(found, MethodCommand)
    assert (found.model, found.method, found.model_name.text) == ("m1", "clone", "git")
    assert found.inputs == {"depth": 2}


def test_a_definition_gives_arguments_inputs_and_a_driver() -> None:
    """A step names the model, and says only what is its own."""
    task = "modelIdOrName: upstream, methodName: clone, inputs: {paths: [a]}"
    plan = planned(task, Models([UPSTREAM]))
    found = command(plan)
    assert found.definition == "models/1.yaml"
    assert found.model_name == Template("upstream")
    assert found.global_args == {"url": Template("https://${{ inputs.host }}")}
    assert sorted(found.inputs) == ["depth", "paths"]
    assert [(one.driver, one.config) for one in plan.bindings] == [
        ("docker", {"image": Template("git")})
    ]


def test_the_id_of_a_definition_names_it_too() -> None:
    """Other people's files use ids."""
    task = "modelIdOrName: up-1, methodName: clone"
    assert command(planned(task, Models([UPSTREAM]))).definition == "models/1.yaml"


def test_the_workflow_stands_over_the_definition_in_the_choice_of_a_driver() -> None:
    """Who runs it knows better where than who defined the model."""
    task = "modelIdOrName: upstream, methodName: clone"
    plan = planned(task, Models([UPSTREAM]), top="driver: raw")
    assert [one.driver for one in plan.bindings] == ["raw"]


def test_a_definition_of_command_shell_runs_as_a_script() -> None:
    """Its arguments stand below those of the step."""
    shell = """
        type: command/shell
        name: tests
        methods: {execute: {arguments: {run: make test, timeout: 1000}}}
    """
    task = "modelIdOrName: tests, methodName: execute, inputs: {timeout: 2000}"
    found = command(planned(task, Models([shell])))
    assert isinstance(found, ShellCommand)
    assert (found.script.text, found.timeout_ms) == ("make test", 2000)
    assert found.model_name == Template("tests")


@pytest.mark.parametrize(
    ("task", "problems"),
    [
        (
            "modelType: ci/gti, modelName: a, methodName: clone",
            [
                (
                    "w.yaml:8: jobs[0].steps[0].task.modelType: unknown model type 'ci/gti' "
                    "(did you mean 'ci/git'?)"
                )
            ],
        ),
        (
            "modelType: ci/git, modelName: a, methodName: colne",
            [
                (
                    "w.yaml:8: jobs[0].steps[0].task.methodName: 'ci/git' has no method 'colne' "
                    "(did you mean 'clone'?)"
                )
            ],
        ),
        (
            "modelIdOrName: upstraem, methodName: clone",
            [
                (
                    "w.yaml:8: jobs[0].steps[0].task.modelIdOrName: unknown model 'upstraem' "
                    "(did you mean 'upstream'?)"
                )
            ],
        ),
        (
            (
                "modelType: ci/git, modelName: a, methodName: clone, globalArgs: {ref: 1}, "
                "inputs: {depth: '2', dpeth: 1, paths: [1, '${{ run.id }}']}"
            ),
            [
                "w.yaml:8: jobs[0].steps[0].task.globalArgs.url: is missing",
                "w.yaml:8: jobs[0].steps[0].task.globalArgs.ref: expected text, found the number 1",
                (
                    "w.yaml:8: jobs[0].steps[0].task.inputs.depth: expected a whole number, "
                    "found the text '2'"
                ),
                (
                    "w.yaml:8: jobs[0].steps[0].task.inputs.dpeth: unknown key 'dpeth' "
                    "(did you mean 'depth'?)"
                ),
                (
                    "w.yaml:8: jobs[0].steps[0].task.inputs.paths[0]: expected text, "
                    "found the number 1"
                ),
            ],
        ),
    ],
)
def test_what_can_be_known_is_refused_while_planning(task: str, problems: list[str]) -> None:
    """A wrong word must not cost a clone and an install before it is found."""
    assert told(task, Models([UPSTREAM])) == problems


def test_what_is_wrong_in_a_definition_is_told_there() -> None:
    """The place to look at is the other file."""
    wrong = """
        type: ci/git
        name: wrong
        globalArguments: {url: 3}
        methods: {clone: {arguments: {depth: many}}}
    """
    assert told("modelIdOrName: wrong, methodName: clone", Models([wrong])) == [
        (
            "models/1.yaml:0: methods.clone.arguments.depth: expected a whole number, "
            "found the text 'many'"
        ),
        "models/1.yaml:0: globalArguments.url: expected text, found the number 3",
    ]


def test_expressions_of_a_definition_are_checked_against_the_workflow_that_uses_it() -> None:
    """A misspelt input is found before the steps before it have run."""
    wrong = """
        type: ci/git
        name: wrong
        globalArguments: {url: "${{ inputs.hots }}", ref: "${{ runs.id }}"}
        methods: {clone: {arguments: {paths: ["${{ 1 + }}"]}}}
    """
    found = told("modelIdOrName: wrong, methodName: clone", Models([wrong]))
    syntax, *names = sorted(found, reverse=True)
    assert syntax.startswith("models/1.yaml:0: methods.clone.arguments.paths[0]: ")
    assert names == [
        "models/1.yaml:0: globalArguments.url: 'inputs' has no 'hots' (did you mean 'host'?)",
        "models/1.yaml:0: globalArguments.ref: unknown name 'runs' (did you mean 'run'?)",
    ]


def test_the_type_of_a_definition_is_looked_for_like_any_other() -> None:
    """A misspelt type stands in the definition, with its line."""
    text = "type: ci/gti\nname: wrong"
    assert told("modelIdOrName: wrong, methodName: clone", Models([text])) == [
        "models/1.yaml:1: type: unknown model type 'ci/gti' (did you mean 'ci/git'?)"
    ]


def test_a_model_that_cannot_be_read_is_named_where_one_is_missed() -> None:
    """The reason that a type is not there is most often in a file that should define it."""
    models = Models(unreadable=["extensions/models/a.py: line 3: ImportError: no"])
    assert told("modelType: aws/ec2, modelName: a, methodName: go", models) == [
        (
            "w.yaml:8: jobs[0].steps[0].task.modelType: unknown model type 'aws/ec2' "
            "(what cannot be read: extensions/models/a.py: line 3: ImportError: no)"
        )
    ]


def test_how_data_is_kept_is_checked_against_the_model() -> None:
    """Data that is kept under a rule nobody meant is lost, or never goes."""
    more = (
        "dataOutputOverrides: [{specName: chekout}, {specName: log, lifetime: ever, "
        "garbageCollection: some}]"
    )
    path = "jobs[0].steps[0].dataOutputOverrides"
    assert told(DIRECT, more=more) == [
        (
            f"w.yaml:9: {path}[0].specName: the model writes no data 'chekout' "
            "(did you mean 'checkout'?)"
        ),
        (
            f"w.yaml:9: {path}[1].lifetime: 'ever' is no lifetime: 'infinite', 'workflow', "
            "'ephemeral', 'job', or a duration such as '30d'"
        ),
        (
            f"w.yaml:9: {path}[1].garbageCollection: 'some' is no rule for garbage: a number of "
            "versions from 1 up, or a duration such as '30d'"
        ),
    ]


def test_a_bound_method_is_a_program_with_its_request() -> None:
    """A driver needs to know nothing of models: it starts a program, and hands files back."""
    more = "dataOutputOverrides: [{specName: checkout, vary: [model, host], tags: {a: b}}]"
    found = bound(planned(f"{DIRECT}, inputs: {{depth: 2}}", more=more), model="sonnet")
    request = found.request
    assert request.argv == ("python3", "/root/run/exchange/s1/method.pyz")
    assert request.collect == ("output", "results.jsonl", "files.bin", "outcome.json")
    assert request.files["method.pyz"] == b"program of m1"
    assert json.loads(request.files["request.json"]) == {
        "schema": 1,
        "origin": {"file": "git.py", "class": "Git"},
        "method": "clone",
        "model": {"name": "git", "type": "ci/git"},
        "run": {"id": "abcdefghijkl", "job": "job", "step": "s1"},
        "arguments": {"url": "u"},
        "inputs": {"depth": 2},
        "workspace": "/root/run/workspace",
    }
    assert found.command_line == "clone of ci/git"
    assert found.data is not None
    kinds: Mapping[str, BoundKind] = found.data.kinds
    assert kinds["checkout"] == BoundKind(
        schema={"type": "object"},
        lifetime="30d",
        tags={"by": "git", "a": "b"},
        vary=("sonnet", "example.org"),
    )
    assert kinds["log"] == BoundKind(kind="file", content_type="text/plain")


def test_all_that_is_wrong_at_step_time_is_told() -> None:
    """What other steps gave is only known then."""
    plan = planned(f'{DIRECT}, inputs: {{depth: "${{{{ run.id }}}}", paths: "${{{{ run.id }}}}"}}')
    with pytest.raises(WorkflowError) as caught:
        bound(plan)
    assert [f"{one.path}: {one.what}" for one in caught.value.problems] == [
        "job/step.inputs.depth: expected a whole number, found the text 'abcdefghijkl'",
        "job/step.inputs.paths: expected a list or nothing, found the text 'abcdefghijkl'",
    ]


def test_a_name_in_vary_that_nothing_has_is_refused() -> None:
    """Parallel steps would overwrite each other's data without a word."""
    plan = planned(DIRECT, more="dataOutputOverrides: [{specName: log, vary: [nothing]}]")
    with pytest.raises(WorkflowError, match="nothing is called 'nothing'"):
        bound(plan)
