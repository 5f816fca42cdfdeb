"""Planned steps -> what a driver is given."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from swamp_driver.errors import WorkflowError
from swamp_driver.spec import Json, StepRequest, StepStatus
from swamp_driver.workflow import (
    BoundStep,
    OutputsError,
    Plan,
    RunScope,
    bind_config,
    bind_step,
    expand_for_each,
    parse_outputs,
)
from tests.unit.workflow.builders import one_step, plan, request, scope_of, step_of, told, view

RUN = "/runs/r"


def _bind(
    lines: str = "run: make", *, top: str = "", passed: dict[str, str] | None = None, **scope: Any
) -> BoundStep:
    planned = plan(one_step(lines, top=top))
    return _bind_in(planned, scope_of(planned, **scope), passed=passed)


def _bind_in(planned: Plan, scope: RunScope, *, passed: dict[str, str] | None = None) -> BoundStep:
    step = step_of(planned)
    (iteration,) = expand_for_each(step, scope)
    return bind_step(step, iteration, scope=scope, request=request(), passed_env=passed or {})


def _env(lines: str, **more: Any) -> dict[str, str]:
    return dict(_bind(lines, **more).request.env)


def _names(lines: str, **scope: Any) -> list[str]:
    text = one_step(lines).replace("name: compile", 'name: "c-${{ self.x }}"')
    planned = plan(text)
    step = planned.jobs[0].steps[0]
    return [found.name for found in expand_for_each(step, scope_of(planned, **scope))]


def _error(call: Any) -> str:
    with pytest.raises(WorkflowError) as caught:
        call()
    assert all(problem.file == "ci.yaml" for problem in caught.value.problems)
    (problem,) = caught.value.problems
    return told(problem)


def test_a_step_is_bound_completely() -> None:
    """A driver sees this and nothing else: no expression, no default to apply."""
    assert _bind("run: make ${{ run.id }}\ntimeout: 5s\nonce: 'k-${{ run.id }}'") == BoundStep(
        request=StepRequest(
            step_id="s1",
            name="compile",
            argv=("/bin/sh", "-e", f"{RUN}/exchange/s1/script"),
            env={
                "HOME": f"{RUN}/home",
                "TMPDIR": f"{RUN}/exchange/s1/tmp",
                "LANG": "C.UTF-8",
                "SWAMP_RUN_ID": "rabcdefghijk",
                "SWAMP_STEP_ID": "s1",
                "SWAMP_STEP_NAME": "compile",
                "SWAMP_JOB": "build",
                "SWAMP_EXCHANGE": f"{RUN}/exchange/s1",
                "SWAMP_OUTPUT": f"{RUN}/exchange/s1/output",
                "SWAMP_WORKSPACE": f"{RUN}/workspace",
                "SWAMP_EXPR_1": "rabcdefghijk",
            },
            cwd=f"{RUN}/workspace",
            exchange=f"{RUN}/exchange/s1",
            files={"script": b'make "${SWAMP_EXPR_1}"', "output": b""},
            directories=("tmp",),
            collect=("output",),
            timeout_s=5.0,
        ),
        command_line="make ${{ run.id }}",
        once_key="k-rabcdefghijk",
    )


def test_without_a_workspace_a_step_has_a_directory_of_its_own() -> None:
    """And no variable that names one."""
    bound = _bind(top="workspace: {enabled: false}", workspace_path=None)
    assert bound.request.cwd == f"{RUN}/exchange/s1/work"
    assert bound.request.directories == ("tmp", "work")
    assert "SWAMP_WORKSPACE" not in bound.request.env


def test_the_declared_environment_stands_over_what_is_passed_on_and_the_base() -> None:
    """What stands in the file wins, except for what tells the step where it is."""
    env = _env(
        "run: make\nenv: {HOME: /mine, A: declared}",
        passed={"A": "passed", "LANG": "de", "B": "passed", "SWAMP_RUN_ID": "forged"},
    )
    assert (env["HOME"], env["A"], env["LANG"], env["B"]) == ("/mine", "declared", "de", "passed")
    assert env["SWAMP_RUN_ID"] == "rabcdefghijk"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("null", ""),
        ("true", "true"),
        ("5", "5"),
        ("2.5", "2.5"),
        ("2.0", "2"),
        ("1e300", "1e+300"),
        ("'x'", "x"),
        ("[1, null, 'é']", '[1,null,"é"]'),
        ("{'b': 1, 'a': {}}", '{"a":{},"b":1}'),
        ("'${{ run.id }}'", "${{ run.id }}"),
    ],
)
def test_values_become_text(value: str, text: str) -> None:
    """The same text everywhere: null is empty, lists and maps are JSON."""
    expression = f"${{{{ {value} }}}}"
    env = _env(f'run: make\nenv: {{A: "{expression}", B: "<{expression}>"}}')
    assert (env["A"], env["B"]) == (text, f"<{text}>")


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("repo", f"{RUN}/workspace/repo"),
        (".", f"{RUN}/workspace"),
        ("a/../b/", f"{RUN}/workspace/b"),
        ("/srv/x/../y", "/srv/y"),
        ("${{ workspace.path }}/repo", f"{RUN}/workspace/repo"),
    ],
)
def test_a_directory_is_relative_to_the_workspace(written: str, path: str) -> None:
    """Steps say where they work without knowing where the run lives."""
    assert _bind(f'run: make\nworkingDir: "{written}"').request.cwd == path


@pytest.mark.parametrize("written", ["..", "../x", "a/../../x", "../workspace2"])
def test_a_directory_outside_of_the_workspace_is_refused(written: str) -> None:
    """A relative path that leaves the workspace is a mistake; an absolute one is meant."""
    message = _error(lambda: _bind(f"run: make\nworkingDir: {written}"))
    assert f"build/compile.workingDir: the directory '{written}' is outside" in message


def test_a_value_with_a_nul_is_refused() -> None:
    """No environment can hold it."""
    for lines in (
        "run: echo ${{ 'x\\x00y' }}",
        "run: make\nenv: {B: \"${{ 'x\\\\x00y' }}\"}",
        "run: make\nworkingDir: \"${{ 'x\\\\x00y' }}\"",
    ):
        assert "NUL character" in _error(lambda lines=lines: _bind(lines))


@pytest.mark.parametrize(("value", "seconds"), [("5", 0.005), ("'5s'", 5.0), ("1500.4", 1.5)])
def test_a_time_out_is_evaluated_for_the_step(value: str, seconds: float) -> None:
    """In milliseconds, or as a text with its unit."""
    bound = _bind(f'run: make\ntimeout: "${{{{ [{value}][size(run.id) - 12] }}}}"')
    assert bound.request.timeout_s == seconds


@pytest.mark.parametrize("value", ["'x'", "0", "true", "null", "[1]"])
def test_a_time_out_that_is_none_is_refused(value: str) -> None:
    """Rather than to run without one."""
    message = _error(
        lambda: _bind(f'run: make\ntimeout: "${{{{ run.id == run.id ? {value} : {value} }}}}"')
    )
    assert "is no time-out" in message


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("run: echo ${{ env.NONE }}", "7:23: build/compile.run: the environment has no 'NONE'"),
        ("run: make\nenv: {A: '${{ env.NONE }}'}", "8:23: build/compile.env.A: the environment"),
        ("run: make\nworkingDir: ${{ env.NONE }}", "8:25: build/compile.workingDir: the env"),
        ("run: make\ntimeout: ${{ env.NONE }}", "8:22: build/compile.timeout: the environment"),
        ("run: make\nonce: ${{ env.NONE }}", "8:19: build/compile.once: the environment"),
        ("run: |\n  one\n  two ${{ int(run.id) }}", "9:19: build/compile.run: cannot convert"),
    ],
)  # fmt: skip
def test_what_has_no_value_is_told_with_its_place(lines: str, message: str) -> None:
    """A step that cannot be bound must say where in the file."""
    assert _error(lambda: _bind(lines)).startswith(message[:36])


@pytest.mark.parametrize(
    ("script", "line"),
    [
        ("run: make all", "make all"),
        ("run: |\n  # first\n  set -eu\n  make a\n  make b", "make a ..."),
        ("run: |\n  # only a comment", "# only a comment"),
        ("run: |\n  echo ${{ inputs\n    .x }}\n  b", "echo ${{ inputs"),
        (f"run: {'x' * 200}", "x" * 120 + " ..."),
    ],
)
def test_a_step_is_shown_in_one_line(script: str, line: str) -> None:
    """As it is written: no value, so no secret, can get into it."""
    assert _bind(script, top="inputs: {x: {default: 1}}").command_line == line


def test_expressions_know_what_has_ended() -> None:
    """In the own job first, then the only step of that name in the workflow."""
    text = """
    name: ci
    jobs:
      - name: first
        steps:
          - name: my-step
            run: a
          - name: same
            run: a
      - name: build
        dependsOn: [{job: first, condition: {type: always}}]
        steps:
          - name: same
            run: a
          - name: compile
            dependsOn: [{step: same, condition: {type: always}}]
            run: a
            env:
              A: ${{ steps['my-step'].outputs.version }}
              B: ${{ steps.same.exitCode }}
              C: ${{ steps.same.status }}
              D: "${{ has(steps.same.outputs.none) ? 'yes' : 'no' }}"
              E: ${{ steps['my-step'].outputs['version'] + steps['my-step'].status }}
    """
    planned = plan(text)
    scope = scope_of(
        planned,
        steps={
            ("first", "my-step"): view(outputs={"version": "1.2"}, exit_code=0),
            ("first", "same"): view(exit_code=9),
            ("build", "same"): view(StepStatus.FAILED, exit_code=3),
        },
    )
    env = _bind_in(planned, scope).request.env
    assert [env[key] for key in "ABCDE"] == ["1.2", "3", "failed", "no", "1.2succeeded"]

    missing = attrs.evolve(
        scope, steps={**scope.steps, ("first", "my-step"): view(outputs={"other": ""})}
    )
    message = _error(lambda: _bind_in(planned, missing))
    assert "the step 'my-step' wrote no output 'version'" in message
    nothing = attrs.evolve(scope, steps={})
    assert "the step 'my-step' has not ended" in _error(lambda: _bind_in(planned, nothing))


def test_expressions_know_the_run() -> None:
    """And the workflow, as `self`."""
    env = _env(
        """
        run: a
        env:
          A: ${{ run.id }} ${{ run.workflowName }} ${{ run.startedAt }} ${{ run.tags.t }}
          B: ${{ self.id }} ${{ self.name }} ${{ self.version }} ${{ self.tags.t }}
          C: ${{ workspace.path }}
          D: "${{ 'X' in env ? env.X : '' }}-${{ env.Y }}"
        """,
        top="tags: {t: v}\nversion: 7\nid: i",
        env={"Y": "y"},
    )
    assert env["A"] == "rabcdefghijk ci 2023-11-14T22:13:20.500Z v"
    assert env["B"] == "i ci 7 v"
    assert env["C"] == f"{RUN}/workspace"
    assert env["D"] == "-y"


def test_a_workspace_that_is_off_by_an_input_has_no_path() -> None:
    """Only the run knows."""
    top = "inputs: {on: {default: false}}\nworkspace: {enabled: '${{ inputs.on }}'}"
    message = _error(lambda: _bind("run: ls ${{ workspace.path }}", top=top, workspace_path=None))
    assert "the workspace is disabled" in message


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ("[a, b]", ["c-a", "c-b"]),
        ("[1, 2.5, true]", ["c-1", "c-2.5", "c-true"]),
        ('["${{ run.id }}", "${{ 1 + 1 }}"]', ["c-rabcdefghijk", "c-2"]),
        ("'${{ [3, 1] }}'", ["c-3", "c-1"]),
        ("{b: 1, a: 2}", ['c-{"key":"b","value":1}', 'c-{"key":"a","value":2}']),
        ("\"${{ {'b': 1, 'a': 2} }}\"", ['c-{"key":"a","value":2}', 'c-{"key":"b","value":1}']),
        ("[]", []),
        ("[{k: \"${{ '${{' }}\"}]", ['c-{"k":"${{"}']),
    ],
)
def test_each_entry_is_an_iteration(values: str, names: list[str]) -> None:
    """Lists and maps as written; a map that is made by an expression in order of its keys."""
    assert _names(f"run: a\nforEach: {{item: x, in: {values}}}") == names


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            '["${{ run.id }}", "${{ run.id }}"]',
            "two entries have the name 'c-rabcdefghijk' (use self.x in the name of the step)",
        ),
        ("'${{ run.id }}'", "'forEach' needs a list or a mapping"),
        ("'${{ env.NONE }}'", "the environment has no variable 'NONE'"),
        ("'${{ [1, {}[run.id]] }}'", "there is no 'rabcdefghijk'"),
    ],
)
def test_entries_that_cannot_be_told_apart_are_refused(values: str, message: str) -> None:
    """Records and dependencies go by name."""
    assert message in _error(lambda: _names(f"run: a\nforEach: {{item: x, in: {values}}}"))


def test_a_bomb_of_iterations_is_refused() -> None:
    """One file must not become a million steps."""
    text = one_step(
        "run: a\nforEach: {item: x, in: '${{ inputs.l }}'}",
        top="inputs: {l: {type: array}}",
    ).replace("name: compile", 'name: "c-${{ self.x }}"')
    planned = plan(text, inputs={"l": list(range(10_001))})
    step = planned.jobs[0].steps[0]
    message = _error(lambda: expand_for_each(step, scope_of(planned)))
    assert "10001 entries are more than 10000" in message


def test_iterations_have_their_own_ids_and_values() -> None:
    """Each is a step of its own for the driver and the records."""
    text = one_step(
        "run: a\nforEach: {item: x, in: [p, q]}\nenv: {X: '${{ self.x }} ${{ self.name }}'}"
    )
    planned = plan(text.replace("name: compile", 'name: "c-${{ self.x }}"'))
    step = planned.jobs[0].steps[0]
    scope = scope_of(planned)
    bound = [
        bind_step(step, found, scope=scope, request=request(), passed_env={})
        for found in expand_for_each(step, scope)
    ]
    assert [one.request.step_id for one in bound] == ["s1-1", "s1-2"]
    assert [one.request.name for one in bound] == ["c-p", "c-q"]
    assert [one.request.env["X"] for one in bound] == ["p ci", "q ci"]
    assert [one.request.exchange for one in bound] == [
        f"{RUN}/exchange/s1-1",
        f"{RUN}/exchange/s1-2",
    ]


def test_a_name_without_a_value_is_told() -> None:
    """Names are evaluated like everything else."""
    planned = plan(one_step().replace("name: compile", 'name: "${{ env.NONE }}"'))
    step = planned.jobs[0].steps[0]
    message = _error(lambda: expand_for_each(step, scope_of(planned)))
    assert "no variable 'NONE'" in message


def test_options_without_a_value_are_told_with_their_place() -> None:
    """They are evaluated for each step that uses them."""
    planned = plan(one_step("run: a\ndriver: docker\ndriverConfig: {image: '${{ env.NONE }}'}"))
    message = _error(lambda: bind_config(planned.bindings[0], scope_of(planned)))
    assert message.startswith("9:36: jobs[0].steps[0].driverConfig: the environment has no")


@pytest.mark.parametrize(
    ("data", "outputs"),
    [
        (b"", {}),
        (b"a=1\n", {"a": "1"}),
        (b"a=1", {"a": "1"}),
        (b"a=\nb==\n\n  \n", {"a": "", "b": "="}),
        (b"a=1\r\nb=2\r\n", {"a": "1", "b": "2"}),
        (b"a=1\na=2\n", {"a": "2"}),
        (b"a<<EOF\nx\n\ny\nEOF\nb=1\n", {"a": "x\n\ny", "b": "1"}),
        (b"a<<EOF\nEOF\n", {"a": ""}),
        (b"a<<E\nb=1\nE", {"a": "b=1"}),
        (b"a-b.c_d=x\n", {"a-b.c_d": "x"}),
        ("ä=1\n".encode().replace("ä".encode(), b"a"), {"a": "1"}),
        ("a=é😀\n".encode(), {"a": "é😀"}),
        (b"a=1 << 2\n", {"a": "1 << 2"}),
    ],
)
def test_outputs_are_lines_or_here_documents(data: bytes, outputs: dict[str, Json]) -> None:
    """What a shell can write with echo and cat."""
    assert parse_outputs(data) == outputs


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a=1\ngarbage\n", "line 2 is neither 'key=value' nor 'key<<WORD': 'garbage'"),
        (b"a<<EOF\nx\n", "the value that begins on line 1 has no 'EOF' after it"),
        (b"a=1\nb=\xff\n", "line 2 is not UTF-8 text"),
        (b"a=1\nb=x\0y\n", "line 2 is not UTF-8 text, or has a NUL in it"),
        (b"=1\n", "line 1"),
        (b"a b=1\n", "line 1"),
        (b"1a=1\n", "line 1"),
    ],
)
def test_outputs_that_cannot_be_understood_are_refused(data: bytes, message: str) -> None:
    """A step that writes garbage has a mistake in it."""
    with pytest.raises(OutputsError) as caught:
        parse_outputs(data)
    assert message in str(caught.value)
