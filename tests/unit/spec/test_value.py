"""Values compare and print by their fields, as those that attrs makes do."""

from __future__ import annotations

import typing

import attrs

from swamp_driver._value import Value


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Point(Value):
    """A value with a field that is not compared and one that is not printed."""

    x: int
    note: str = attrs.field(default="", eq=False)
    secret: str = attrs.field(default="", repr=False)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Point3(Point):
    """A value that has one field more."""

    z: int = 0


def test_values_with_equal_fields_are_equal_and_hash_alike() -> None:
    """Tests, sets and caches compare values whole."""
    assert Point(x=1) == Point(x=1)
    assert hash(Point(x=1)) == hash(Point(x=1))
    assert Point(x=1) != Point(x=2)


def test_fields_that_are_not_compared_do_not_count() -> None:
    """Handles in a value do not make it another one."""
    assert Point(x=1, note="a") == Point(x=1, note="b")
    assert hash(Point(x=1, note="a")) == hash(Point(x=1, note="b"))


def test_values_of_other_classes_are_never_equal() -> None:
    """A subclass says something else, also where all fields of both are equal."""
    assert Point(x=1) != Point3(x=1)
    assert Point3(x=1) != Point(x=1)
    assert Point(x=1) != (1, "")


def test_a_value_is_printed_with_its_fields_but_for_the_hidden_ones() -> None:
    """What a failing test or a bug report shows must tell values apart, and no secrets."""
    assert repr(Point3(x=1, note="n", secret="s", z=2)) == "Point3(x=1, note='n', z=2)"  # noqa: S106


def test_the_type_hints_of_a_value_are_those_of_its_fields() -> None:
    """Decoders go by them."""
    assert set(typing.get_type_hints(Point)) == {"x", "note", "secret"}
