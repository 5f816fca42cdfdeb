"""The exchange directory of a step: new before it, read with care after it, gone at the end."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from swamp_driver.errors import WorkspaceError
from swamp_driver.rundir import Collected, collect_exchange, make_exchange, remove_exchange
from swamp_driver.spec import StepRequest, WorkspaceRequest
from tests.unit.rundir.trees import make_run_dir, names_in

STEP_ID = "build-1"


@pytest.fixture
def request_(tmp_path: Path) -> WorkspaceRequest:
    """Make a run directory."""
    return make_run_dir(tmp_path)


def a_step(request: WorkspaceRequest, **changes: object) -> StepRequest:
    """Return a step of the run, with what matters to the test."""
    fields = {
        "step_id": STEP_ID,
        "name": "build",
        "argv": ("true",),
        "cwd": request.path,
        "exchange": request.exchange(STEP_ID),
        **changes,
    }
    return StepRequest(**fields)  # type: ignore[arg-type]


def test_it_has_the_files_and_directories_asked_for(request_: WorkspaceRequest) -> None:
    """A script of any size gets to its step this way, not through argv (SWD-EXEC)."""
    script = bytes(range(256)) * 10_000
    step = a_step(request_, files={"script": script, "output": b""}, directories=("tmp",))
    make_exchange(request_, step)
    exchange = Path(step.exchange)
    assert names_in(exchange) == ["output", "script", "tmp"]
    assert (exchange / "script").read_bytes() == script
    assert stat.S_IMODE((exchange / "tmp").stat().st_mode) == 0o755


def test_nothing_of_an_earlier_step_is_in_it(request_: WorkspaceRequest) -> None:
    """A retried step has the id of the first attempt."""
    step = a_step(request_, files={"script": b"new"})
    (Path(step.exchange) / "old").mkdir(parents=True)
    (Path(step.exchange) / "script").write_bytes(b"old")
    make_exchange(request_, step)
    assert names_in(step.exchange) == ["script"]
    assert (Path(step.exchange) / "script").read_bytes() == b"new"


@pytest.mark.parametrize("field", ["files", "directories", "collect"])
@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/etc/passwd", "a\0b"])
def test_a_name_that_is_no_plain_name_is_refused(
    request_: WorkspaceRequest, field: str, name: str
) -> None:
    """Names come from a host that may have a bug: they must not lead out of the directory."""
    step = a_step(request_, **{field: {name: b""} if field == "files" else (name,)})
    with pytest.raises(WorkspaceError, match="not a plain file name"):
        make_exchange(request_, step)
    assert names_in(Path(step.exchange).parent) == []


def test_a_parent_swapped_for_a_symlink_is_not_followed(
    request_: WorkspaceRequest, tmp_path: Path
) -> None:
    """A step in a container can write in the run directory, and we may be root out here."""
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / STEP_ID).mkdir(parents=True)
    (elsewhere / STEP_ID / "output").write_text("precious")
    exchange = Path(request_.run_dir) / "exchange"
    exchange.rmdir()
    exchange.symlink_to(elsewhere)
    step = a_step(request_, files={"script": b""}, collect=("output",))
    with pytest.raises(WorkspaceError, match="cannot be made"):
        make_exchange(request_, step)
    collected = collect_exchange(request_, step)
    assert not collected.files
    assert "cannot be opened" in collected.problems["output"]
    assert remove_exchange(request_, step) != ()
    assert names_in(elsewhere / STEP_ID) == ["output"]


def test_it_reads_what_was_asked_for(request_: WorkspaceRequest) -> None:
    """Bytes as they are; what does not exist is in neither mapping."""
    step = a_step(request_, collect=("output", "empty", "missing"))
    make_exchange(request_, step)
    (Path(step.exchange) / "output").write_bytes(b"a=\xff\0\n")
    (Path(step.exchange) / "empty").write_bytes(b"")
    assert collect_exchange(request_, step) == Collected(
        files={"output": b"a=\xff\0\n", "empty": b""}
    )


def test_what_is_not_a_regular_file_of_fair_size_is_a_problem(request_: WorkspaceRequest) -> None:
    """A FIFO would hold us up, a device never end, a symlink read what the step may not."""
    names = ("link", "folder", "fifo", "large")
    step = a_step(request_, collect=names, collect_limit_bytes=10)
    make_exchange(request_, step)
    exchange = Path(step.exchange)
    (exchange / "link").symlink_to("/etc/passwd")
    (exchange / "folder").mkdir()
    os.mkfifo(exchange / "fifo")
    (exchange / "large").write_bytes(b"x" * 11)
    assert collect_exchange(request_, step) == Collected(
        problems={
            "link": "it is a symlink, not a regular file",
            "folder": "it is a directory, not a regular file",
            "fifo": "it is a device, pipe or socket, not a regular file",
            "large": "it is larger than 10 bytes",
        }
    )


def test_a_step_that_removed_its_exchange_left_no_files(request_: WorkspaceRequest) -> None:
    """It did so to itself."""
    step = a_step(request_, collect=("output",))
    assert collect_exchange(request_, step) == Collected()
    assert remove_exchange(request_, step) == ()


def test_removal_takes_all_and_again_is_fine(request_: WorkspaceRequest) -> None:
    """After the step nothing of it is left beside the workspace."""
    step = a_step(request_, files={"script": b""}, directories=("tmp",))
    make_exchange(request_, step)
    (Path(step.exchange) / "tmp" / "a" / "b").mkdir(parents=True)
    (Path(step.exchange) / "tmp" / "a").chmod(0)
    assert [remove_exchange(request_, step), remove_exchange(request_, step)] == [(), ()]
    assert names_in(Path(request_.run_dir) / "exchange") == []
