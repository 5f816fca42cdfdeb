"""Making a run directory and taking one up again."""

from __future__ import annotations

import os
import resource
import stat
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from swamp_driver.errors import WorkspaceError
from swamp_driver.rundir import (
    attach_run_dir,
    create_run_dir,
    keep_run_dir,
    list_run_dirs,
    read_marker,
    remove_run_dir,
)
from swamp_driver.spec import Owner
from tests.unit.rundir.trees import RUN_ID, make_run_dir, names_in, needs_root, workspace_request


@pytest.fixture
def strict_umask() -> Iterator[None]:
    """Set the umask of a careful user for a test."""
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.fixture
def full_disk() -> Iterator[None]:
    """Let no file of this process grow beyond nothing, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def mode_of(path: str) -> int:
    """Return the permissions of a path."""
    return stat.S_IMODE(os.lstat(path).st_mode)


def test_a_new_run_directory_has_its_three_parts_and_an_empty_workspace(tmp_path: Path) -> None:
    """Control files go beside the workspace, so `git status` in it is clean (SWD-WS)."""
    request = make_run_dir(tmp_path)
    assert names_in(request.run_dir) == ["exchange", "home", "workspace"]
    assert names_in(request.path) == []


def test_the_umask_of_the_caller_does_not_lock_out_steps(
    tmp_path: Path, strict_umask: None
) -> None:
    """A step in a container may run as any user, and must get to the workspace."""
    request = make_run_dir(tmp_path)
    paths = (request.run_dir, request.path, request.home)
    assert [mode_of(path) for path in paths] == [0o755] * 3


def test_the_marker_is_private_and_says_whose_the_run_is(tmp_path: Path) -> None:
    """`gc` decides by the owner in the marker (SWD-GC)."""
    request = make_run_dir(tmp_path)
    (found,) = list_run_dirs(tmp_path)
    assert found.path == request.run_dir
    assert (found.marker.run_id, found.marker.owner) == (RUN_ID, Owner.current())
    assert mode_of(str(tmp_path / ".run.swamp-run.json")) == 0o600


def test_a_step_that_removes_all_it_can_reach_does_not_make_its_run_unremovable(
    tmp_path: Path,
) -> None:
    """The marker is out of its reach, beside the run directory."""
    request = make_run_dir(tmp_path)
    for name in names_in(request.run_dir):
        (Path(request.run_dir) / name).rmdir()
    assert remove_run_dir(request.run_dir, deadline_s=10) == ()
    assert names_in(tmp_path) == []


def test_what_is_there_already_is_refused_and_left_alone(tmp_path: Path) -> None:
    """It belongs to someone else, whatever its name."""
    request = workspace_request(tmp_path)
    (tmp_path / "run" / "mine").mkdir(parents=True)
    with pytest.raises(WorkspaceError, match="exists already"):
        create_run_dir(request, run_id=RUN_ID, owner=Owner.current())
    assert names_in(request.run_dir) == ["mine"]
    assert read_marker(request.run_dir) is None


def test_a_second_run_of_the_same_id_is_refused(tmp_path: Path) -> None:
    """Two runs never share a directory that is not persistent (SWD-WS)."""
    request = make_run_dir(tmp_path)
    with pytest.raises(WorkspaceError, match="exists already"):
        create_run_dir(request, run_id=RUN_ID, owner=Owner.current())
    assert Path(request.path).is_dir()


@pytest.mark.parametrize("path", ["relative", "/a/../b", "/tmp/", "/nul\0l"])
def test_a_path_that_is_not_plain_is_refused(tmp_path: Path, path: str) -> None:
    """`workspace.path` must be what `pwd -P` prints in a step (SWD-WS)."""
    request = attrs.evolve(workspace_request(tmp_path), run_dir=path)
    with pytest.raises(WorkspaceError, match="not an absolute, normalised path"):
        create_run_dir(request, run_id=RUN_ID, owner=Owner.current())


def test_a_path_through_a_symlink_is_refused(tmp_path: Path) -> None:
    """As above: `/tmp` is a symlink on some systems."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    request = workspace_request(tmp_path, "link/run")
    with pytest.raises(WorkspaceError, match="without symlinks"):
        create_run_dir(request, run_id=RUN_ID, owner=Owner.current())
    assert names_in(tmp_path / "real") == []


@pytest.mark.parametrize("name", ["with space", "a:b,c=d", "\"q'%", "ünï-日本", "-dash", "\udcff"])
def test_odd_names_work(tmp_path: Path, name: str) -> None:
    """What the system allows in a path is allowed here (SWD-WS)."""
    request = make_run_dir(tmp_path, name)
    assert [found.path for found in list_run_dirs(tmp_path)] == [request.run_dir]
    assert remove_run_dir(request.run_dir, deadline_s=10) == ()
    assert names_in(tmp_path) == []


def test_a_missing_parent_is_a_typed_error(tmp_path: Path) -> None:
    """Nothing is made in places that the host did not make."""
    request = workspace_request(tmp_path, "missing/run")
    with pytest.raises(WorkspaceError, match="no such file"):
        create_run_dir(request, run_id=RUN_ID, owner=Owner.current())


def test_a_creation_that_fails_leaves_nothing(tmp_path: Path, full_disk: None) -> None:
    """A failed `prepare_workspace` leaves nothing behind (SWD-TD)."""
    request = workspace_request(tmp_path)
    with pytest.raises(WorkspaceError, match="file too large"):
        create_run_dir(request, run_id=RUN_ID, owner=Owner.current())
    assert names_in(tmp_path) == []


@needs_root
def test_all_of_it_belongs_to_the_user_asked_for(tmp_path: Path) -> None:
    """A host that runs as root for someone else hands the workspace over."""
    request = attrs.evolve(workspace_request(tmp_path), uid=1234, gid=2345)
    create_run_dir(request, run_id=RUN_ID, owner=Owner.current())
    owners = {(os.lstat(p).st_uid, os.lstat(p).st_gid) for p in (request.run_dir, request.home)}
    assert owners == {(1234, 2345)}


def test_a_persistent_one_keeps_workspace_and_home_and_clears_the_exchange(tmp_path: Path) -> None:
    """What a killed run left of its steps is no business of the next one."""
    request = make_run_dir(tmp_path, persistent=True)
    for part in ("workspace", "home", "exchange"):
        (Path(request.run_dir) / part / "old").mkdir()
    create_run_dir(request, run_id="bbbbbbbbbbbb", owner=Owner.current())
    kept = {p: names_in(Path(request.run_dir) / p) for p in ("workspace", "home", "exchange")}
    assert kept == {"workspace": ["old"], "home": ["old"], "exchange": []}
    marker = read_marker(request.run_dir)
    assert marker is not None
    assert (marker.run_id, marker.persistent) == ("bbbbbbbbbbbb", True)


def test_a_persistent_one_is_not_made_of_an_ordinary_one(tmp_path: Path) -> None:
    """The directory of a run that may be alive is not taken over."""
    request = make_run_dir(tmp_path)
    with pytest.raises(WorkspaceError, match="not a persistent workspace"):
        create_run_dir(attrs.evolve(request, persistent=True), run_id=RUN_ID, owner=Owner.current())


@pytest.mark.parametrize("part", ["workspace", "home", "exchange"])
def test_a_part_that_a_step_swapped_for_a_symlink_is_not_followed(
    tmp_path: Path, part: str
) -> None:
    """The next run would otherwise work in, or clear, a directory elsewhere."""
    request = make_run_dir(tmp_path, persistent=True)
    (tmp_path / "elsewhere" / "precious").mkdir(parents=True)
    (Path(request.run_dir) / part).rmdir()
    (Path(request.run_dir) / part).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(WorkspaceError, match=r"not a directory|is not removed"):
        create_run_dir(request, run_id=RUN_ID, owner=Owner.current())
    assert names_in(tmp_path / "elsewhere") == ["precious"]


def test_a_persistent_one_whose_creation_was_cut_off_is_made(tmp_path: Path) -> None:
    """A crash between marker and directory must not block the key for ever."""
    request = make_run_dir(tmp_path, persistent=True)
    for part in ("workspace", "home", "exchange", ""):
        (Path(request.run_dir) / part).rmdir()
    create_run_dir(request, run_id=RUN_ID, owner=Owner.current())
    assert Path(request.path).is_dir()


def test_a_damaged_marker_without_a_directory_does_not_block_a_key(tmp_path: Path) -> None:
    """The same for a crash while the marker was written."""
    (tmp_path / ".run.swamp-run.json").write_text("")
    assert Path(make_run_dir(tmp_path, persistent=True).path).is_dir()


def test_attaching_wants_a_directory_that_a_driver_made(tmp_path: Path) -> None:
    """A second driver of a run works in the directory of the first, or not at all."""
    request = make_run_dir(tmp_path)
    attach_run_dir(request)
    (tmp_path / "other" / "workspace").mkdir(parents=True)
    with pytest.raises(WorkspaceError, match="not made by a driver"):
        attach_run_dir(workspace_request(tmp_path, "other"))


def test_attaching_refuses_a_swapped_workspace(tmp_path: Path) -> None:
    """Steps of the first driver may have run before the second one attaches."""
    request = make_run_dir(tmp_path)
    Path(request.path).rmdir()
    Path(request.path).symlink_to("/")
    with pytest.raises(WorkspaceError, match="cannot be made or used"):
        attach_run_dir(request)


def test_keeping_marks_it_as_kept_once_and_for_all(tmp_path: Path) -> None:
    """`gc` leaves a preserved workspace alone although its owner is dead (SWD-TD)."""
    request = make_run_dir(tmp_path)
    for _ in range(2):
        assert keep_run_dir(request.run_dir, uid=request.uid, gid=request.gid) == ()
    marker = read_marker(request.run_dir)
    assert marker is not None
    assert marker.preserved


def test_keeping_what_is_gone_or_not_ours_does_nothing(tmp_path: Path) -> None:
    """`teardown` is called in every state."""
    (tmp_path / "other").mkdir()
    for name in ("gone", "other"):
        assert keep_run_dir(str(tmp_path / name), uid=1, gid=1) == ()
    assert names_in(tmp_path) == ["other"]
