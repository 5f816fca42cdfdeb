"""Removing trees: all of them, and nothing else."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from swamp_driver.rundir import remove_tree
from tests.unit.rundir.trees import (
    LIMIT_S,
    make_deep,
    names_in,
    needs_linux,
    needs_root,
    run_as_plain_owner,
)


def remove(path: Path) -> tuple[str, ...]:
    """Remove a tree with time enough."""
    return remove_tree(str(path), deadline_s=LIMIT_S)


def test_a_missing_tree_is_removed_already(tmp_path: Path) -> None:
    """Clean-up runs again and again."""
    assert remove(tmp_path / "tree") == ()
    assert remove(tmp_path / "no" / "tree") == ()


@pytest.mark.parametrize("make", ["file", "link"])
def test_what_is_no_directory_is_refused(tmp_path: Path, make: str) -> None:
    """A symlink in place of the tree leads to what is not ours."""
    (tmp_path / "target" / "precious").mkdir(parents=True)
    if make == "file":
        (tmp_path / "tree").write_text("x")
    else:
        (tmp_path / "tree").symlink_to("target")
    (error,) = remove(tmp_path / "tree")
    assert "ENOTDIR" in error
    assert names_in(tmp_path / "target") == ["precious"]


@pytest.mark.parametrize("path", ["/", "/tmp/..", ".", ""])
def test_a_path_without_a_name_is_refused(path: str) -> None:
    """`/` and its relatives are never the tree that is meant."""
    (error,) = remove_tree(path, deadline_s=1)
    assert "not a directory with a name" in error


def test_entries_of_every_kind_go(tmp_path: Path) -> None:
    """Steps leave sockets, pipes, dangling links and names that are no text."""
    tree = tmp_path / "tree"
    (tree / "sub" / "sub").mkdir(parents=True)
    os.mkfifo(tree / "sub" / "fifo")
    (tree / "dangling").symlink_to("nowhere")
    (tree / "loop").symlink_to("loop")
    for name in (b"\xff\xfe", b"new\nline", b"-rf", b" ", b"..."):
        (tree / os.fsdecode(name)).write_bytes(b"x")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tree / "socket"))
    assert remove(tree) == ()
    assert names_in(tmp_path) == []


def test_symlinks_are_removed_and_never_followed(tmp_path: Path) -> None:
    """A step may point anywhere (SWD-FILES)."""
    sentinel = tmp_path / "sentinel"
    (sentinel / "sub").mkdir(parents=True)
    tree = tmp_path / "tree" / "sub"
    tree.mkdir(parents=True)
    (tree / "out").symlink_to(sentinel)
    (tree / "up").symlink_to("../../sentinel/sub")
    assert remove(tmp_path / "tree") == ()
    assert names_in(sentinel) == ["sub"]


def test_directories_and_files_without_permissions_go(tmp_path: Path) -> None:
    """A step may leave 0555 and 0000 at every level; the owner may still remove it."""
    tree = tmp_path / "tree"
    for name, mode in (("read-only", 0o555), ("closed", 0o000), ("write-only", 0o200)):
        (tree / name / "sub" / "sub").mkdir(parents=True)
        (tree / name / "file").write_text("x")
        (tree / name / "file").chmod(0)
        (tree / name / "sub" / "sub").chmod(mode)
        (tree / name / "sub").chmod(mode)
        (tree / name).chmod(mode)
    tree.chmod(0o000)
    code = (
        "import sys\n"
        "from swamp_driver.rundir import remove_tree\n"
        "print(remove_tree(sys.argv[1], deadline_s=60))\n"
    )
    assert run_as_plain_owner(code, str(tree)) == "()\n"
    assert names_in(tmp_path) == []


def test_a_tree_deeper_than_any_path_goes(tmp_path: Path) -> None:
    """Neither paths nor the call stack nor open files may grow with the depth (SWD-FILES)."""
    tree = tmp_path / "tree"
    tree.mkdir()
    make_deep(tree, levels=3000)
    assert remove(tree) == ()
    assert names_in(tmp_path) == []


@pytest.fixture
def in_memory(tmp_path: Path) -> Iterator[Path]:
    """Give a directory in memory, where there is one: to make many files is slow on some disks."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else tmp_path) as path:
        yield Path(path)


def test_a_hundred_thousand_files_go_in_seconds(in_memory: Path) -> None:
    """As a `node_modules` of some size has them (SWD-FILES)."""
    tree = in_memory / "tree"
    tree.mkdir()
    for folder in range(100):
        (tree / str(folder)).mkdir()
        fd = os.open(tree / str(folder), os.O_RDONLY)
        for number in range(1000):
            os.mknod(str(number), dir_fd=fd)
        os.close(fd)
    began = time.monotonic()
    assert remove(tree) == ()
    assert time.monotonic() - began < 60
    assert names_in(in_memory) == []


SWAP = """
import os, sys
os.chdir(sys.argv[1])
os.symlink(sys.argv[2], "link")
turns = (("sub", "aside"), ("link", "sub"), ("sub", "link"), ("aside", "sub"))
print("ready", flush=True)
while True:
    for source, target in turns:
        try:
            os.rename(source, target)
        except OSError:
            pass
"""


def test_directories_swapped_for_symlinks_during_the_walk_lead_nowhere(tmp_path: Path) -> None:
    """A process that still runs may swap names between our look and our step (SWD-FILES)."""
    sentinel = tmp_path / "sentinel"
    for number in range(50):
        (sentinel / str(number)).mkdir(parents=True)
    for attempt in range(10):
        tree = tmp_path / f"tree{attempt}"
        for number in range(50):
            (tree / "sub" / str(number) / "deeper").mkdir(parents=True)
        swapper = subprocess.Popen(
            [sys.executable, "-c", SWAP, tree, sentinel], stdout=subprocess.PIPE
        )
        with swapper:
            assert swapper.stdout is not None
            assert swapper.stdout.readline() == b"ready\n"
            remove(tree)
            swapper.kill()
        assert remove(tree) == ()
        assert not tree.exists()
    assert len(names_in(sentinel)) == 50


def test_two_removals_at_once_both_end_with_nothing_left(tmp_path: Path) -> None:
    """`teardown` may be called from two threads (SWD-TD)."""
    tree = tmp_path / "tree"
    for number in range(60):
        (tree / str(number % 10) / str(number) / "sub").mkdir(parents=True)
    results: list[tuple[str, ...]] = []
    threads = [threading.Thread(target=lambda: results.append(remove(tree))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [()] * 3
    assert not tree.exists()


def test_it_gives_up_when_time_is_up(tmp_path: Path) -> None:
    """Teardown keeps to its deadline and says what it did not do (SWD-TD)."""
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    (error,) = remove_tree(str(tmp_path / "tree"), deadline_s=0)
    assert "time is up" in error
    assert remove(tmp_path / "tree") == ()


@needs_root
@needs_linux
def test_what_cannot_be_removed_is_named_and_does_not_stop_the_rest(tmp_path: Path) -> None:
    """One immutable file must not cost the whole disk (SWD-FILES)."""
    tree = tmp_path / "tree"
    (tree / "a" / "b").mkdir(parents=True)
    for name in ("0", "m", "z"):
        (tree / "a" / "b" / name).write_text("x")
        (tree / name).write_text("x")
    stuck = tree / "a" / "b" / "m"
    if subprocess.run(["chattr", "+i", str(stuck)], check=False).returncode:
        pytest.skip("this file system knows no immutable files")
    errors = remove(tree)
    left = [Path(folder) / name for folder, _, files in os.walk(tree) for name in files]
    subprocess.run(["chattr", "-i", *left], check=True)
    assert [path.name for path in left] == ["m"]
    assert f"'{stuck}' is not removed: operation not permitted (EPERM)" in errors
    assert remove(tree) == ()


@needs_root
@needs_linux
@pytest.mark.parametrize("mount", ["mount -t tmpfs none", "mount --bind {sentinel}"])
def test_mount_points_inside_are_left_and_named(tmp_path: Path, mount: str) -> None:
    """A bind mount of the same file system looks like any directory, but is not ours."""
    tree, sentinel = tmp_path / "tree", tmp_path / "sentinel"
    for path in (tree / "a" / "mounted", tree / "a" / "other" / "sub", sentinel / "precious"):
        path.mkdir(parents=True)
    code = (
        "import sys\n"
        "from swamp_driver.rundir import remove_tree\n"
        "print(*remove_tree(sys.argv[1], deadline_s=60), sep='\\n')\n"
    )
    command = mount.format(sentinel=sentinel)
    script = (
        f"{command} {tree}/a/mounted && touch {tree}/a/mounted/precious2 && "
        f"'{sys.executable}' -c \"$0\" {tree}; find {tree} -name 'precious*'"
    )
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, code],
        check=True,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
        timeout=LIMIT_S,
    )
    output = done.stdout.decode()
    assert f"'{tree}/a/mounted' is not removed: it is a mount point, or in use (EBUSY)" in output
    assert "precious2" in output
    assert (sentinel / "precious").exists()
    assert remove(tree) == ()


@needs_root
def test_files_of_other_users_go(tmp_path: Path) -> None:
    """A container leaves what belongs to users that this host does not know."""
    tree = tmp_path / "tree"
    (tree / "a" / "b").mkdir(parents=True)
    (tree / "a" / "b" / "file").write_text("x")
    for path in (tree / "a" / "b" / "file", tree / "a" / "b", tree / "a"):
        os.chown(path, 100999, 100999)
        path.chmod(0)
    assert remove(tree) == ()
    assert names_in(tmp_path) == []


@needs_root
def test_a_stranger_is_told_what_is_not_theirs(tmp_path: Path) -> None:
    """Without privilege the files of another user stay, each named with the reason."""
    tree = tmp_path / "tree"
    (tree / "theirs" / "sub").mkdir(parents=True)
    (tree / "ours").mkdir()
    (tree / "ours" / "file").write_text("x")
    os.chown(tree / "theirs", 1234, 1234)
    code = (
        "import sys\n"
        "from swamp_driver.rundir import remove_tree\n"
        "print(*remove_tree(sys.argv[1], deadline_s=60), sep='\\n')\n"
    )
    output = run_as_plain_owner(code, str(tree))
    assert f"'{tree}/theirs/sub' is not removed: permission denied (EACCES)" in output
    assert names_in(tree) == ["theirs"]
    assert remove(tree) == ()
