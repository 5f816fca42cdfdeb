"""Repairing ownership and measuring: every entry of the tree, nothing beyond it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from swamp_driver.rundir import measure_tree, remove_tree, repair_ownership
from tests.unit.rundir.trees import LIMIT_S, make_deep, needs_linux, needs_root, run_as_plain_owner


def owner_of(path: Path) -> tuple[int, int]:
    """Return user and group of a path itself."""
    status = path.lstat()
    return status.st_uid, status.st_gid


@needs_root
def test_every_entry_belongs_to_the_user_afterwards(tmp_path: Path) -> None:
    """Whatever user a container's image has (SWD-FILES)."""
    tree = tmp_path / "tree"
    (tree / "a" / "b").mkdir(parents=True)
    (tree / "a" / "file").write_text("x")
    (tree / "a" / "file").chmod(0)
    (tree / "a").chmod(0)
    (tree / "link").symlink_to("a/file")
    paths = [tree, tree / "a", tree / "a" / "b", tree / "a" / "file", tree / "link"]
    for path in paths:
        os.chown(path, 100999, 100999, follow_symlinks=False)
    assert repair_ownership(str(tree), uid=1234, gid=2345) == ()
    assert {owner_of(path) for path in paths} == {(1234, 2345)}


@needs_root
def test_what_a_symlink_points_to_keeps_its_owner(tmp_path: Path) -> None:
    """A link to `/etc/passwd` must not give it away (SWD-FILES)."""
    (tmp_path / "sentinel" / "sub").mkdir(parents=True)
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "file").symlink_to(tmp_path / "sentinel")
    assert repair_ownership(str(tmp_path / "tree"), uid=1234, gid=1234) == ()
    assert owner_of(tmp_path / "sentinel") == (0, 0)
    assert owner_of(tmp_path / "sentinel" / "sub") == (0, 0)


@needs_root
def test_a_tree_that_is_a_symlink_is_refused(tmp_path: Path) -> None:
    """As above."""
    (tmp_path / "sentinel" / "sub").mkdir(parents=True)
    (tmp_path / "tree").symlink_to("sentinel")
    (error,) = repair_ownership(str(tmp_path / "tree"), uid=1234, gid=1234)
    assert "left as it is" in error
    assert owner_of(tmp_path / "sentinel" / "sub") == (0, 0)


@needs_root
def test_entries_that_are_right_are_not_touched(tmp_path: Path) -> None:
    """A change of owner clears set-id bits and moves the change time: only where it is due."""
    (tmp_path / "file").write_text("x")
    before = (tmp_path / "file").stat().st_ctime_ns
    assert repair_ownership(str(tmp_path), uid=0, gid=0) == ()
    assert (tmp_path / "file").stat().st_ctime_ns == before


@needs_root
def test_a_tree_deeper_than_any_path_is_repaired(tmp_path: Path) -> None:
    """Steps may have gone deeper than a path can name."""
    (tmp_path / "tree").mkdir()
    make_deep(tmp_path / "tree", levels=2000)
    (tmp_path / "tree" / "zz").mkdir()
    assert repair_ownership(str(tmp_path / "tree"), uid=1234, gid=1234) == ()
    found = subprocess.run(
        ["find", str(tmp_path / "tree"), "-not", "-uid", "1234"],
        check=True,
        stdout=subprocess.PIPE,
    )
    assert found.stdout == b""
    # pytest itself cannot clear away what is so deep.
    assert remove_tree(str(tmp_path / "tree"), deadline_s=LIMIT_S) == ()


@needs_root
@needs_linux
def test_what_is_mounted_inside_keeps_its_owner(tmp_path: Path) -> None:
    """A bind mount of the same file system looks like any directory, but is not ours."""
    for path in (tmp_path / "tree" / "a" / "mounted", tmp_path / "sentinel" / "sub"):
        path.mkdir(parents=True)
    code = (
        "import sys\n"
        "from swamp_driver.rundir import repair_ownership\n"
        "print(*repair_ownership(sys.argv[1], uid=1234, gid=1234))\n"
    )
    script = (
        f"mount --bind {tmp_path}/sentinel {tmp_path}/tree/a/mounted && "
        f"'{sys.executable}' -c \"$0\" {tmp_path}/tree"
    )
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, code],
        check=True,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
        timeout=LIMIT_S,
    )
    assert b"a/mounted' is left as it is: it is a mount point" in done.stdout
    assert owner_of(tmp_path / "sentinel") == (0, 0)
    assert owner_of(tmp_path / "sentinel" / "sub") == (0, 0)
    assert owner_of(tmp_path / "tree" / "a") == (1234, 1234)


@needs_root
def test_a_caller_without_privilege_is_told_what_is_not_its_own(tmp_path: Path) -> None:
    """Only root may give files away; everyone else must know that some are not theirs."""
    for number in range(30):
        (tmp_path / str(number)).mkdir()
        os.chown(tmp_path / str(number), 1234, 1234)
    code = (
        "import sys\n"
        "from swamp_driver.rundir import repair_ownership\n"
        "print(*repair_ownership(sys.argv[1], uid=0, gid=0), sep='\\n')\n"
    )
    lines = run_as_plain_owner(code, str(tmp_path)).splitlines()
    assert len(lines) == 21
    assert "keeps its owner: operation not permitted (EPERM)" in lines[0]
    assert lines[20].endswith("10 more are not repaired")


def test_a_missing_tree_is_a_line_and_no_exception(tmp_path: Path) -> None:
    """Clean-up goes on whatever it finds."""
    errors = repair_ownership(str(tmp_path / "missing"), uid=0, gid=0)
    assert all("missing" in error for error in errors)
    assert errors


def test_the_size_counts_a_file_with_two_names_once(tmp_path: Path) -> None:
    """`git clone` links its objects; `swamp-driver workspace list` shows what the disk holds."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "file").write_bytes(b"x" * 100_000)
    single = measure_tree(str(tmp_path))
    os.link(tmp_path / "a" / "file", tmp_path / "linked")
    assert single >= 100_000
    assert measure_tree(str(tmp_path)) == single


def test_the_size_of_what_is_missing_is_nothing(tmp_path: Path) -> None:
    """A run may be removed while it is listed."""
    assert measure_tree(str(tmp_path / "missing")) == 0
