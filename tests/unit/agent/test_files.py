"""File operations at the agent's side."""

from __future__ import annotations

import os
import stat
import subprocess
import threading
from pathlib import Path

import pytest

from swamp_driver.agent import AgentConnection
from swamp_driver.errors import WorkspaceError
from tests.unit.agent.places import WITHOUT_CAPABILITIES, agent_as, needs_root


def test_a_file_goes_there_and_back(connection: AgentConnection, tmp_path: Path) -> None:
    """Larger than a frame, any bytes, with just the mode that was asked for."""
    path = tmp_path / "file"
    data = bytes(range(256)) * 12_000

    connection.write_file(str(path), data, mode=0o640)

    assert path.read_bytes() == data
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert connection.read_file(str(path), limit_bytes=len(data)) == data


def test_what_cannot_be_read_is_named(connection: AgentConnection, tmp_path: Path) -> None:
    """With the name of the error, for a caller that wants to tell them apart."""
    (tmp_path / "large").write_bytes(bytes(1001))
    (tmp_path / "link").symlink_to("large")
    os.mkfifo(tmp_path / "fifo")
    expected = {
        "missing": "ENOENT",
        "large": "EFBIG",
        "link": "ELOOP",
        "fifo": "EINVAL",
        ".": "EISDIR",
    }

    for name, error in expected.items():
        path = str(tmp_path / name)
        with pytest.raises(WorkspaceError, match=f"cannot read '{path}'.*{error}") as caught:
            connection.read_file(path, limit_bytes=1000)
        assert caught.value.errno_name == error


def test_nothing_is_written_through_a_symlink(connection: AgentConnection, tmp_path: Path) -> None:
    """A step may have put it there."""
    (tmp_path / "target").write_text("kept")
    (tmp_path / "link").symlink_to("target")

    with pytest.raises(WorkspaceError, match="ELOOP"):
        connection.write_file(str(tmp_path / "link"), b"x")

    assert (tmp_path / "target").read_text() == "kept"


def test_a_request_that_is_too_large_harms_nothing(
    connection: AgentConnection, tmp_path: Path
) -> None:
    """It is refused before anything is sent."""
    with pytest.raises(WorkspaceError, match="too large"):
        connection.write_file(str(tmp_path / "file"), bytes(65 << 20))
    assert connection.lost is None


def test_directories_are_made_with_their_parents(
    connection: AgentConnection, tmp_path: Path
) -> None:
    """What is there stays as it is; a file in the way is an error."""
    (tmp_path / "there").mkdir(mode=0o700)

    connection.make_directories(
        [str(tmp_path / "there" / "a" / "b"), str(tmp_path / "c")], mode=0o777
    )

    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in tmp_path.rglob("*")}
    assert modes == {"there": 0o700, "a": 0o777, "b": 0o777, "c": 0o777}
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="ENOTDIR"):
        connection.make_directories([str(tmp_path / "file")])


@needs_root
def test_what_is_made_belongs_to_whom_was_said(connection: AgentConnection, tmp_path: Path) -> None:
    """The agent may be another user than the owner of the workspace."""
    connection.make_directories([str(tmp_path / "a" / "b")], uid=1234, gid=5678)
    connection.write_file(str(tmp_path / "a" / "file"), b"", uid=1234, gid=5678)

    owners = {(p.stat().st_uid, p.stat().st_gid) for p in tmp_path.rglob("*")}
    assert owners == {(1234, 5678)}


def hostile(top: Path) -> Path:
    """Make a tree of all that is hard to remove, and a file beside it that must stay."""
    outside = top.parent / "outside"
    (outside / "inner").mkdir(parents=True)
    (outside / "inner" / "file").write_text("stays")
    for name in ("readonly", "locked"):
        (top / name / "sub").mkdir(parents=True)
        (top / name / "sub" / "file").write_text("")
    (top / "link").symlink_to(outside)
    (top / "loop").symlink_to(".")
    (top / "dangling").symlink_to("nowhere")
    (top / "new\nline \udcff").write_text("")
    os.mkfifo(top / "fifo")
    (top / "locked").chmod(0)
    (top / "readonly" / "sub").chmod(0o555)
    (top / "readonly").chmod(0o555)
    return outside / "inner" / "file"


def test_a_hostile_tree_is_removed_and_nothing_else(
    connection: AgentConnection, tmp_path: Path
) -> None:
    """By root, who needs no rights."""
    outside = hostile(tmp_path / "tree")

    assert connection.remove_tree(str(tmp_path / "tree")) == ()

    assert not os.path.lexists(tmp_path / "tree")
    assert outside.read_text() == "stays"


def test_a_hostile_tree_is_removed_by_its_plain_owner(tmp_path: Path) -> None:
    """Without privilege the rights have to be given back first."""
    outside = hostile(tmp_path / "tree")

    with agent_as(tmp_path, WITHOUT_CAPABILITIES) as agent:
        assert agent.connection.remove_tree(str(tmp_path / "tree")) == ()

    assert not os.path.lexists(tmp_path / "tree")
    assert outside.read_text() == "stays"


def test_a_tree_deeper_than_any_path_is_removed(
    connection: AgentConnection, tmp_path: Path
) -> None:
    """PATH_MAX is 4096; this is ten times that, and deeper than there are descriptors."""
    top = tmp_path / "tree"
    top.mkdir()
    here = os.open(top, os.O_RDONLY)
    for level in range(3000):
        name = f"directory-{level:04}"
        os.mkdir(name, dir_fd=here)
        os.close(os.open(f"file-{level}", os.O_CREAT | os.O_WRONLY, dir_fd=here))
        below = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)

    assert connection.remove_tree(str(top)) == ()
    assert not top.exists()


def test_a_tree_of_many_files_is_removed(connection: AgentConnection, tmp_path: Path) -> None:
    """20,000 in one directory, and as many directories beside them."""
    top = tmp_path / "tree"
    top.mkdir()
    for number in range(20_000):
        os.close(os.open(top / f"f{number}", os.O_CREAT | os.O_WRONLY))
        (top / f"d{number}").mkdir()

    assert connection.remove_tree(str(top)) == ()
    assert not top.exists()


def test_a_swap_during_the_removal_never_leads_out(
    connection: AgentConnection, tmp_path: Path
) -> None:
    """A directory that becomes a symlink between the look and the removal."""
    outside = tmp_path / "outside"
    outside.mkdir()
    for number in range(50):
        (outside / str(number)).write_text("stays")
    stop = threading.Event()
    swapped = tmp_path / "tree" / "swapped"

    def swap() -> None:
        while not stop.is_set():
            try:
                swapped.mkdir(parents=True)
                (swapped / "file").write_text("")
                swapped.rename(tmp_path / "tree" / "away")
                swapped.symlink_to(outside)
                swapped.unlink()
            except OSError:
                pass

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for _ in range(200):
            connection.remove_tree(str(tmp_path / "tree"))
    finally:
        stop.set()
        thread.join()

    assert len(list(outside.iterdir())) == 50


def test_removing_what_is_not_there_is_no_error(
    connection: AgentConnection, tmp_path: Path
) -> None:
    """It is what was wanted."""
    assert connection.remove_tree(str(tmp_path / "missing")) == ()
    assert connection.remove_tree(str(tmp_path / "missing" / "too")) == ()


@pytest.mark.parametrize("path", ["/", "relative", "", "/tmp/", "/tmp/.", "/tmp/.."])
def test_what_is_no_place_below_a_directory_is_refused(
    connection: AgentConnection, path: str
) -> None:
    """No slip of a caller may remove more than one named thing."""
    with pytest.raises(WorkspaceError, match="EINVAL"):
        connection.remove_tree(path)


@needs_root
def test_a_mount_is_neither_removed_nor_entered(
    connection: AgentConnection, tmp_path: Path
) -> None:
    """What is mounted belongs to somebody else; a bind mount hides in the same device."""
    top, other = tmp_path / "tree", tmp_path / "other"
    (top / "mounted").mkdir(parents=True)
    other.mkdir()
    (other / "file").write_text("stays")
    os.chown(other / "file", 1, 1)
    mount = subprocess.run(
        ["mount", "--bind", str(other), str(top / "mounted")], check=False, capture_output=True
    )
    if mount.returncode != 0:
        pytest.skip("this machine does not let us mount")
    try:
        left = connection.chown_tree(str(top), uid=4321, gid=4321)
        assert left == (f"{top}/mounted: it is a mount point",)
        assert connection.remove_tree(str(top)) == (f"{top}/mounted: it is a mount point",)
        assert connection.remove_tree(str(top / "mounted")) == (
            f"{top}/mounted: it is a mount point",
        )
        assert (other / "file").read_text() == "stays"
        assert (other / "file").stat().st_uid == 1
    finally:
        subprocess.run(["umount", str(top / "mounted")], check=True)


@needs_root
def test_a_tree_is_given_to_its_owner(connection: AgentConnection, tmp_path: Path) -> None:
    """All of it, and nothing that a symlink names."""
    outside = hostile(tmp_path / "tree")

    assert connection.chown_tree(str(tmp_path / "tree"), uid=4321, gid=8765) == ()

    owners = {
        (status.st_uid, status.st_gid)
        for path in [tmp_path / "tree", *(tmp_path / "tree").rglob("*")]
        for status in [path.lstat()]
    }
    assert owners == {(4321, 8765)}
    assert outside.stat().st_uid == outside.parent.stat().st_uid == 0
    assert stat.S_IMODE((tmp_path / "tree" / "locked").stat().st_mode) == 0


@needs_root
def test_a_deep_tree_is_given_to_its_owner_once(
    connection: AgentConnection, tmp_path: Path
) -> None:
    """Deeper than directories are kept open, with brothers on each level."""
    here = tmp_path / "tree"
    for _ in range(100):
        here = here / "d"
        here.mkdir(parents=True)
        for number in range(5):
            (here.parent / f"b{number}").mkdir(exist_ok=True)
            (here.parent / f"b{number}" / "file").touch()

    assert connection.chown_tree(str(tmp_path / "tree"), uid=4321, gid=4321) == ()

    assert {path.stat().st_uid for path in (tmp_path / "tree").rglob("*")} == {4321}
