"""Names and labels: whose a container is must be readable by anyone, and never guessed."""

from __future__ import annotations

from typing import Any

import attrs

from swamp_driver.spec import Owner, RunContext, WorkspaceRequest
from swamp_driver_docker_ws import DockerConfig
from swamp_driver_docker_ws._labels import (
    labels_for,
    name_for,
    ours,
    persistent_volume_name,
    read_labels,
)

OWNER = Owner(host="box", boot_id="b-1", pid=42, start_time="1234")


def a_run(**changes: Any) -> RunContext:
    """Return a run of a known owner."""
    run = RunContext(
        run_id="rabcdefghijk",
        workflow="A workflow: any text, ünïcode",
        workspace=WorkspaceRequest(run_dir="/r/rabcdefghijk", uid=1, gid=2),
        config=DockerConfig(image="busybox"),
        owner=OWNER,
    )
    return attrs.evolve(run, **changes)


def test_labels_say_who_owns_a_thing_and_can_be_read_back() -> None:
    """Sweeping looks at the owner's life, so the owner must survive the way through labels."""
    labels = labels_for(a_run(), binding="b1", role="step", created_at=12.5)
    facts = read_labels(labels)
    assert facts is not None
    assert (facts.run_id, facts.owner, facts.created_at, facts.role) == (
        "rabcdefghijk",
        OWNER,
        12.5,
        "step",
    )


def test_labels_of_a_run_cannot_take_the_place_of_ours() -> None:
    """A label that lies about the owner would have live things removed."""
    honest = labels_for(a_run(), binding="b1", role="step", created_at=1.0)
    lying = a_run(labels=dict.fromkeys(honest, "x") | {"team": "a"})
    assert labels_for(lying, binding="b1", role="step", created_at=1.0) == {**honest, "team": "a"}


def test_what_has_no_labels_of_ours_is_not_ours() -> None:
    """A name that begins like ours proves nothing."""
    assert read_labels({}) is None
    assert read_labels({"swamp-driver.run": "rabcdefghijk"}) is None


def test_damaged_labels_name_no_owner() -> None:
    """Then a person decides, not a sweeper."""
    labels = dict(labels_for(a_run(), binding="b1", role="step", created_at=1.0))
    labels["swamp-driver.owner.pid"] = "-1"
    labels["swamp-driver.created-at"] = "yesterday"
    facts = read_labels(labels)
    assert facts is not None
    assert (facts.owner, facts.created_at) == (None, None)


def test_a_search_is_as_narrow_as_asked() -> None:
    """A binding's teardown must not see what another binding of the run made."""
    labels = labels_for(a_run(), binding="b1", role="step", created_at=1.0)
    assert ours(run_id="rabcdefghijk", binding="b1").items() <= labels.items()
    assert ours().items() <= labels.items()
    assert not ours(run_id="rabcdefghijk", binding="b2").items() <= labels.items()


def test_names_are_unique_and_allowed() -> None:
    """The engine takes [a-zA-Z0-9][a-zA-Z0-9_.-]+ and no name twice."""
    names = {
        name_for("rabcdefghijk", binding=binding, role="step", number=number)
        for binding in ("a", "b")
        for number in (0, 1)
    }
    assert len(names) == 4
    assert all(name.replace("-", "").isalnum() for name in names)


def test_a_persistent_workspace_has_one_volume_name() -> None:
    """The next run finds what the last one left."""
    assert persistent_volume_name("/a") == persistent_volume_name("/a")
    assert persistent_volume_name("/a") != persistent_volume_name("/b")
