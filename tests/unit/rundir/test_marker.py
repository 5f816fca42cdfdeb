"""The marker beside a run directory: hostile until it is read whole."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from swamp_driver.rundir import list_run_dirs, read_marker
from tests.unit.rundir.trees import make_run_dir


def rewrite(tmp_path: Path, **changes: object) -> None:
    """Change fields of the marker of `run`; None takes one away."""
    path = tmp_path / ".run.swamp-run.json"
    data = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({key: value for key, value in data.items() if value is not None}))


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"version": None},
        {"run_id": 3},
        {"owner": None},
        {"owner": {"host": "h", "boot_id": "b", "pid": "1", "start_time": "2"}},
        {"owner": {"host": "h", "boot_id": "b", "pid": True, "start_time": "2"}},
        {"created_at": "yesterday"},
        {"persistent": None},
    ],
)
def test_a_damaged_marker_is_none(tmp_path: Path, change: dict[str, object]) -> None:
    """What is not understood is not ours: it is neither removed nor taken up."""
    request = make_run_dir(tmp_path)
    rewrite(tmp_path, **change)
    assert read_marker(request.run_dir) is None
    assert list_run_dirs(tmp_path) == ()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"null"])
def test_a_marker_that_is_no_marker_is_none(tmp_path: Path, content: bytes) -> None:
    """A file that was cut off in a crash must not end the listing of all the others."""
    (tmp_path / ".run.swamp-run.json").write_bytes(content)
    make_run_dir(tmp_path, "sound")
    assert read_marker(str(tmp_path / "run")) is None
    assert [Path(found.path).name for found in list_run_dirs(tmp_path)] == ["sound"]


def test_a_symlink_or_a_fifo_is_no_marker(tmp_path: Path) -> None:
    """Reading a FIFO would block for ever, and a symlink speaks of another directory."""
    make_run_dir(tmp_path)
    (tmp_path / ".link.swamp-run.json").symlink_to(".run.swamp-run.json")
    os.mkfifo(tmp_path / ".fifo.swamp-run.json")
    assert read_marker(str(tmp_path / "link")) is None
    assert read_marker(str(tmp_path / "fifo")) is None


def test_a_root_that_does_not_exist_has_no_run_directories(tmp_path: Path) -> None:
    """Before the first run there is no root."""
    assert list_run_dirs(tmp_path / "missing") == ()
