"""YAML -> a tree with places, whatever is in the text."""

from __future__ import annotations

import json
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swamp_driver.errors import Problem
from swamp_driver.spec import Json
from swamp_driver.workflow._node import (
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    find_place,
    json_value,
)
from swamp_driver.workflow._problems import Place, Problems
from swamp_driver.workflow._yaml import parse_yaml


def _parse(text: str) -> tuple[Node | None, list[Problem]]:
    problems = Problems(file="x.yaml", text=text)
    node = parse_yaml(text, problems)
    return node, list(problems.error().problems)


def _value(text: str) -> Json:
    node, problems = _parse(text)
    assert not problems
    assert node is not None
    return json_value(node)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[~, null, Null, NULL, ]", [None, None, None, None]),
        ("{a: }", {"a": None}),
        ("[true, True, TRUE, false, False, FALSE]", [True, True, True, False, False, False]),
        ("[yes, no, on, off, y, n]", ["yes", "no", "on", "off", "y", "n"]),
        ("[0, 12, -3, +4, 0o17, 0x1F, 010]", [0, 12, -3, 4, 15, 31, 10]),
        ("[1.5, -0.5, .5, 1., 1e3, 1.2E-1]", [1.5, -0.5, 0.5, 1.0, 1000.0, 0.12]),
        ("[1_000, 0b1, 1:30, 2024-01-01, -, .]", ["1_000", "0b1", "1:30", "2024-01-01", "-", "."]),
        ("['1', \"true\", '']", ["1", "true", ""]),
        ("a: |\n  1\n  2\n", {"a": "1\n2\n"}),
        ("a: >-\n  1\n  2\n", {"a": "1 2"}),
        ("a: &x {b: 1}\nc: *x\n", {"a": {"b": 1}, "c": {"b": 1}}),
        ("a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}\n", {"a": {"b": 1, "c": 2}, "d": {"b": 1, "c": 3}}),
        (
            "- &a {x: 1}\n- &b {x: 2, y: 2}\n- {<<: [*a, *b], z: 3}\n",
            [{"x": 1}, {"x": 2, "y": 2}, {"x": 1, "y": 2, "z": 3}],
        ),
        ('{"<<": 1}', {"<<": 1}),
        ("\ufeffa: 1", {"a": 1}),
        ("a: 1\r\nb: 2\r\n", {"a": 1, "b": 2}),
        ("# comment\n---\na: 1\n...\n", {"a": 1}),
        ("%YAML 1.2\n---\na: 1\n", {"a": 1}),
        ("-9223372036854775808", -9223372036854775808),
    ],
)  # fmt: skip
def test_scalars_are_those_of_the_core_schema(text: str, value: Json) -> None:
    """Older rules turn countries into truth values and times into numbers."""
    assert _value(text) == value
    assert json.dumps(_value(text), sort_keys=True) == json.dumps(value, sort_keys=True)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: plain", 1, 4),
        ("a: 'quoted'", 1, 5),
        ("a: |\n  block", 2, 3),
        ("a: |2\n    block", 2, 3),
        ("a: |\n\n  block", 2, 3),
        ("a:\n  - x: >-\n\n\n        far\n", 3, 9),
        ("a: &anchor text", 1, 4),
        ("é😀: x", 1, 5),
        ("? a\n: x", 2, 3),
    ],
)
def test_a_scalar_is_where_its_content_begins(text: str, line: int, column: int) -> None:
    """Places of expressions are counted from there."""
    node, _ = _parse(text)
    while not isinstance(node, ScalarNode):
        match node:
            case MappingNode():
                node = next(iter(node.entries.values())).value
            case SequenceNode():
                node = node.items[0]
            case None:
                raise AssertionError
    assert (node.line, node.column) == (line, column)


_ALIASES = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
_MERGES = ("a0: &a0 {" + ",".join(f"k{n}: v" for n in range(300)) + "}\n") + "".join(
    f"a{n}: &a{n} {{<<: [{','.join([f'*a{n - 1}'] * 30)}]}}\n" for n in range(1, 20)
)
_DEEP_MERGES = (
    ("a: &a " + "{x: " * 50 + "1" + "}" * 50) + "\nb: {<<: [" + ",".join(["*a"] * 5000) + "]}"
)


@pytest.mark.parametrize("text", [_ALIASES, _MERGES, _DEEP_MERGES])
def test_a_bomb_of_aliases_stays_small(text: str) -> None:
    """A few kilobytes must not become gigabytes."""
    tracemalloc.start()
    try:
        _, problems = _parse(text)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert problems
    assert peak < 32 * 1024 * 1024


@pytest.mark.parametrize(
    "text",
    [
        "a: [" + "[" * 100_000,
        "{" * 100_000,
        "- " * 100_000,
        "? " * 100_000,
        "a: &a [[[[[[]]]]]]\nb: " + "[" * 60 + "*a" + "]" * 60,
        _ALIASES,
        _MERGES,
        _DEEP_MERGES,
        "- a\n" * 60_000,
        "a: " + "x" * 1_100_000,
        "a: '" + "é" * 600_000,
        "a: " + "9" * 500_000,
        "&a " * 10_000,
        "*a " * 10_000,
        "!!" * 10_000,
        "%" * 10_000,
        "a: b: " * 10_000,
        "'" * 10_001,
        "\t" * 10_000,
        "a\n" * 10_000 + ":",
        "&a [&b [*a], *b]",
    ],
    ids=lambda text: repr(text[:12]),
)
def test_a_bomb_ends_soon(text: str) -> None:
    """Budgets hold while the text is read, not after it was expanded."""
    started = time.process_time()
    _, problems = _parse(text)

    assert problems
    assert time.process_time() - started < 20


def test_a_large_file_within_the_budgets_is_read() -> None:
    """Budgets are there for bombs, not for people."""
    text = "- " + "x" * 500_000 + "\n" + "- {a: 1, b: [2]}\n" * 1_000
    node, problems = _parse(text)

    assert not problems
    assert isinstance(node, SequenceNode)
    assert len(node.items) == 1_001


def test_many_blocks_take_no_quadratic_time() -> None:
    """The place of each is found from its own line."""
    text = "- |\n  x\n" * 8_000
    started = time.process_time()
    _, problems = _parse(text)

    assert not problems
    assert time.process_time() - started < 20


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        ("", "the file is empty", 1, 1),
        ("# only\n", "the file is empty", 1, 1),
        ("~", "the file is empty", 1, 1),
        ("a: 1\n--- b", "second document", 2, 1),
        ("a: [1, 2", "expected ',' or", 1, 9),
        ("a: 'x", "unexpected end of stream", 1, 6),
        ("a: b: c", "mapping values are not allowed", 1, 5),
        ("a: \x07", "U+0007 is not allowed", 1, 4),
        ("b: 1\na: \ud800", "U+D800 is not allowed", 2, 4),
        ('a: "x \\ud800"', "half a character", 1, 5),
        ("a: @x", "cannot start any token", 1, 4),
        ('a: "\\q"', "unknown escape", 1, 6),
        ("a: !x y", "the tag '!x' is not allowed", 1, 4),
        ("a: !!python/object:os.system y", "the tag 'tag:yaml.org", 1, 4),
        ("[a: {b: 1, b: 2}]", "the key 'b' stands here a second time", 1, 12),
        ("%TAG ! tag:x:\n---\na: !b c", "the tag 'tag:x:b' is not allowed", 3, 4),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(
    text: str, message: str, line: int, column: int
) -> None:
    """The library's own text says where in its own way."""
    _, problems = _parse(text)

    assert message in problems[0].what
    assert (problems[0].line, problems[0].column) == (line, column)


def test_all_duplicates_are_told_at_once() -> None:
    """A loader that stops at the first makes people run it again and again."""
    _, problems = _parse("a: 1\na: 2\nb: {c: 1, c: 2, c: 3}\n")
    assert len(problems) == 3


def test_a_place_inside_a_tree_is_found_by_its_path() -> None:
    """Drivers name their options by path, and people want line and column."""
    node, _ = _parse("a:\n  b: [x, {c: 1}]\n")
    assert node is not None

    assert find_place(node, "top", inside="a.b[1].c") == Place("top.a.b[1].c", 2, 11)
    assert find_place(node, "top", inside="a.b[7]") == Place("top.a.b[7]", 2, 3)
    assert find_place(node, "top", inside="z") == Place("top.z", 1, 1)
    assert find_place(node, "top", inside="") == Place("top", 1, 1)
    assert find_place(node, "top", inside="[0]") == Place("top[0]", 1, 1)


@settings(deadline=None)
@given(st.text(alphabet="ab:-[]{}&*!|>'\"%@`#,?\n \t~<1.0x\\\ud800\x00é", max_size=60))
def test_no_text_raises_anything(text: str) -> None:
    """A file is hostile until it is read; whatever is in it becomes a problem or a tree."""
    node, problems = _parse(text)

    assert node is not None or problems
    for problem in problems:
        assert problem.line >= 1
        assert problem.column >= 1


@settings(deadline=None)
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**63), 2**63 - 1)
        | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.text("abc<", min_size=1, max_size=5), inner, max_size=4)
        ),
        max_leaves=20,
    )
)
def test_json_reads_as_json_does(value: Json) -> None:
    """JSON is YAML: programs write workflows too."""
    if value is not None:
        assert _value(json.dumps(value)) == value
