"""What runs left behind on an engine: listed by label, removed one by one."""

from __future__ import annotations

import time
from collections.abc import Iterator

from swamp_driver.errors import TeardownError
from swamp_driver.spec import Leftover
from swamp_driver_docker_ws._cleanup import remove_volume
from swamp_driver_docker_ws._engine_api import Engine, Found
from swamp_driver_docker_ws._labels import LabelFacts, ours, read_labels

_REMOVE_S = 60.0


def list_leftovers(engine: Engine) -> tuple[Leftover, ...]:
    """Return all containers and volumes that bear our labels, of live and dead owners alike."""
    volumes = tuple(_known(engine.find_volumes(ours())))
    kept_runs = {facts.run_id for _, facts in volumes if facts.role == "kept"}
    return (
        *(
            _leftover("container", found, facts, is_preserved=False)
            for found, facts in _known(engine.find_containers(ours()))
        ),
        *(
            _leftover(
                "volume",
                found,
                facts,
                is_preserved=facts.role == "persistent" or facts.run_id in kept_runs,
            )
            for found, facts in volumes
        ),
    )


def remove_leftover(engine: Engine, leftover: Leftover) -> bool:
    """Remove a thing if it still is what was listed: same run, same owner. True when it is gone.

    Raises:
        TeardownError: It cannot be removed.
    """
    find = engine.find_containers if leftover.kind == "container" else engine.find_volumes
    now = [(found, facts) for found, facts in _known(find(ours())) if found.name == leftover.name]
    if not now:
        return True
    found, facts = now[0]
    if (facts.run_id, facts.owner) != (leftover.run_id, leftover.owner):
        return False
    deadline = time.monotonic() + _REMOVE_S
    if leftover.kind == "volume":
        remove_volume(engine, found.ref, deadline=deadline)
        return True
    engine.remove_container(found.ref)
    while any(one.ref == found.ref for one in engine.find_containers(ours(run_id=facts.run_id))):
        if time.monotonic() > deadline:
            what = f"container '{found.name}': still there"
            raise TeardownError(what, left=[what])
        time.sleep(0.05)
    return True


def _known(found: tuple[Found, ...]) -> Iterator[tuple[Found, LabelFacts]]:
    for one in found:
        if (facts := read_labels(one.labels)) is not None:
            yield one, facts


def _leftover(kind: str, found: Found, facts: LabelFacts, *, is_preserved: bool) -> Leftover:
    return Leftover(
        kind=kind,
        name=found.name,
        run_id=facts.run_id,
        owner=facts.owner,
        created_at=facts.created_at,
        preserved=is_preserved,
        detail=", ".join(part for part in (facts.role, found.state) if part),
    )
