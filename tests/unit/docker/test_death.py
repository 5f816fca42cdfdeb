"""How a container ended, as the engine's events tell it."""

from __future__ import annotations

from typing import Any

import pytest

from swamp_driver_docker_ws._death import explain_events


def event(action: str, **attributes: str) -> dict[str, Any]:
    """Return an event as the engine makes them."""
    return {"Action": action, "Actor": {"Attributes": attributes}}


@pytest.mark.parametrize(
    ("events", "text"),
    [
        (
            [event("start"), event("kill", signal="9"), event("die", exitCode="137")],
            "it was killed from outside with signal 9; the container ended with exit code 137",
        ),
        (
            [event("oom"), event("die", exitCode="137")],
            "the kernel killed in it for want of memory; the container ended with exit code 137",
        ),
        ([event("die", exitCode="0")], "the container ended with exit code 0"),
        ([event("died", containerExitCode="1")], "the container ended with exit code 1"),
    ],
)
def test_the_cause_is_told_in_words(events: list[dict[str, Any]], text: str) -> None:
    """An exit code of 137 alone says neither who did it nor why."""
    assert explain_events(events) == text


@pytest.mark.parametrize("events", [[], [event("destroy")], [event("start")]])
def test_an_engine_that_has_forgotten_is_quoted_as_such(events: list[dict[str, Any]]) -> None:
    """After a restart it knows nothing of before."""
    assert "has no record" in explain_events(events)


def test_what_comes_after_the_end_is_not_waited_for() -> None:
    """The engine keeps the stream of events open."""

    def events() -> Any:
        yield event("die", exitCode="1")
        raise AssertionError

    assert explain_events(events()) == "the container ended with exit code 1"
