"""Where expressions begin and end in a text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swamp_driver.workflow._scan import (
    Expression,
    Literal,
    ScanError,
    is_whole_expression,
    scan,
    whole_expression,
)


def _told(text: str) -> list[str]:
    """Return the parts: expressions in brackets."""
    return [f"[{part.text}]" if isinstance(part, Expression) else part.text for part in scan(text)]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("plain $ { {{ }} text", ["plain $ { {{ }} text"]),
        ("${{ a }}", ["[a]"]),
        ("${{a}}${{b}}", ["[a]", "[b]"]),
        ("x ${{ a }} y", ["x ", "[a]", " y"]),
        ("${{ '}}' }}", ["['}}']"]),
        ('${{ "}}" }}', ['["}}"]']),
        (r"${{ 'it\'s }}' }}", [r"['it\'s }}']"]),
        (r"${{ r'\' }}", [r"[r'\']"]),
        ("${{ '''a'}}'b''' }}", ["['''a'}}'b''']"]),
        ("${{ b'}}' + rb'}}' }}", ["[b'}}' + rb'}}']"]),
        ("${{ {'a': {'b': 1}}.a.b }}", ["[{'a': {'b': 1}}.a.b]"]),
        ("${{ {'a': {'b': 1}}}}", ["[{'a': {'b': 1}}]"]),
        ("${{ [a[0], (b)] }}", ["[[a[0], (b)]]"]),
        ("${{ a\n  + b }}", ["[a\n  + b]"]),
        ("${{ a // don't stop\n + b }}", ["[a // don't stop\n + b]"]),
        ("${{ a // the end }} rest", ["[a // the end]", " rest"]),
        ("${{ for'x' }}", ["[for'x']"]),
        ("${{ '${{' }}", ["['${{']"]),
        ("$${{ a }}", ["$", "[a]"]),
        ("${{ a ) }}", ["[a )]"]),
    ],
)
def test_an_expression_ends_where_its_brackets_and_strings_do(text: str, parts: list[str]) -> None:
    """A search for '}}' would cut maps and texts with braces in them."""
    assert _told(text) == parts


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ("a ${{ b", 2, "not closed"),
        ("${{ a }} ${{ 'b }}", 9, "not closed"),
        ("${{ (a }}", 0, "not closed"),
        ("${{ a // end", 0, "not closed"),
        ("x ${{   }}", 2, "empty"),
    ],
)
def test_an_expression_that_does_not_end_is_refused_where_it_begins(
    text: str, offset: int, message: str
) -> None:
    """The place where it begins is what a person has to look at."""
    with pytest.raises(ScanError, match=message) as caught:
        scan(text)
    assert caught.value.offset == offset


def test_what_comes_before_an_open_expression_is_known() -> None:
    """Its names are still checked, so that one mistake does not hide another."""
    with pytest.raises(ScanError) as caught:
        scan("a ${{ b }} ${{ c")
    assert [part.text for part in caught.value.parts] == ["a ", "b", " "]


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("${{ a }}", True),
        ("  ${{ a }}\n", True),
        ("${{ a }}${{ b }}", False),
        ("${{ a }} b", False),
        ("a", False),
        ("", False),
        ("${{ a", True),
    ],
)
def test_only_a_text_of_one_expression_keeps_its_type(text: str, whole: bool) -> None:  # noqa: FBT001
    """Blanks around it do not count: block texts end with a line break."""
    assert is_whole_expression(text) is whole


def test_a_whole_expression_is_the_only_part() -> None:
    """Two expressions side by side are text."""
    assert whole_expression(scan("${{ a }}")) == Expression("a", 0, 4)
    assert whole_expression([]) is None


@settings(deadline=None)
@given(st.text(alphabet="${}'\"\\/()[]ab \n", max_size=40))
def test_every_text_is_taken_apart_without_loss_or_refused(text: str) -> None:
    """Whatever stands in a file, the scanner ends, and literals are what stands there."""
    try:
        parts = scan(text)
    except ScanError as error:
        offset = error.offset
        parts = [Expression("", offset, offset)]
    for part in parts:
        if isinstance(part, Literal):
            assert text.startswith(part.text, part.start)
        else:
            assert text.startswith("${{", part.start)
            assert text.startswith(part.text, part.inner)
