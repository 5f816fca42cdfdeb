"""Inputs: how they are given, checked and completed."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swamp_driver.errors import WorkflowError
from swamp_driver.spec import Json
from swamp_driver.workflow import (
    bind_step,
    expand_for_each,
    parse_assignments,
    plan_from_json,
    plan_to_json,
)
from swamp_driver.workflow._cel import (
    ExpressionError,
    compile_expression,
    evaluate_expression,
)
from tests.unit.workflow.builders import one_step, plan, problems, request, scope_of, step_of


def _files(**files: str) -> Any:
    def read(path: str) -> str:
        if path not in files:
            raise FileNotFoundError(2, "No such file or directory", path)
        return files[path]

    return read


def _inputs(declarations: str, given: dict[str, Json] | list[str]) -> dict[str, Json]:
    """Return the inputs of a plan; a list is what stands on the command line."""
    if isinstance(given, list):
        given = parse_assignments(given, read_file=_files())
    return dict(plan(one_step(top=f"inputs: {declarations}"), inputs=given).inputs)


def _wrong(declarations: str, given: dict[str, Json] | list[str]) -> list[str]:
    if isinstance(given, list):
        given = parse_assignments(given, read_file=_files())
    return problems(one_step(top=f"inputs: {declarations}"), inputs=given)


@pytest.mark.parametrize(
    ("args", "inputs"),
    [
        ([], {}),
        (["a=1"], {"a": "1"}),
        (["a="], {"a": ""}),
        (["a=b=c"], {"a": "b=c"}),
        (["a=1", "a=2"], {"a": "2"}),
        (["a.b.c=1", "a.b.d=2", "a.e=3"], {"a": {"b": {"c": "1", "d": "2"}, "e": "3"}}),
        (["a:=4"], {"a": 4}),
        (['a:=["x", null]'], {"a": ["x", None]}),
        (["a.b:=true"], {"a": {"b": True}}),
        (['a:={"x": 1}', "a.y=2"], {"a": {"x": 1, "y": "2"}}),
        (["a=@file"], {"a": "content\n"}),
        (["a=x@file"], {"a": "x@file"}),
    ],
)
def test_assignments_are_read_as_they_are_written(args: list[str], inputs: object) -> None:
    """Text, the content of a file, or JSON; dots nest."""
    assert parse_assignments(args, read_file=_files(file="content\n")) == inputs


def test_all_wrong_assignments_are_told_at_once() -> None:
    """One round on the command line, as with files."""
    args = ["a", "=1", ":=1", "a:=x", "a:=NaN", "a=@none", "a.=1", "x=1", "x.y=2", "m.n=1", "m=2"]
    deep = ["d:=" + "[" * 100_000, ".".join("d" * 30) + "=1"]
    with pytest.raises(WorkflowError) as caught:
        parse_assignments([*args, *deep], read_file=_files())

    told = [problem.what for problem in caught.value.problems]
    assert len(told) == 11
    assert told[0] == "cannot use 'a': there is no '='"
    assert "no such file or directory" in told[5]
    assert "'x' has a value already" in told[7]
    assert "'m' has parts already" in told[8]
    assert "nested too deeply" in told[9]
    assert all(problem.hint for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("declaration", "args", "value"),
    [
        ("{type: integer}", "4", 4),
        ("{type: number}", "4", 4),
        ("{type: number}", "1.5", 1.5),
        ("{type: boolean}", "true", True),
        ("{type: string}", "4", "4"),
        ("{type: string}", "true", "true"),
        ("{}", "4", "4"),
        ("{type: array, items: {type: integer}}", "[1, 2]", [1, 2]),
        ("{type: object}", '{"a": 1}', {"a": 1}),
    ],
)
def test_text_of_the_command_line_becomes_what_is_declared(
    declaration: str, args: str, value: Json
) -> None:
    """There, everything is text; in a file of inputs it is not."""
    found = _inputs(f"{{x: {declaration}}}", [f"x={args}"])
    assert found == {"x": value}
    assert type(found["x"]) is type(value)


@pytest.mark.parametrize(
    ("declaration", "value", "message"),
    [
        ("{type: integer}", "4", "expected a whole number, found '4'"),
        ("{type: integer}", 4.0, "expected a whole number, found 4.0"),
        ("{type: integer}", True, "expected a whole number, found true"),
        ("{type: number}", "x", "expected a number"),
        ("{type: boolean}", 1, "expected true or false, found 1"),
        ("{type: string}", None, "expected text, found nothing"),
        ("{type: array}", {}, "expected a list, found a mapping"),
        ("{type: object}", [], "expected a mapping, found a list"),
        ("{enum: [a, 1]}", "b", "'b' is none of: a, 1"),
        ("{enum: [1]}", True, "true is none of: 1"),
        ("{type: integer, minimum: 3}", 2, "2 is less than 3"),
        ("{type: number, maximum: 1.5}", 2.5, "2.5 is greater than 1.5"),
        ("{type: string, minLength: 2}", "a", "1 characters are fewer than 2"),
        ("{type: string, maxLength: 2}", "abc", "3 characters are more than 2"),
        ("{type: string, pattern: '^a'}", "ba", "'ba' does not match the pattern '^a'"),
        ("{type: array, minItems: 1}", [], "0 entries are fewer than 1"),
        ("{type: array, maxItems: 1}", [1, 2], "2 entries are more than 1"),
        ("{type: array, uniqueItems: true}", [1, {"a": 1}, {"a": 1}], "stands there twice"),
        ("{type: array, items: {type: string}}", ["a", 1], "x[1]: expected text, found 1"),
        ("{type: object, required: [a]}", {}, "the key 'a' is missing"),
        ("{type: object, properties: {a: {type: integer}}}", {"a": "x"}, "x.a: expected a whole"),
        ("{properties: {abc: {}}, additionalProperties: false}", {"abd": 1}, "did you mean 'abc'?"),
        ("{properties: {ab: {}}, additionalProperties: false}", {"xyz": 1}, "there are: ab"),
        ("{}", 2**63, "out of range"),
        ("{}", float("nan"), "not finite"),
        ("{}", {"a": ["\ud800"]}, "half a character"),
        ("{}", "x\0y", "a NUL in it"),
    ],
)  # fmt: skip
def test_a_value_that_is_not_as_declared_is_refused(
    declaration: str, value: Json, message: str
) -> None:
    """Constraints that are read and not enforced are worse than none."""
    told = _wrong(f"{{x: {declaration}}}", {"x": value})
    assert len(told) == 1
    assert message in told[0]
    assert told[0].startswith("inputs.x")


@pytest.mark.parametrize(
    ("declarations", "given", "inputs"),
    [
        ("{a: {default: 1}}", {}, {"a": 1}),
        ("{a: {default: 1}}", {"a": 2}, {"a": 2}),
        ("{a: {default: null}}", {}, {"a": None}),
        ("{a: {type: string, required: false}}", {}, {}),
        ("{a: {type: string, default: x, required: true}}", {}, {"a": "x"}),
        ("{type: object, properties: {a: {default: 1}, b: {}}}", {}, {"a": 1}),
        ("{properties: {a: {default: 1}}, additionalProperties: true}", {"z": 2}, {"a": 1, "z": 2}),
        ("{a: {properties: {b: {default: 1}, c: {}}}}", {"a": {"d": 2}}, {"a": {"b": 1, "d": 2}}),
        ("{a: {properties: {b: {default: 1}}, default: {}}}", {}, {"a": {"b": 1}}),
        ("{a: {properties: {b: {default: 1}}, required: [b]}}", {"a": {}}, {"a": {"b": 1}}),
        ("{properties: {}, type: {default: x}}", {"properties": 1}, {"properties": 1, "type": "x"}),
    ],
)  # fmt: skip
def test_defaults_complete_what_is_given(
    declarations: str, given: dict[str, Json], inputs: dict[str, Json]
) -> None:
    """At every level, and for both forms of the declarations."""
    assert _inputs(declarations, given) == inputs


@pytest.mark.parametrize(
    ("declarations", "given", "message"),
    [
        ("{a: {type: string}}", {}, "required (give it with --input a=VALUE)"),
        ("{type: object, required: [a], properties: {a: {}}}", {}, "the input 'a' is required"),
        ("{models: {default: 1}}", {"modles": 1}, "'modles' (did you mean 'models'?)"),
        ("{models: {default: 1}}", {"x": 1}, "there are: models"),
        ("{}", {"x": 1}, "the workflow declares none"),
        ("{a: {type: array}}", ["a=x"], """on the command line, write NAME:='["a", "b"]'"""),
        ("{a: {type: object}}", ["a=x"], """on the command line, write NAME:='{"a": 1}'"""),
        ("{a: {type: integer}}", ["a=x"], "it is declared as 'integer'"),
        ("{a: {type: integer}}", ["a=4.5"], "expected a whole number, found '4.5'"),
    ],
)  # fmt: skip
def test_inputs_that_are_missing_or_unknown_are_told(
    declarations: str, given: dict[str, Json] | list[str], message: str
) -> None:
    """Before anything runs, with what to write instead."""
    told = _wrong(declarations, given)
    assert len(told) == 1
    assert message in told[0]


def test_without_its_inputs_a_workflow_is_not_evaluated() -> None:
    """One missing input would otherwise be told at every expression that uses it."""
    text = one_step(
        "run: echo ${{ inputs.a }} ${{ inputs.a + 'x' }}\ndriver: ${{ inputs.a }}",
        top="inputs: {a: {type: string}}",
    )
    assert problems(text) == ["inputs.a: the input 'a' is required (give it with --input a=VALUE)"]


@settings(deadline=None)
@given(st.lists(st.text(alphabet='a.:=@[]{}"1 ,', max_size=12), max_size=5))
def test_no_assignment_raises_anything_else(args: list[str]) -> None:
    """A command line is an outside input."""
    with contextlib.suppress(WorkflowError):
        parse_assignments(args, read_file=_files())


def test_inputs_that_are_not_declared_can_be_bound_to_a_declaration() -> None:
    """A schema of others may allow any name, of one type."""
    declared = "{type: object, additionalProperties: {type: integer, maximum: 9}}"

    assert _inputs(declared, ["a=3"]) == {"a": 3}
    assert _wrong(declared, {"a": "x", "b": 10}) == [
        "inputs.a: expected a whole number, found 'x' (it is declared as 'integer')",
        "inputs.b: 10 is greater than 9",
    ]
    assert _wrong(declared, {"a": "\0"}) == [
        "inputs.a: the text has half a character or a NUL in it"
    ]


def test_the_keys_of_an_object_can_be_bound_to_a_declaration() -> None:
    """A map of texts to numbers is declared so, and its values are converted and checked."""
    declared = "{ports: {type: object, additionalProperties: {type: integer}}}"

    assert _inputs(declared, ["ports.http=80"]) == {"ports": {"http": 80}}
    assert _wrong(declared, {"ports": {"http": "x"}}) == [
        "inputs.ports.http: expected a whole number, found 'x' (it is declared as 'integer')"
    ]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("inputs.host.?zone.orValue('none')", "none"),
        ("inputs.host.?name.orValue('none')", "web"),
        ("inputs.?host.?list[?3].orValue(7)", 7),
        ("{?'zone': inputs.host.?zone}", {}),
        ("math.least(3, 2)", 2),
        ("base64.encode(b'x')", "eA=="),
    ],
)
def test_what_may_be_absent_has_a_value_to_stand_for_it(expression: str, value: Json) -> None:
    """Workflows of others read parts of data that older results do not have."""
    assert (
        evaluate_expression(
            compile_expression(expression), {"inputs": {"host": {"name": "web", "list": [1]}}}
        )
        == value
    )


def test_a_value_that_may_be_absent_says_how_it_becomes_one() -> None:
    """An optional value is nothing that a script or a file could take."""
    with pytest.raises(ExpressionError) as caught:
        evaluate_expression(compile_expression("inputs.?a"), {"inputs": {"a": 1}})

    assert (str(caught.value), caught.value.hint) == (
        "the value may be absent",
        "end with '.orValue(...)'",
    )


def test_a_default_that_only_the_run_can_tell_is_evaluated_where_it_is_used() -> None:
    """Others tell runs apart by a default such as `run.id`, and keep secrets out of inputs so."""
    text = one_step(
        "run: echo ${{ inputs.key }}\ntimeout: ${{ inputs.limit }}",
        top="""
        inputs:
          key: {type: string, default: "key-${{ run.id }}"}
          limit: {type: integer, default: "${{ size(run.id) * 1000 }}"}
        """,
    )
    planned = plan(text)
    scope = scope_of(planned, defaults=planned.defaults)
    [iteration] = expand_for_each(step_of(planned), scope)
    bound = bind_step(step_of(planned), iteration, scope=scope, request=request(), passed_env={})

    assert planned.inputs == {}
    assert bound.request.env["SWAMP_EXPR_1"] == "key-rabcdefghijk"
    assert bound.request.timeout_s == 12
    assert plan(text, inputs={"key": "mine"}).inputs == {"key": "mine"}
    assert plan_from_json(plan_to_json(planned)) == planned


def test_a_default_without_a_value_says_whose_it_is() -> None:
    """The expression stands far from where its value is missing."""
    text = one_step(
        "run: echo ${{ inputs.key }}", top="inputs: {key: {default: '${{ env.NONE }}'}}"
    )
    planned = plan(text)
    scope = scope_of(planned, defaults=planned.defaults)
    [iteration] = expand_for_each(step_of(planned), scope)

    with pytest.raises(WorkflowError) as caught:
        bind_step(step_of(planned), iteration, scope=scope, request=request(), passed_env={})

    assert "the default of the input 'key': the environment has no variable 'NONE'" in str(
        caught.value
    )
