"""Records outlive the process that made them."""

import threading
from pathlib import Path

import attrs
import pytest

from swamp_driver.errors import NotFoundError, StoreError
from swamp_driver.host import HostSettings, RunRecord, StepRecord, Store, open_store
from swamp_driver.spec import Owner, RunStatus, StepEnd, StepStatus, Usage


@pytest.fixture
def settings(tmp_path: Path) -> HostSettings:
    """Return directories of the test's own."""
    return HostSettings(root=tmp_path / "root", state_dir=tmp_path / "state", log_limit_bytes=10)


@pytest.fixture
def store(settings: HostSettings) -> Store:
    """Return an empty store."""
    return open_store(settings)


def a_run(run_id: str = "rabc", **fields: object) -> RunRecord:
    """Return a run that goes on."""
    defaults: dict[str, object] = {
        "run_id": run_id,
        "workflow": "ci",
        "source": "ci.yaml",
        "status": RunStatus.RUNNING,
        "owner": Owner.current(),
        "started_at": 1.0,
    }
    return RunRecord(**{**defaults, **fields})  # type: ignore[arg-type]


def a_step(step_id: str = "s1", **fields: object) -> StepRecord:
    """Return a step that failed."""
    defaults: dict[str, object] = {
        "run_id": "rabc",
        "step_id": step_id,
        "job": "build",
        "step": "compile",
        "driver": "raw",
        "status": StepStatus.FAILED,
        "end": StepEnd.FAILED,
        "exit_code": 2,
        "usage": Usage(cpu_s=0.5),
        "outputs": {"k": "v"},
    }
    return StepRecord(**{**defaults, **fields})  # type: ignore[arg-type]


def test_a_run_comes_back_with_its_steps_in_their_order(store: Store) -> None:
    """What `show` prints is what the run wrote."""
    run = a_run(inputs={"n": [1, {"x": None}]}, errors=("one",), drivers=("raw",))
    steps = (a_step("s2"), a_step("s1", status=None, end=None))
    store.put_run(run)
    for step in steps:
        store.put_step(step)
    assert store.find_run("rabc") == attrs.evolve(run, steps=steps)


def test_a_step_is_updated_in_its_place(store: Store) -> None:
    """A step is written at its start and at its end, and is one step."""
    store.put_run(a_run())
    store.put_step(a_step("s1", status=None))
    store.put_step(a_step("s2"))
    store.put_step(a_step("s1"))
    assert [step.step_id for step in store.find_run("rabc").steps] == ["s1", "s2"]
    assert store.find_run("rabc").steps[0].status is StepStatus.FAILED


def test_runs_are_listed_newest_first(store: Store) -> None:
    """The run a person looks for is nearly always the last one."""
    for number, run_id in enumerate(("ra", "rb", "rc")):
        store.put_run(a_run(run_id, started_at=float(number)))
    assert [run.run_id for run in store.runs(limit=2)] == ["rc", "rb"]
    assert store.find_run("last").run_id == "rc"


def test_a_beginning_of_an_id_finds_the_one_run_that_has_it(store: Store) -> None:
    """Nobody types twelve letters."""
    store.put_run(a_run("rabcdef"))
    store.put_run(a_run("rabxyz"))
    assert store.find_run("rabc").run_id == "rabcdef"
    with pytest.raises(NotFoundError, match="'rab' is not one run: rabcdef, rabxyz"):
        store.find_run("rab")
    with pytest.raises(NotFoundError, match="there is no run 'nope'"):
        store.find_run("nope")
    with pytest.raises(NotFoundError, match="there is no run ''"):
        store.find_run("")


def test_no_runs_at_all_is_said_as_such(store: Store) -> None:
    """`show` right after the installation must not look broken."""
    with pytest.raises(NotFoundError, match="there are no runs yet"):
        store.find_run("last")


def test_a_run_whose_owner_died_is_closed_as_interrupted(store: Store) -> None:
    """Nobody else will ever write its end."""
    dead = attrs.evolve(Owner.current(), start_time="1")
    store.put_run(a_run(owner=dead))
    store.put_step(a_step(status=None))
    store.put_run(a_run("rlive"))
    store.put_run(a_run("rfar", owner=attrs.evolve(dead, host="elsewhere")))
    assert [run.run_id for run in store.close_interrupted()] == ["rabc"]
    assert store.find_run("rabc").status is RunStatus.INTERRUPTED
    assert store.find_run("rabc").steps[0].status is StepStatus.CANCELLED
    assert store.find_run("rlive").status is RunStatus.RUNNING
    assert store.find_run("rfar").status is RunStatus.RUNNING


def test_output_is_read_back_with_its_streams_apart(store: Store) -> None:
    """One file holds both streams, the index tells them apart."""
    store.open_event_log("rabc").close()
    log = store.open_step_log("rabc", "s1")
    log.append(seq=1, time_s=1.0, stream="stdout", data=b"out\xff")
    log.append(seq=2, time_s=2.0, stream="stderr", data=b"err")
    log.close()
    read = [(piece.stream, piece.data) for piece in store.step_output("rabc", "s1")]
    assert read == [("stdout", b"out\xff"), ("stderr", b"err")]
    assert (store.directory("rabc") / "s1.log").read_bytes() == b"out\xfferr"
    assert list(store.step_output("rabc", "none")) == []


def test_output_beyond_the_limit_is_counted_and_not_kept(store: Store) -> None:
    """A runaway step must not fill the disk."""
    store.open_event_log("rabc").close()
    log = store.open_step_log("rabc", "s1")
    log.append(seq=1, time_s=1.0, stream="stdout", data=b"x" * 25)
    log.append(seq=2, time_s=1.0, stream="stdout", data=b"y")
    log.close()
    assert log.left_out_bytes == 16
    assert b"".join(piece.data for piece in store.step_output("rabc", "s1")) == b"x" * 10


def test_two_stores_opened_at_once_make_one_schema(settings: HostSettings) -> None:
    """Two runs started together on a new machine both work."""
    errors: list[Exception] = []

    def use(run_id: str) -> None:
        try:
            with open_store(settings) as store:
                store.put_run(a_run(run_id))
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            errors.append(error)

    threads = [threading.Thread(target=use, args=(f"r{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with open_store(settings) as store:
        assert len(store.runs()) == 8


def test_records_of_a_newer_version_are_refused(settings: HostSettings) -> None:
    """Writing to a schema that is not understood would spoil it."""
    open_store(settings)._connection.execute("PRAGMA user_version = 99").connection.close()
    with pytest.raises(StoreError, match="newer version"):
        open_store(settings)


def test_a_file_that_is_no_database_is_a_typed_error(settings: HostSettings) -> None:
    """A damaged file must say which one it is."""
    settings.state_dir.mkdir()
    (settings.state_dir / "runs.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError, match="cannot be used"):
        open_store(settings)
