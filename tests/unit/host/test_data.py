"""Data of models: versions, what is seen from where, and when it goes."""

from __future__ import annotations

import io
import multiprocessing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from swamp_driver.errors import NotFoundError, StoreError
from swamp_driver.host import HostSettings
from swamp_driver.host.data import DataStore, NewArtifact, artifact_to_json, open_data_store
from swamp_driver.workflow._keeping import (
    GarbageRule,
    Lifetime,
    parse_garbage_rule,
    parse_lifetime,
    varied_name,
)


def _settings(tmp_path: Path) -> HostSettings:
    return HostSettings(root=tmp_path / "root", state_dir=tmp_path / "state")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DataStore]:
    """Return the data of one repository."""
    with open_data_store(_settings(tmp_path), tmp_path / "repo") as opened:
        yield opened


def _new(**changes: Any) -> NewArtifact:
    new = NewArtifact(model="git", name="result", spec="checkout", run_id="r1", job="build")
    return attrs.evolve(new, **changes)


def _versions(store: DataStore, model: str = "git", name: str = "result") -> list[int]:
    return [artifact.version for artifact in store.list_versions(model, name)]


def test_each_write_is_a_new_version(store: DataStore) -> None:
    """What was there stays readable under its number."""
    for number in (1, 2, 3):
        store.write(_new(attributes={"n": number}))
    latest = store.latest("git", "result")
    second = store.version("git", "result", 2)
    assert latest is not None
    assert second is not None
    assert (latest.version, latest.attributes) == (3, {"n": 3})
    assert (second.version, second.attributes) == (2, {"n": 2})
    assert _versions(store) == [1, 2, 3]


def test_what_is_read_is_what_was_written(store: DataStore) -> None:
    """A value that changes on the way is not kept."""
    written = store.write(_new(attributes={"a": [1, None, {"ä": 1.5}]}, tags={"k": "v"}))
    assert store.latest("git", "result") == written
    assert store.version("git", "result", 1) == written


def test_what_is_not_there_is_none(store: DataStore) -> None:
    """Whoever asks decides whether that is an error."""
    store.write(_new())
    assert store.latest("git", "other") is None
    assert store.latest("other", "result") is None
    assert store.version("git", "result", 2) is None
    assert store.list_versions("git", "other") == ()


def test_data_is_found_by_spec_and_by_tag(store: DataStore) -> None:
    """Only the newest version of a name is found; an older one with the tag is history."""
    store.write(_new(name="a", tags={"env": "prod"}))
    store.write(_new(name="a", tags={"env": "test"}))
    store.write(_new(name="b", tags={"env": "prod"}))
    store.write(_new(name="c", spec="log"))
    by_spec = store.find_by_spec("git", "checkout")
    assert [(one.name, one.version) for one in by_spec] == [("a", 2), ("b", 1)]
    assert [one.name for one in store.find_by_tag("env", "prod")] == ["b"]
    assert [one.name for one in store.find_by_tag("env", "test")] == ["a"]
    assert [one.name for one in store.find_by_tag("workflowRunId", "r1")] == ["a", "b", "c"]
    assert store.find_by_tag("workflowRunId", "r2") == ()
    assert store.models() == ("git",)
    assert store.names("git") == ("a", "b", "c")


def test_repositories_do_not_see_each_other(tmp_path: Path) -> None:
    """Two checkouts with a model of the same name have nothing in common."""
    with (
        open_data_store(_settings(tmp_path), tmp_path / "one") as one,
        open_data_store(_settings(tmp_path), tmp_path / "two") as two,
    ):
        one.write(_new())
        assert two.write(_new()).version == 1
        one.write(_new())
        assert _versions(one) == [1, 2]
        assert _versions(two) == [1]
        assert two.find_by_tag("k", "v") == ()


def test_content_of_a_file_is_kept(store: DataStore) -> None:
    """The same bytes under two names are kept once, and read under both."""
    for name in ("a.log", "b.log"):
        store.write(
            _new(name=name, spec="log", kind="file", content_type="text/plain"),
            io.BytesIO(b"hello\n"),
        )
    for name in ("a.log", "b.log"):
        artifact = store.latest("git", name)
        assert artifact is not None
        with store.open_content(artifact) as content:
            assert content.read() == b"hello\n"
        assert artifact.size_bytes == 6


def test_only_so_many_versions_stay(store: DataStore) -> None:
    """The rule of the newest version is the one that counts."""
    for _ in range(5):
        store.write(_new(garbage_collection=3))
    assert _versions(store) == [3, 4, 5]
    store.write(_new(garbage_collection="1"))
    assert _versions(store) == [6]


def test_other_names_are_not_touched_by_a_rule(store: DataStore) -> None:
    """A name has its own history."""
    store.write(_new(name="other"))
    store.write(_new(garbage_collection=1))
    store.write(_new(garbage_collection=1))
    assert _versions(store, name="other") == [1]


def test_data_of_a_run_is_seen_in_that_run_alone(store: DataStore) -> None:
    """Two runs at once must not find each other's passing data."""
    store.write(_new(lifetime="ephemeral"))
    store.write(_new(name="of-job", lifetime="job"))
    here = store.as_seen(run_id="r1", job="build")
    beside = store.as_seen(run_id="r1", job="test")
    elsewhere = store.as_seen(run_id="r2", job="build")
    assert [one.name for one in here.latest_of()] == ["of-job", "result"]
    assert [one.name for one in beside.latest_of()] == ["result"]
    assert elsewhere.latest_of() == ()


def test_the_newest_is_the_newest_that_can_be_seen(store: DataStore) -> None:
    """Passing data of another run does not hide what is there for all."""
    store.write(_new(attributes={"n": 1}))
    store.write(_new(attributes={"n": 2}, lifetime="workflow", run_id="r2"))
    seen = store.as_seen(run_id="r1", job="build").latest("git", "result")
    assert seen is not None
    assert seen.version == 1


def test_data_of_a_run_goes_with_it(store: DataStore) -> None:
    """First what was for its job, then the rest."""
    store.write(_new(name="kept"))
    store.write(_new(name="of-run", lifetime="workflow"))
    store.write(_new(name="of-job", lifetime="job"))
    assert store.end_job("r1", "build") == 1
    assert store.names("git") == ("kept", "of-run")
    assert store.end_run("r1") == 1
    assert store.names("git") == ("kept",)


def test_garbage_of_runs_that_are_over_is_collected(store: DataStore) -> None:
    """A run that was killed could not clean up after itself."""
    for run_id in ("dead", "live"):
        store.write(
            _new(name=run_id, kind="file", lifetime="ephemeral", run_id=run_id),
            run_id.encode(),
        )
    collected = store.collect_garbage(live_runs={"live"}, older_than_s=-1)
    assert (collected.versions, collected.freed_bytes) == (1, 4)
    assert store.names("git") == ("live",)


def test_what_a_run_wrote_is_found(store: DataStore) -> None:
    """Reports are made of it; a file is given to them by its path."""
    store.write(_new(name="b"))
    store.write(_new(name="a", kind="file"), b"text")
    store.write(_new(name="c", run_id="r2"))
    found = [store.for_reports(one) for one in store.of_run("r1")]
    assert [(one["name"], one["version"]) for one in found] == [("b", 1), ("a", 1)]
    assert found[0]["path"] is None
    assert Path(str(found[1]["path"])).read_bytes() == b"text"


def test_content_that_is_gone_is_said(store: DataStore) -> None:
    """Whoever holds an artifact for long may find nothing behind it."""
    artifact = store.write(_new(kind="file", lifetime="ephemeral"), b"x")
    store.end_run("r1")
    store.collect_garbage(live_runs=(), older_than_s=-1)
    with pytest.raises(NotFoundError):
        store.open_content(artifact)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"lifetime": "for ever"},
            (
                "'git/result': 'for ever' is not a lifetime: 'infinite', 'workflow', 'ephemeral', "
                "'job', or a duration such as '30d'"
            ),
        ),
        (
            {"garbage_collection": 0},
            (
                "'git/result': '0' is not a rule for garbage: a number of versions from 1 up, "
                "or a duration such as '30d'"
            ),
        ),
    ],
)
def test_what_cannot_be_a_rule_is_refused(
    store: DataStore, changes: dict[str, Any], message: str
) -> None:
    """A rule that is silently left out keeps what should go."""
    with pytest.raises(StoreError) as caught:
        store.write(_new(**changes))
    assert str(caught.value) == message
    assert store.models() == ()


def test_huge_attributes_are_refused(store: DataStore) -> None:
    """What is that large is a file."""
    with pytest.raises(StoreError, match="write a file in place of a resource"):
        store.write(_new(attributes={"text": "x" * (5 * 1024 * 1024)}))


def _write_ten(tmp_path: Path) -> None:
    with open_data_store(_settings(tmp_path), tmp_path / "repo") as store:
        for _ in range(10):
            store.write(_new(garbage_collection=100))


def test_several_processes_write_at_once(tmp_path: Path) -> None:
    """No version is lost, and no number given twice."""
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_ten, args=(tmp_path,)) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    with open_data_store(_settings(tmp_path), tmp_path / "repo") as store:
        assert _versions(store) == list(range(1, 31))


def test_expressions_see_an_artifact_in_the_words_of_the_framework(store: DataStore) -> None:
    """The names are part of what workflows are written against."""
    artifact = store.write(_new(attributes={"n": 1}, tags={"a": "b"}))
    seen = artifact_to_json(attrs.evolve(artifact, id="x", created_at=1_700_000_000.5))
    assert seen == {
        "id": "x",
        "name": "result",
        "version": 1,
        "createdAt": "2023-11-14T22:13:20.500Z",
        "attributes": {"n": 1},
        "tags": {"workflowRunId": "r1", "a": "b"},
        "modelName": "git",
        "specName": "checkout",
        "workflowRunId": "r1",
        "dataType": "resource",
        "contentType": "application/json",
        "lifetime": "infinite",
        "size": 8,
        "runId": "r1",
        "jobName": "build",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("infinite", Lifetime()),
        ("ephemeral", Lifetime(bound="run")),
        ("workflow", Lifetime(bound="run")),
        ("job", Lifetime(bound="job")),
        ("30d", Lifetime(seconds=30 * 86_400)),
        ("2w", Lifetime(seconds=14 * 86_400)),
        ("1mo", Lifetime(seconds=30 * 86_400)),
        ("0d", None),
        ("30", None),
        ("", None),
        ("-1d", None),
    ],
)
def test_lifetimes(text: str, expected: Lifetime | None) -> None:
    """Words of the framework, or a time."""
    assert parse_lifetime(text) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, GarbageRule(versions=5)),
        ("5", GarbageRule(versions=5)),
        ("7d", GarbageRule(seconds=7 * 86_400)),
        (0, None),
        (True, None),
        ("many", None),
        (None, None),
    ],
)
def test_rules_for_garbage(value: Any, expected: GarbageRule | None) -> None:
    """A number of versions, or a time."""
    assert parse_garbage_rule(value) == expected


def test_vary_makes_names() -> None:
    """One name for each value."""
    assert varied_name("result", ("sonnet", "")) == "result-sonnet-"
