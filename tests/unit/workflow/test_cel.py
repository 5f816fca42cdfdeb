"""What expressions mean: a table of the language as this project offers it."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from typing import Any

import pytest

from swamp_driver.spec import Json
from swamp_driver.workflow._cel import (
    ExpressionError,
    compile_expression,
    evaluate_expression,
    pattern_matches,
    references_of,
)
from swamp_driver.workflow._syntax_tree import Reference

_TEN = "[1,2,3,4,5,6,7,8,9,10]"
_TOO_MANY = f"{_TEN}.map(a, {_TEN}.map(b, {_TEN}.map(c, {_TEN}.map(d, {_TEN}.map(e, e)))))"
INPUTS: dict[str, Json] = {
    "text": "abc",
    "empty": "",
    "n": 7,
    "real": 2.5,
    "yes": True,
    "none": None,
    "list": [3, 1, 2],
    "words": ["a", "b"],
    "map": {"a": 1, "b": {"c": [True, None]}},
    "records": [{"name": "x", "size": 1}, {"name": "y", "size": 5}],
    "unicode": "Grüße 😀",
    "big": 9223372036854775807,
}


def _value(expression: str) -> Json:
    return evaluate_expression(compile_expression(expression), {"inputs": INPUTS})


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        # literals
        ("1", 1),
        ("-1", -1),
        ("0x1F", 31),
        ("7u", 7),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("true", True),
        ("null", None),
        ("'a'", "a"),
        ('"a\\n\\u00e9"', "a\né"),
        (r"r'\n'", "\\n"),
        ("'''a\nb'''", "a\nb"),
        ("b'abc'", "abc"),
        ("[1, 'a', null]", [1, "a", None]),
        ("{'a': 1, 'b': [2]}", {"a": 1, "b": [2]}),
        ("{2: 'a', true: 'b', false: 'c'}", {"2": "a", "true": "b", "false": "c"}),
        # names
        ("inputs.text", "abc"),
        ("inputs['text']", "abc"),
        ("inputs.map.b.c[0]", True),
        ("inputs.map['b'].c[1]", None),
        ("inputs.list[1]", 1),
        ("inputs.none", None),
        ("inputs.unicode", "Grüße 😀"),
        ("inputs.big", 9223372036854775807),
        ("inputs.map", {"a": 1, "b": {"c": [True, None]}}),
        # arithmetic
        ("inputs.n + 1", 8),
        ("inputs.n / 2", 3),
        ("-7 / 2", -3),
        ("inputs.n % 4", 3),
        ("inputs.real * 2.0", 5.0),
        ("1.0 / 4.0", 0.25),
        ("double(inputs.n) / 2.0", 3.5),
        ("int(inputs.real)", 2),
        ("int('42')", 42),
        ("double('1.5')", 1.5),
        ("string(1.5)", "1.5"),
        ("string(inputs.n)", "7"),
        ("string(true)", "true"),
        ("bool('true')", True),
        # comparison and logic
        ("inputs.n > 5 && inputs.yes", True),
        ("inputs.n > 5 || inputs.missing", True),
        ("false && inputs.missing", False),
        ("!inputs.yes", False),
        ("inputs.n == 7", True),
        ("inputs.n == 7.0", True),
        ("inputs.n != 'a'", True),
        ("inputs.text < 'abd'", True),
        ("inputs.none == null", True),
        ("inputs.map == {'b': {'c': [true, null]}, 'a': 1}", True),
        ("inputs.yes ? 'on' : 'off'", "on"),
        ("1 in inputs.list", True),
        ("'z' in inputs.map", False),
        ("has(inputs.text)", True),
        ("has(inputs.missing)", False),
        ("has(inputs.map.b.d)", False),
        ("has(inputs.missing) ? inputs.missing : 'default'", "default"),
        # texts
        ("inputs.text + '-' + string(inputs.n)", "abc-7"),
        ("size(inputs.text)", 3),
        ("inputs.unicode.size()", 7),
        ("inputs.text.startsWith('ab')", True),
        ("inputs.text.endsWith('bc')", True),
        ("inputs.text.contains('b')", True),
        ("inputs.text.matches('^[a-c]+$')", True),
        ("inputs.text.upperAscii()", "ABC"),
        ("'A-B'.lowerAscii()", "a-b"),
        ("'a,b'.split(',')", ["a", "b"]),
        ("inputs.words.join('-')", "a-b"),
        ("inputs.text.replace('b', 'x')", "axc"),
        ("' a '.trim()", "a"),
        ("inputs.text.substring(1)", "bc"),
        ("inputs.text.substring(0, 1)", "a"),
        ("inputs.text.indexOf('c')", 2),
        ("inputs.text.charAt(0)", "a"),
        ("inputs.text.reverse()", "cba"),
        ("'%s-%d'.format([inputs.text, inputs.n])", "abc-7"),
        # lists and maps
        ("size(inputs.list)", 3),
        ("inputs.list + [9]", [3, 1, 2, 9]),
        ("inputs.list.filter(x, x > 1)", [3, 2]),
        ("inputs.list.map(x, x * 2)", [6, 2, 4]),
        ("inputs.list.map(x, x > 1, x * 2)", [6, 4]),
        ("inputs.list.exists(x, x == 2)", True),
        ("inputs.list.all(x, x > 0)", True),
        ("inputs.list.exists_one(x, x > 2)", True),
        ("inputs.records.map(r, r.name)", ["x", "y"]),
        ("inputs.records.filter(r, r.size > 2)[0].name", "y"),
        ("inputs.map.exists(k, k == 'a')", True),
        ("inputs.list.map(inputs, inputs + 1)", [4, 2, 3]),
        # times
        ("timestamp('2024-01-02T03:04:05Z')", "2024-01-02T03:04:05Z"),
        ("timestamp('2024-01-02T03:04:05Z').getFullYear()", 2024),
        ("timestamp('2024-01-02T03:04:05Z') + duration('1h')", "2024-01-02T04:04:05Z"),
        ("duration('90s')", "90s"),
        ("duration('90s') > duration('1m')", True),
        # types
        ("type(inputs.n) == int", True),
        ("type(inputs.text) == string", True),
        # comments and lines
        ("inputs.n // seven\n + 1", 8),
        ("'${{'", "${{"),
    ],
)
def test_an_expression_has_the_value_that_cel_gives_it(expression: str, value: Json) -> None:
    """Authors rely on the language of the specification, not on what an engine happens to do."""
    found = _value(expression)

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("1 +", "ends too early"),
        ("1 2", "'2' cannot stand here"),
        ("(1", r"a '\)' is missing|ends too early"),
        ("'abc", "cannot be understood"),
        ("inputs.in", "cannot be understood"),
        ("1 + 'a'", r"'\+' cannot be applied to \(int, string\)"),
        ("foo(1)", "unknown function 'foo'"),
        ("inputs.text.nothing()", "unknown function 'nothing'"),
        ("size(1, 2)", "unknown function 'size'|cannot be applied"),
        ("(" * 200 + "1" + ")" * 200, "nested too deeply"),
        ("'" + "a" * 200_000 + "'", "too long"),
    ],
)
def test_an_expression_that_is_not_valid_is_refused_in_plain_words(
    expression: str, message: str
) -> None:
    """What the engine says is written for its developers."""
    with pytest.raises(ExpressionError, match=message) as caught:
        compile_expression(expression)
    assert "\n" not in str(caught.value)
    assert "INVALID" not in str(caught.value)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("inputs.missing", "there is no 'missing'"),
        ("inputs.map.z", "there is no 'z'"),
        ("1 / 0", "divide by zero"),
        ("1 % 0", "modulus by zero"),
        ("inputs.big + 1", "integer overflow"),
        ("inputs.list[5]", "there is no entry 5 in a list of 3"),
        ("inputs.text.x", "has no parts"),
        ("inputs.text[0]", "no entries to choose from"),
        ("inputs.text + 1", r"'\+' cannot be applied to \(string, int64\)"),
        ("inputs.text ? 1 : 2", "not true or false"),
        ("int('x')", "cannot convert string to int"),
        ("type(1)", "a type"),
        ("b'\\xff'", "bytes that are not text"),
        ("0.0 / 0.0", "not a finite number"),
        ("inputs.text.matches('(')", "invalid regular expression"),
        (_TOO_MANY, "too many rounds"),
    ],
)
def test_an_expression_without_a_value_says_why(expression: str, message: str) -> None:
    """The engine returns errors as values: they must never pass for one."""
    with pytest.raises(ExpressionError, match=message):
        _value(expression)


@pytest.mark.parametrize(
    ("expression", "references"),
    [
        ("1", []),
        ("inputs.a.b", [Reference("inputs", ("a", "b"), 0)]),
        ("inputs['a-b'].c[0].d", [Reference("inputs", ("a-b", "c"), 0)]),
        ("1 + inputs.a", [Reference("inputs", ("a",), 4)]),
        ("has(inputs.a)", [Reference("inputs", ("a",), 4)]),
        ("{'k': self.a}['k']", [Reference("self", ("a",), 6)]),
        ("[run.id, env.A]", [Reference("run", ("id",), 1), Reference("env", ("A",), 9)]),
        ("inputs[self.a]", [Reference("inputs", (), 0), Reference("self", ("a",), 7)]),
        ("data.latest(self.a)", [Reference("data", ("latest",), 0, is_call=True, arguments=(None,)), Reference("self", ("a",), 12)]),  # noqa: E501
        ("inputs.l.map(x, x.y + self.z)", [Reference("inputs", ("l",), 0), Reference("self", ("z",), 22)]),  # noqa: E501
        ("f(g(self.a))", [Reference("self", ("a",), 4)]),
        ("(self.a + 'x').size()", [Reference("self", ("a",), 1)]),
        ("'é' + self.a", [Reference("self", ("a",), 6)]),
        ("1.5 + self.a", [Reference("self", ("a",), 6)]),
        ("self.a ? true : -self.b", [Reference("self", ("a",), 0), Reference("self", ("b",), 17)]),
    ],
)  # fmt: skip
def test_the_names_in_an_expression_are_known_with_their_places(
    expression: str, references: list[Reference]
) -> None:
    """Names that are not declared must be found before anything runs."""
    assert list(references_of(expression)) == references


def test_patterns_are_matched_in_linear_time() -> None:
    """A pattern comes from a file and the text from anywhere: backtracking would hang."""
    assert not pattern_matches("^(a+)+$", "a" * 50 + "b")
    assert pattern_matches("b", "abc")
    with pytest.raises(ExpressionError):
        pattern_matches("(", "abc")


def test_expressions_can_be_evaluated_from_many_threads() -> None:
    """Steps are bound while others run."""
    wrong: list[Any] = []

    def evaluate(number: int) -> None:
        for round_number in range(50):
            program = compile_expression(f"inputs.n + {round_number}")
            found = evaluate_expression(program, {"inputs": {"n": number}})
            if found != number + round_number:
                wrong.append((number, round_number, found))

    threads = [threading.Thread(target=evaluate, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("'abcabc'.replace('b', 'xy')", "axycaxyc"),
        ("'abcabc'.replace('b', '', 1)", "acabc"),
        ("'abcabc'.replace('b', 'x', 0)", "abcabc"),
        ("'abcabc'.replace('b', 'x', -1)", "axcaxc"),
        ("'ab'.replace('', '-')", "-a-b-"),
        ("'Grüße'.replace('ü', '😀')", "Gr😀ße"),
        ("inputs.words.map(w, w.replace('a', 'c'))", ["c", "b"]),
        ("'replace'.replace('replace', 'bounded')", "bounded"),
    ],
)
def test_replace_does_what_the_language_says(expression: str, value: Json) -> None:
    """It is not the engine's own, for the sake of its bound."""
    assert _value(expression) == value


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("'x'" + ".replace('x', 'xxxxxxxxxxxxxxxx')" * 25, "'replace' gives more than 4194304"),
        ("'x'" + ".replace('', 'xxxxxxxxxxxxxxxx')" * 25, "'replace' gives more than 4194304"),
        (f"{_TEN}.map(a, inputs.long)", "the value has 10000001 characters, more than 4194304"),
        ("inputs.n.replace('a', 'b')", "'replace' needs a text, not int64"),
        ("inputs.n.upperAscii()", "'upperAscii' cannot be applied to int64"),
    ],
)
def test_a_value_cannot_grow_without_bound(expression: str, message: str) -> None:
    """A line of a file that comes from elsewhere must not take the memory of the host."""
    with pytest.raises(ExpressionError, match=re.escape(message)):
        evaluate_expression(
            compile_expression(expression), {"inputs": {"n": 1, "long": "y" * 1_000_000}}
        )


def test_a_host_outlives_many_nulls() -> None:
    """The engine takes a reference too many for each; without care the process is aborted."""
    script = """
from swamp_driver.workflow._cel import compile_expression, evaluate_expression
nulls = compile_expression("inputs")
for _ in range(200):
    evaluate_expression(nulls, {"inputs": [None] * 1000})
print("alive")
"""
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=120
    )

    assert (ended.returncode, ended.stdout) == (0, "alive\n"), ended.stderr


@pytest.mark.parametrize(
    ("expression", "vault", "key"),
    [
        ("vault.get(main, API_KEY)", "main", "API_KEY"),
        ("vault.get(my-vault, api-key)", "my-vault", "api-key"),
        ("vault.get('main', inputs.text)", "main", "abc"),
        ("vault.get(inputs.text, KEY)", "abc", "KEY"),
        ("['k'].map(v, vault.get('main', v))[0]", "main", "k"),
        ("vault.get('a, b', 'c')", "a, b", "c"),
    ],
)
def test_bare_words_name_vaults_and_their_secrets(expression: str, vault: str, key: str) -> None:
    """Others write them so; what stands elsewhere in the expression too is a name of it."""
    asked: list[tuple[Json, ...]] = []

    def call(_: str, arguments: tuple[Json, ...]) -> Json:
        asked.append(arguments)
        return "secret"

    value = evaluate_expression(compile_expression(expression), {"inputs": INPUTS}, call)

    assert value == "secret"
    assert asked == [(vault, key)]
