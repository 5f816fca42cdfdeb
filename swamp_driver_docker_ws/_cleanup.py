"""Removing containers and volumes until a look shows that they are gone."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from functools import partial

from swamp_driver.errors import DriverError, TeardownError
from swamp_driver_docker_ws._background import in_background
from swamp_driver_docker_ws._engine_api import Engine, Found

_LOOK_S = 0.01
_MOST_S = 0.25


def remove_all_containers(
    engine: Engine, labels: Mapping[str, str], *, deadline: float, patience_s: float = 0.0
) -> tuple[str, ...]:
    """Remove every container that bears all these labels; return their names.

    For `patience_s` it only watches those whose agent was told to end: they remove themselves, and
    an order to kill them would make the engine do it twice. `deadline` is of `time.monotonic`.

    Raises:
        TeardownError: Some are there when the time is up; `left` names them.
        UnavailableError: The engine cannot be asked.
    """
    names: dict[str, str] = {}
    reasons: dict[str, str] = {}
    patient_until, pause_s = time.monotonic() + patience_s, _LOOK_S
    while found := engine.find_containers(labels):
        names |= {one.ref: one.name for one in found}
        if time.monotonic() >= patient_until:
            reasons |= _order(engine, (one for one in found if one.state != "removing"))
        if time.monotonic() >= deadline:
            left = [
                f"container '{one.name}': {reasons.get(one.ref, 'still there')}" for one in found
            ]
            raise TeardownError("; ".join(left), left=left)
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, _MOST_S)
    return tuple(names.values())


def remove_volume(engine: Engine, name: str, *, deadline: float) -> None:
    """Remove a volume; one that is in use is tried again until `deadline`.

    Raises:
        TeardownError: It is in use when the time is up.
        UnavailableError: The engine cannot be asked.
    """
    while True:
        try:
            engine.remove_volume(name)
        except TeardownError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(_MOST_S)
        else:
            return


def _order(engine: Engine, found: Iterable[Found]) -> dict[str, str]:
    """Order the removal of all, at once; return why some are refused."""
    orders = {
        one.ref: in_background(partial(engine.remove_container, one.ref), name="swamp-remove")
        for one in found
    }
    reasons = {}
    for ref, order in orders.items():
        error = order.exception()
        if isinstance(error, DriverError):
            reasons[ref] = str(error)
        elif error is not None:
            raise error
    return reasons
