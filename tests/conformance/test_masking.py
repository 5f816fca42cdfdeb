"""What the runner's environment holds, and what is shown of it."""

from __future__ import annotations

import shlex

import pytest
from swamp_driver_conformance._journal import Journal
from swamp_driver_conformance._masking import Mask

VALUE = "tr1cky 'value' \\ größe\n"


@pytest.mark.parametrize(
    "text",
    [VALUE, repr(VALUE), repr(VALUE.encode()), shlex.quote(VALUE), repr(shlex.quote(VALUE))],
    ids=["plain", "repr", "bytes", "shell", "repr of shell"],
)
def test_values_are_hidden_however_they_are_quoted(text: str) -> None:
    """`export -p` and `repr` write the same value in other letters."""
    shown = Mask.of({"API": VALUE})(f"before {text} after")
    assert "tr1cky" not in shown
    assert "<value of API>" in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")


def test_a_value_within_another_one_leaves_no_rest() -> None:
    """What is around it is as secret."""
    mask = Mask.of({"SHORT": "password", "LONG": "password-and-more"})
    assert mask("x=password-and-more") == "x=<value of LONG>"


@pytest.mark.parametrize(
    ("name", "value"),
    [("PATH", "/usr/bin:/bin"), ("HOME", "/home/somebody"), ("LC_ALL", "C.UTF-8"), ("CI", "true")],
)
def test_harmless_values_are_shown(name: str, value: str) -> None:
    """Messages about paths would say nothing without them."""
    assert Mask.of({name: value})(value) == value


def test_short_secrets_are_hidden() -> None:
    """Only a name tells that they are some."""
    assert Mask.of({"DB_PASSWORD": "hunt", "COLOUR": "blue"})("hunt blue") == (
        "<value of DB_PASSWORD> blue"
    )


def test_nothing_to_hide_changes_nothing() -> None:
    """Most environments of containers are empty."""
    assert Mask.of({})("text") == "text"


def test_a_line_is_masked_before_it_is_cut() -> None:
    """The first half of a secret is most of it."""
    journal = Journal(Mask.of({"TOKEN": "abcdefghijkl"}))
    journal.note("x" * 155 + "abcdefghijkl")
    assert journal.lines() == ["x" * 155 + "<valu…"]
