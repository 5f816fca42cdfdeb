"""Which step gets whose files, and where they are."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from swamp_driver.errors import WorkflowError
from swamp_driver.workflow import BoundStep, Plan, bind_step, expand_for_each
from swamp_driver.workflow._output_paths import OutputPathError, output_path
from swamp_driver.workflow._planned import TakenOutput
from tests.unit.workflow.builders import plan, request, scope_of, step_of, told

_TWO_STEPS = """
name: ci
workspace: {enabled: ENABLED}
inputs: {where: {default: dist}}
jobs:
  - name: build
    steps:
      - name: compile
        run: make
        workingDir: src
        outputs: [{path: "PATH", makeAvailableTo: [test]}]
      - name: test
        run: make test
        dependsOn: [{step: compile, condition: {type: succeeded}}]
      - name: other
        run: ls
"""


def two_steps(path: str = "dist", *, enabled: str = "true") -> Plan:
    """Return a plan of steps that hand on a path, take it, and do neither."""
    return plan(_TWO_STEPS.replace("PATH", path).replace("ENABLED", enabled))


def bound(planned: Plan, name: str = "compile", **scope: Any) -> BoundStep:
    """Return a step as a driver would get it."""
    step = step_of(planned, name)
    found = scope_of(planned, **scope)
    (iteration,) = expand_for_each(step, found)
    return bind_step(step, iteration, scope=found, request=request(), passed_env={})


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("dist", "dist"),
        ("./dist/", "dist"),
        ("a//b/./c", "a/b/c"),
        (".", "."),
        ("./", "."),
        ("-x", "-x"),
        ("a b\n", "a b\n"),
    ],
)
def test_a_path_has_one_form(written: str, path: str) -> None:
    """Two ways to write one path are one output."""
    assert output_path(written) == path


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("", "'' cannot be a path"),
        ("a\0b", "'a\\x00b' cannot be a path"),
        ("\ud800", "'\\ud800' cannot be a path"),
        ("/etc", "the path '/etc' is absolute"),
        ("..", "the path '..' has '..' in it"),
        ("a/../b", "the path 'a/../b' has '..' in it"),
    ],
)
def test_a_path_elsewhere_is_refused(written: str, message: str) -> None:
    """Whatever the symlinks on the way are."""
    with pytest.raises(OutputPathError) as caught:
        output_path(written)
    assert str(caught.value) == message


def test_steps_that_share_a_workspace_work_in_it() -> None:
    """Nothing is moved, so there is nothing to make."""
    step = bound(two_steps())
    assert (step.directory, step.outputs) == (None, ("dist",))
    assert step.request.cwd == "/runs/r/workspace/src"


def test_without_one_those_that_hand_on_or_take_have_a_directory_that_outlives_them() -> None:
    """The exchange directory is gone when the driver returns."""
    planned = two_steps(enabled="false")
    found = {
        name: bound(planned, name, workspace_path=None) for name in ("compile", "test", "other")
    }
    ids = {name: step.request.step_id for name, step in found.items()}
    assert found["compile"].directory == f"/runs/r/workspace/{ids['compile']}"
    assert found["compile"].request.cwd == f"/runs/r/workspace/{ids['compile']}/src"
    assert found["test"].directory == f"/runs/r/workspace/{ids['test']}"
    assert found["test"].request.cwd == found["test"].directory
    assert found["other"].directory is None
    assert found["other"].request.cwd == f"/runs/r/exchange/{ids['other']}/work"
    assert [one.request.directories for one in found.values()] == [
        ("tmp",),
        ("tmp",),
        ("tmp", "work"),
    ]


@pytest.mark.parametrize(
    ("path", "output"),
    [
        ("${{ inputs.where }}/${{ run.id }}", "dist/rabcdefghijk"),
        ("${{ workspace.path }}/dist", "dist"),
        ("${{ workspace.path }}/", "."),
    ],
)
def test_paths_are_evaluated(path: str, output: str) -> None:
    """An absolute path in the workspace is as good as a relative one."""
    assert bound(two_steps(path)).outputs == (output,)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (
            "${{ workspace.path }}-old",
            "build/compile.outputs[0].path: the path '/runs/r/workspace-old' is absolute",
        ),
        (
            "${{ run.id }}/../..",
            "build/compile.outputs[0].path: the path 'rabcdefghijk/../..' has '..' in it",
        ),
        (
            "${{ env.NOPE }}",
            "build/compile.outputs[0].path: the environment has no variable 'NOPE'",
        ),
    ],
)
def test_what_turns_out_wrong_names_the_output(path: str, message: str) -> None:
    """Expressions are known late; what they give is looked at as what is written."""
    with pytest.raises(WorkflowError) as caught:
        bound(two_steps(path))
    (problem,) = caught.value.problems
    assert told(attrs.evolve(problem, line=0, column=0, hint=None)) == message


def test_paths_that_turn_out_the_same_are_refused() -> None:
    """It would not be known which of the two a step gets."""
    text = _TWO_STEPS.replace("ENABLED", "true").replace(
        '[{path: "PATH", makeAvailableTo: [test]}]',
        '[{path: "${{ run.id }}", makeAvailableTo: [test]}, '
        "{path: rabcdefghijk, makeAvailableTo: [test]}]",
    )
    with pytest.raises(WorkflowError, match="the output 'rabcdefghijk' stands twice"):
        bound(plan(text))


def test_a_step_takes_what_names_it_in_its_job_or_in_one_that_has_no_such_step() -> None:
    """A name means the step next to it, as in expressions."""
    planned = plan(
        """
        name: ci
        jobs:
          - name: build
            steps:
              - name: make
                run: make
                outputs:
                  - {path: a, makeAvailableTo: [use, late]}
                  - {path: b, makeAvailableTo: [use]}
              - name: use
                dependsOn: [{step: make, condition: {type: succeeded}}]
                run: ls
          - name: next
            dependsOn: [{job: build, condition: {type: succeeded}}]
            steps:
              - {name: use, run: ls}
              - {name: late, run: ls}
        """
    )
    make = step_of(planned, "make")
    steps = {(job.name, step.name.text): step for job in planned.jobs for step in job.steps}
    taken = {key: step.takes for key, step in steps.items()}
    assert taken == {
        ("build", "make"): (),
        ("build", "use"): (
            TakenOutput(step=make.id, output=0),
            TakenOutput(step=make.id, output=1),
        ),
        ("next", "use"): (),
        ("next", "late"): (TakenOutput(step=make.id, output=0),),
    }
