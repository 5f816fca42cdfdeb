"""Saying what was seen and what the clause expects; a failed test is made of these words."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import NoReturn, TypeVar

from _pytest.outcomes import Skipped

from swamp_driver_conformance._difference import where_apart

E = TypeVar("E", bound=BaseException)


class Deviation(AssertionError):  # noqa: N818 - it is a finding, not an error
    """A driver did something else than its clause says."""

    def __init__(self, what: str, *, seen: object, expected: object) -> None:
        self.what = what
        self.seen = as_text(seen)
        self.expected = as_text(expected)
        super().__init__(f"{what}: seen {self.seen}, expected {self.expected}")


class NotRun(Skipped):
    """A test could not be run here; `needs` is one word for what is missing."""

    def __init__(self, needs: str, reason: str) -> None:
        super().__init__(f"{needs}: {reason}", _use_item_location=True)
        self.needs = needs
        self.reason = reason


def as_text(value: object) -> str:
    """Return a value as text; it is whole, and may hold what is not to be shown."""
    return value if isinstance(value, str) else repr(value)


def deviates(what: str, *, seen: object, expected: object) -> NoReturn:
    """Fail: the driver did something else."""
    raise Deviation(what, seen=seen, expected=expected)


def equal(seen: object, expected: object, what: str) -> None:
    """Fail where `seen` is not equal to `expected`."""
    if seen != expected:
        parts = where_apart(seen, expected)
        raise Deviation(what, seen=parts[0], expected=parts[1])


def that(condition: object, what: str, *, seen: object, expected: object) -> None:
    """Fail where the condition does not hold."""
    if not condition:
        raise Deviation(what, seen=seen, expected=expected)


@contextlib.contextmanager
def raises(error: type[E] | tuple[type[E], ...], what: str) -> Iterator[list[E]]:
    """Fail where the block does not raise `error`; yield a list that holds what was raised."""
    caught: list[E] = []
    names = " or ".join(one.__name__ for one in (error if isinstance(error, tuple) else (error,)))
    try:
        yield caught
    except error as raised:
        caught.append(raised)
    except (Deviation, NotRun):
        raise
    except Exception as other:
        seen = f"{type(other).__name__}: {other}"
        raise Deviation(what, seen=seen, expected=f"{names} is raised") from other
    if not caught:
        raise Deviation(what, seen="nothing was raised", expected=f"{names} is raised")


def not_run(needs: str, reason: str) -> NoReturn:
    """Leave the test out, by name: `needs` is what a person can bring here (`root`, `linux`)."""
    raise NotRun(needs, reason)
