"""What a message shows of two values that should be equal."""

from __future__ import annotations

from swamp_driver_conformance._difference import where_apart


def test_short_values_are_shown_whole() -> None:
    """There is nothing to look for in them."""
    assert where_apart((1, b"x"), (2, b"x")) == ("(1, b'x')", "(2, b'x')")


def test_of_mappings_only_what_differs_is_shown() -> None:
    """The one wrong variable of twenty has to be seen at once."""
    seen, expected = {"A": "1", "B": "x", "C": ""}, {"A": "1", "B": "y", "D": ""}
    assert where_apart(seen, expected) == ("{'B': 'x', 'C': ''}", "{'B': 'y', 'D': ''}")


def test_long_texts_are_shown_where_they_part() -> None:
    """The wrong byte is behind what fits into a message."""
    seen, expected = where_apart(b"a" * 1000 + b"\n", b"a" * 1000 + b"\r\n")
    assert seen == f"…b'{'a' * 30}\\n'… at 970, of 1001 in all"
    assert expected.endswith("\\r\\n'… at 970, of 1002 in all")


def test_a_text_that_was_cut_is_shown_at_its_end() -> None:
    """What is there is right; it only ends too early."""
    seen, expected = where_apart({"LARGE": "x" * 400}, {"LARGE": "x" * 500})
    assert seen == f"{{'LARGE': …{'x' * 30!r}… at 370, of 400 in all}}"
    assert expected == f"{{'LARGE': …{'x' * 120!r}… at 370, of 500 in all}}"
