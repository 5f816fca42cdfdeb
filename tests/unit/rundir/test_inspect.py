"""Looking at a tree that steps made: everything that two trees can differ in."""

from __future__ import annotations

import os
import socket
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swamp_driver.rundir import TreeEntry, inspect_tree
from swamp_driver.rundir._replace import StreamReplacer
from tests.unit.rundir.trees import make_deep, needs_linux, needs_root, run_as_plain_owner

MINE: dict[str, Any] = {"uid": os.geteuid(), "gid": os.getegid()}


def a_file(content: bytes, *, mode: int = 0o644) -> TreeEntry:
    """Return the entry of a file of the caller."""
    digest = sha256(content).hexdigest()
    return TreeEntry(kind="file", mode=mode, size_bytes=len(content), digest=digest, **MINE)


def test_every_kind_of_entry_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Type, mode, owner, size, content and target are what a comparison is made of."""
    (tmp_path / "dir").mkdir(mode=0o750)
    (tmp_path / "dir/file").write_bytes(b"content")
    (tmp_path / "dir/file").chmod(0o604)
    (tmp_path / "link").symlink_to("/nowhere/at all")
    os.mkfifo(tmp_path / "fifo", 0o600)
    monkeypatch.chdir(tmp_path)  # the address of a socket may have 100 bytes only
    with socket.socket(socket.AF_UNIX) as left:
        left.bind("socket")
    (tmp_path / "socket").chmod(0o755)

    view = inspect_tree(str(tmp_path))

    assert view.problems == ()
    assert view.entries == {
        "dir": TreeEntry(kind="directory", mode=0o750, **MINE),
        "dir/file": a_file(b"content", mode=0o604),
        "link": TreeEntry(kind="symlink", mode=0o777, target="/nowhere/at all", **MINE),
        "fifo": TreeEntry(kind="fifo", mode=0o600, **MINE),
        "socket": TreeEntry(kind="socket", mode=0o755, **MINE),
    }


def test_a_link_out_of_the_tree_is_not_followed(tmp_path: Path) -> None:
    """A step chooses where its links lead."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_text("secret")
    (tmp_path / "tree/way-out").symlink_to(tmp_path / "outside")
    assert set(inspect_tree(str(tmp_path / "tree")).entries) == {"way-out"}


def test_what_is_replaced_does_not_tell_trees_apart(tmp_path: Path) -> None:
    """The path of a run is another one in each run, in files and in links."""
    views = []
    for run in ("run-a", "run-b"):
        top = tmp_path / run
        top.mkdir()
        (top / "file").write_text(f"made in {top} by {run}")
        (top / "link").symlink_to(top / "file")
        replace = {os.fsencode(top): b"<dir>", run.encode(): b"<run>"}
        views.append(inspect_tree(str(top), replace=replace))
    assert views[0] == views[1]
    assert views[0].entries["link"].target == "<dir>/file"


def test_names_that_are_no_text_are_told_apart(tmp_path: Path) -> None:
    """A name is bytes; two of them must not become one."""
    for name in (b"\xff", b"\xfe", b"new\nline", "ü".encode()):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(name)
    assert len(inspect_tree(str(tmp_path)).entries) == 4


def test_a_tree_that_is_deeper_than_a_path_can_be(tmp_path: Path) -> None:
    """No system call takes its paths."""
    make_deep(tmp_path, levels=300)
    entries = inspect_tree(str(tmp_path)).entries
    assert len(entries) == 301
    assert max(entries, key=len).endswith("/leaf")


def test_of_a_huge_file_the_beginning_is_read(tmp_path: Path) -> None:
    """A file of a terabyte is made in no time, and read in hours."""
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(1 << 40)
    view = inspect_tree(str(tmp_path), limit_bytes=1000)
    assert view.entries["huge"].digest == sha256(bytes(1000)).hexdigest()
    assert view.entries["huge"].size_bytes == 1 << 40
    assert view.problems == ("'huge' is large: only 1000 bytes were read",)


@needs_linux
def test_what_its_owner_may_not_read_is_read(tmp_path: Path) -> None:
    """A mode of 0000 is a result like any other, and hides no difference."""
    told = run_as_plain_owner(
        """
import os, sys
from pathlib import Path
from swamp_driver.rundir import inspect_tree
top = Path(sys.argv[1])
(top / "dir").mkdir()
(top / "dir/file").write_text("x")
(top / "dir/file").chmod(0)
(top / "dir").chmod(0)
view = inspect_tree(str(top))
print(sorted((n, oct(e.mode), (e.digest or "")[:4]) for n, e in view.entries.items()))
print(view.problems)
""",
        str(tmp_path),
    )
    digest = sha256(b"x").hexdigest()[:4]
    assert told.splitlines() == [
        f"[('dir', '0o0', ''), ('dir/file', '0o0', '{digest}')]",
        "()",
    ]


@needs_linux
@needs_root
def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    """Files of others may be closed to us: that is no reason to say that they are equal."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "file").chmod(0o600)
    os.chown(tmp_path / "file", 12345, 12345)
    told = run_as_plain_owner(
        """
import os, sys
from swamp_driver.rundir import inspect_tree
view = inspect_tree(sys.argv[1])
print(view.problems)
""",
        str(tmp_path),
    )
    assert "'file' cannot be read" in told


def test_a_missing_directory_is_a_problem_and_no_error(tmp_path: Path) -> None:
    """Whoever compares wants to say it in his own words."""
    view = inspect_tree(str(tmp_path / "gone"))
    assert view.entries == {}
    assert "gone" in view.problems[0]


@given(
    text=st.lists(st.sampled_from([b"/r/abc", b"abc", b"/r/", b"ab", b"x", b"/"])),
    size=st.integers(1, 7),
)
def test_replacing_does_not_depend_on_how_the_stream_is_cut(text: list[bytes], size: int) -> None:
    """Output comes in pieces of any size."""
    replace = {b"/r/abc": b"<run dir>", b"abc": b"<run>"}
    data = b"".join(text)
    replacer = StreamReplacer(replace)
    pieces = [replacer.feed(data[start : start + size]) for start in range(0, len(data), size)]
    wanted = data.replace(b"/r/abc", b"<run dir>").replace(b"abc", b"<run>")
    assert b"".join([*pieces, replacer.flush()]) == wanted
