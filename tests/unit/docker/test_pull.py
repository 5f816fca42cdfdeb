"""Following a pull to its end, whatever the engine and the registry do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from swamp_driver.errors import UnavailableError
from swamp_driver.spec import CancelToken, Progress
from swamp_driver_docker_ws import _pull
from swamp_driver_docker_ws._pull import follow_pull

Report = Mapping[str, Any]
DOWN = "dial tcp: connection refused"


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make pauses short: it is their number that matters here."""
    monkeypatch.setattr(_pull, "_BACK_OFF_S", 0.001)
    monkeypatch.setattr(_pull, "_LOOK_S", 0.01)


def pull(
    begin: Callable[[], Iterator[Report]],
    *,
    cancel: CancelToken | None = None,
    is_alive: Callable[[], bool] = lambda: True,
) -> list[Progress]:
    """Follow a pull; return what was reported."""
    reports: list[Progress] = []
    try:
        follow_pull(
            "a:1", begin, report=reports.append, cancel=cancel or CancelToken(), is_alive=is_alive
        )
    finally:
        assert reports[-1].finished
    return reports


def downloading(layer: str, current: int, total: int) -> Report:
    """Return a report as the engine makes them."""
    detail = {"current": current, "total": total}
    return {"status": "Downloading", "id": layer, "progressDetail": detail}


def test_progress_is_that_of_all_layers() -> None:
    """A person sees one pull, not its layers."""
    reports = pull(
        lambda: iter(
            [
                downloading("a", 10, 100),
                downloading("b", 5, 50),
                {"status": "Download complete", "id": "a"},
                {"status": "Pull complete", "id": "b"},
            ]
        )
    )
    assert [(report.done, report.total) for report in reports[:-1]] == [
        (10, 100),
        (15, 150),
        (105, 150),
        (150, 150),
    ]


def test_an_unreachable_registry_is_tried_again() -> None:
    """A few times: most of such failures are over in a second."""
    attempts: list[int] = []

    def begin() -> Iterator[Report]:
        attempts.append(1)
        return iter([{"error": DOWN}] if len(attempts) < 3 else [])

    pull(begin)
    assert len(attempts) == 3


def test_it_is_not_tried_for_ever() -> None:
    """Then it is told as what it is."""
    attempts: list[int] = []

    def begin() -> Iterator[Report]:
        attempts.append(1)
        return iter([{"error": DOWN}])

    with pytest.raises(UnavailableError, match="cannot be reached"):
        pull(begin)
    assert len(attempts) == 3


def test_what_will_not_change_is_not_tried_again() -> None:
    """An image that does not exist will not exist in a second."""
    attempts: list[int] = []

    def begin() -> Iterator[Report]:
        attempts.append(1)
        return iter([{"error": "manifest unknown"}])

    with pytest.raises(UnavailableError, match="does not exist"):
        pull(begin)
    assert len(attempts) == 1


def test_a_cancelled_pull_ends_at_once() -> None:
    """Also where the engine says nothing."""
    cancel = CancelToken()
    release = threading.Event()

    def begin() -> Iterator[Report]:
        cancel.cancel()
        release.wait()
        return iter([])

    with pytest.raises(UnavailableError, match="cancelled"):
        pull(begin, cancel=cancel)
    release.set()


def test_an_engine_that_dies_in_a_pull_is_noticed() -> None:
    """Its connection may stay open and silent."""
    release = threading.Event()

    def begin() -> Iterator[Report]:
        release.wait()
        return iter([])

    with pytest.raises(UnavailableError, match="ended during a pull"):
        pull(begin, is_alive=lambda: False)
    release.set()


def test_an_unexpected_error_is_not_swallowed() -> None:
    """It happens on another thread, and must come out here."""

    def begin() -> Iterator[Report]:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        pull(begin)
