"""Noticing an engine that hangs."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from swamp_driver_docker_ws._watch import EngineWatch


def watch(answers: Iterator[bool]) -> threading.Event:
    """Watch an engine that answers so; return what is set when it is given up."""
    dead = threading.Event()
    ended = threading.Event()

    def is_alive() -> bool:
        answer = next(answers, None)
        if answer is None:
            ended.set()
            return True
        return answer

    watching = EngineWatch(is_alive, on_dead=dead.set, interval_s=0.001)
    while not dead.is_set() and not ended.is_set():
        ended.wait(0.01)
    watching.close()
    watching.close()
    return dead


def test_two_failures_in_a_row_are_the_end() -> None:
    """Steps that run there will never be heard of again."""
    assert watch(iter([True, False, False])).is_set()


def test_one_failure_is_forgiven() -> None:
    """A busy engine may be late once; ending a run for that would be worse."""
    assert not watch(iter([False, True] * 5)).is_set()
