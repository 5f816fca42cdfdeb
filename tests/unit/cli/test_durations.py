"""Times and sizes are short, and never wrong by more than they show."""

from __future__ import annotations

import pytest

from swamp_driver.cli._durations import format_age, format_bytes, format_duration, format_elapsed


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0ms"),
        (0.042, "42ms"),
        (4.24, "4.2s"),
        (42.9, "42s"),
        (185, "3m05s"),
        (3725, "1h02m"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    """The smaller a time, the more of it matters."""
    assert format_duration(seconds) == text


def test_what_grows_has_no_decimals() -> None:
    """A running time that changes ten times a second only distracts."""
    assert format_elapsed(4.9) == "4s"
    assert format_elapsed(-3) == "0s"  # clocks of two processes may differ


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(5, "5s ago"), (200, "3 min ago"), (7300, "2 h ago"), (200_000, "2 d ago")],
)
def test_ages(seconds: float, text: str) -> None:
    """One unit is enough to find a run in a list."""
    assert format_age(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (3 << 40, "3.0 TiB")]
)
def test_sizes(size: int, text: str) -> None:
    """Powers of 1024, and named so."""
    assert format_bytes(size) == text
