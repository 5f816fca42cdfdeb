"""Which directory is the repository of a workflow."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from swamp_driver.errors import WorkflowError
from swamp_driver.host._repository import find_repository, read_repository_file


def _make(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ((), "a/b/c"),
        (("a/.swamp-driver.yaml",), "a"),
        (("a/extensions/",), "a"),
        (("a/models/", "a/b/models/"), "a/b"),
        (("a/b/c/models/", "a/.swamp-driver.yaml"), "a/b/c"),
        (("a/models/", "a/b/.git/"), "a/b"),
        (("a/b/.git",), "a/b"),
    ],
)
def test_the_nearest_marked_directory_is_the_repository(
    tmp_path: Path, there: tuple[str, ...], expected: str
) -> None:
    """A checkout ends the search: what lies outside of it belongs to something else."""
    _make(tmp_path, "a/b/c/", *there)
    assert find_repository(tmp_path / "a/b/c") == (tmp_path / expected).resolve()


def test_two_ways_to_a_directory_give_one_repository(tmp_path: Path) -> None:
    """Data is kept for a repository: it must have one name."""
    _make(tmp_path, "a/b/", "a/models/")
    (tmp_path / "link").symlink_to(tmp_path / "a/b")
    assert find_repository(tmp_path / "link") == find_repository(tmp_path / "a/b")


def test_without_a_file_nothing_is_said(tmp_path: Path) -> None:
    """Most repositories have none."""
    assert read_repository_file(tmp_path) is None


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """Settings that are silently left out would run steps at another place."""
    path = tmp_path / ".swamp-driver.yaml"
    path.write_bytes(b"driver: \xff\n")
    with pytest.raises(WorkflowError, match="the file is not UTF-8 text"):
        read_repository_file(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")
def test_what_a_stranger_put_above_does_not_count(tmp_path: Path) -> None:
    """Below a directory like /tmp, anybody could choose what is run."""
    _make(tmp_path, "mine/", ".swamp-driver.yaml")
    os.chown(tmp_path / ".swamp-driver.yaml", 12345, 12345)
    assert find_repository(tmp_path / "mine") == tmp_path / "mine"
