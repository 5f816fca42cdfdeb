"""Removing a run directory: what is ours, wholly; what is not, never."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from swamp_driver.rundir import list_run_dirs, remove_run_dir
from tests.unit.rundir.trees import (
    LIMIT_S,
    make_run_dir,
    names_in,
    needs_linux,
    needs_root,
)


def remove(path: str | Path) -> tuple[str, ...]:
    """Remove a run directory with time enough."""
    return remove_run_dir(str(path), deadline_s=LIMIT_S)


def test_a_run_directory_goes_with_its_marker_and_again_is_fine(tmp_path: Path) -> None:
    """`teardown` is idempotent and leaves nothing (SWD-TD)."""
    request = make_run_dir(tmp_path)
    (Path(request.path) / "result").write_text("x")
    assert [remove(request.run_dir), remove(request.run_dir)] == [(), ()]
    assert names_in(tmp_path) == []


def test_a_neighbour_with_a_similar_name_stays(tmp_path: Path) -> None:
    """Only the name asked for goes, not what begins like it (SWD-GC)."""
    for name in ("run", "run2", ".removing-run2"):
        make_run_dir(tmp_path, name)
    assert remove(tmp_path / "run") == ()
    assert [name for name in names_in(tmp_path) if not name.endswith(".json")] == [
        ".removing-run2",
        "run2",
    ]


def test_a_directory_without_a_marker_is_refused(tmp_path: Path) -> None:
    """Whatever a config or a handle says: what we did not make stays (SWD-TD)."""
    (tmp_path / "mine" / "workspace").mkdir(parents=True)
    (error,) = remove(tmp_path / "mine")
    assert "it has no marker of ours" in error
    assert "by hand" in error
    assert names_in(tmp_path / "mine") == ["workspace"]


def test_a_directory_with_a_damaged_marker_is_refused(tmp_path: Path) -> None:
    """Its owner cannot be told."""
    request = make_run_dir(tmp_path)
    (tmp_path / ".run.swamp-run.json").write_text("{}")
    (error,) = remove(request.run_dir)
    assert "no marker" in error
    assert Path(request.path).is_dir()


@pytest.mark.parametrize("name", ["home", "home/inner", "other"])
def test_the_home_directory_and_what_holds_it_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Even with a marker: a slip here costs everything a user has (SWD-TD)."""
    (tmp_path / "home").mkdir()
    make_run_dir(tmp_path, name if name != "home" else "marked")
    if name == "home":
        (tmp_path / ".marked.swamp-run.json").rename(tmp_path / ".home.swamp-run.json")
    monkeypatch.setenv("HOME", os.path.realpath(tmp_path / "home" / "inner"))
    errors = remove(tmp_path / name)
    is_refused = name != "other"
    assert ("holds the home directory" in "".join(errors)) == is_refused
    assert (tmp_path / name).exists() == is_refused


def test_the_root_is_refused() -> None:
    """Above all."""
    (error,) = remove("/")
    assert "holds the home directory" in error


@pytest.mark.parametrize("path", ["{0}/link", "{0}/sub/../run", "{0}/run/", "{0}/link-up/run"])
def test_a_path_that_leads_elsewhere_is_refused(tmp_path: Path, path: str) -> None:
    """A run directory that was swapped for a symlink is not one any more (SWD-TD)."""
    base = Path(os.path.realpath(tmp_path))
    make_run_dir(base)
    make_run_dir(base, "link")
    (base / "sub").mkdir()
    (base / "link").rename(base / "was-link")
    (base / "link").symlink_to("run")
    (base / "link-up").symlink_to(".")
    (error,) = remove(path.format(base))
    assert "it is a symlink, or not a plain absolute path" in error
    assert names_in(base / "run") == ["exchange", "home", "workspace"]


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    """It is not what the marker speaks of."""
    request = make_run_dir(tmp_path)
    Path(request.run_dir).rename(tmp_path / "moved")
    Path(request.run_dir).write_text("precious")
    (error,) = remove(request.run_dir)
    assert "not a directory" in error


@needs_root
@needs_linux
@pytest.mark.parametrize("mount", ["mount -t tmpfs none", "mount --bind /var/tmp"])
def test_a_mount_point_is_refused(tmp_path: Path, mount: str) -> None:
    """Someone mounted something there: what is in it is theirs (SWD-TD)."""
    request = make_run_dir(tmp_path)
    code = (
        "import sys, os\n"
        "from swamp_driver.rundir import remove_run_dir\n"
        "print(*remove_run_dir(sys.argv[1], deadline_s=60))\n"
        "print(len(os.listdir(sys.argv[1])) > 0)\n"
    )
    run_dir = request.run_dir
    script = (
        f"{mount} {run_dir} && touch {run_dir}/precious && "
        f"'{sys.executable}' -c \"$0\" {run_dir}; rm {run_dir}/precious"
    )
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, code],
        check=True,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
        timeout=LIMIT_S,
    )
    error, is_filled = done.stdout.decode().splitlines()
    assert "mount point" in error or "busy" in error
    assert is_filled == "True"
    assert remove(request.run_dir) == ()


def test_a_removal_that_was_cut_off_is_found_and_finished(tmp_path: Path) -> None:
    """A killed process leaves no directory that nobody finds again (SWD-GC)."""
    request = make_run_dir(tmp_path)
    for number in range(50):
        (Path(request.path) / str(number) / "sub").mkdir(parents=True)
    (error,) = remove_run_dir(request.run_dir, deadline_s=0)
    assert "time is up" in error
    assert not Path(request.run_dir).exists()
    assert [found.path for found in list_run_dirs(tmp_path)] == [request.run_dir]
    assert remove(request.run_dir) == ()
    assert names_in(tmp_path) == []


def test_a_marker_whose_directory_was_never_made_goes(tmp_path: Path) -> None:
    """The other half of a crash: the marker is written first."""
    request = make_run_dir(tmp_path)
    subprocess.run(["rm", "-r", request.run_dir], check=True)
    assert remove(request.run_dir) == ()
    assert names_in(tmp_path) == []


def test_removals_at_once_all_end_with_nothing_left(tmp_path: Path) -> None:
    """Each call returns when the removal is real, whoever did it (SWD-TD)."""
    for attempt in range(20):
        request = make_run_dir(tmp_path, str(attempt))
        for number in range(10):
            (Path(request.path) / str(number) / "sub").mkdir(parents=True)
        results: list[tuple[tuple[str, ...], bool]] = []

        def work(run_dir: str = request.run_dir) -> None:
            errors = remove(run_dir)
            results.append((errors, Path(run_dir).exists()))  # noqa: B023 - joined below

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == [((), False)] * 3
    assert names_in(tmp_path) == []


def test_nothing_is_raised_for_what_is_no_path(tmp_path: Path) -> None:
    """A handle from a damaged record is reported like everything else."""
    assert "null" in remove(f"{tmp_path}/a\0b")[0]
    assert remove(f"{tmp_path}/missing/run") == ()
