"""Ownership and removal of what steps made (FILES)."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from swamp_driver.spec import Capability
from swamp_driver_conformance import expect
from swamp_driver_conformance.harness import Bench, Run
from swamp_driver_conformance.marks import clause
from swamp_driver_conformance.probes import need_root, token
from swamp_driver_conformance.suite._steps import output_of

_OTHER = 12345
"""The id of a user that nobody is."""


def _removed(bench: Bench, run: Run, what: str) -> None:
    """Tear down; fail where something stays."""
    report = run.teardown()
    expect.equal(report.errors, (), f"errors of the teardown: {what}")
    if bench.subject.declares(Capability.HOST_VISIBLE):
        there = os.path.lexists(run.run_dir)
        expect.that(not there, what, seen=f"'{run.run_dir}' is there", expected="it is gone")


def _kept_for(bench: Bench, uid: int) -> Run:
    return bench.prepared(request={"uid": uid, "gid": uid})


@clause("SWD-FILES-011")
def test_kept_files_belong_to_the_user(bench: Bench) -> None:
    """Files of root in a checkout are the most reported trouble of container steps."""
    run = bench.prepared()
    output_of(run, "mkdir -p a/b; echo x > a/b/f; ln -s f a/b/l; : > r; chmod 400 r; mkdir w")
    run.teardown(remove=False)
    owners = _owners(run)
    expect.equal(owners, {(os.getuid(), os.getgid())}, "owners of what was kept")
    (Path(run.path) / "a/b/f").write_text("changed", encoding="utf-8")


@clause("SWD-FILES-011")
def test_kept_files_belong_to_another_user_where_the_run_is_for_one(bench: Bench) -> None:
    """A service runs workflows for its users."""
    need_root()
    run = _kept_for(bench, _OTHER)
    output_of(run, "mkdir -p a/b; echo x > a/b/f; ln -s f a/b/l")
    run.teardown(remove=False)
    expect.equal(_owners(run), {(_OTHER, _OTHER)}, "owners of what was kept")


def _owners(run: Run) -> set[tuple[int, int]]:
    paths = [Path(run.path), *Path(run.path).rglob("*")]
    return {(path.lstat().st_uid, path.lstat().st_gid) for path in paths}


@clause("SWD-FILES-012")
def test_repair_does_not_follow_symlinks(bench: Bench) -> None:
    """`chown -R` through a link has changed the owner of system files."""
    need_root()
    decoy = bench.ledger.decoy("outside")
    run = _kept_for(bench, _OTHER)
    output_of(run, 'ln -s "$1" dir; ln -s "$1/keep" file; echo x > mine', str(decoy.path))
    run.teardown(remove=False)
    seen = {path.stat().st_uid for path in (decoy.path, decoy.path / "keep")}
    expect.equal(seen, {os.getuid()}, "the owner of files that only links lead to")
    decoy.check("files that only links lead to")


@clause("SWD-FILES-013")
def test_trees_without_rights_are_removed(bench: Bench) -> None:
    """Module caches are read-only."""
    run = bench.prepared()
    output_of(
        run,
        "mkdir -p ro/sub none/sub; echo x > ro/sub/f; echo x > none/sub/f; chmod 0 ro/sub/f;"
        " chmod 555 ro/sub ro; chmod 0 none/sub none",
    )
    _removed(bench, run, "directories of mode 0555 and 0000")


@clause("SWD-FILES-014")
def test_deep_trees_are_removed(bench: Bench) -> None:
    """Functions that take paths fail beyond 4096 bytes."""
    run = bench.prepared()
    # Two halves that are each short enough for a path, the second moved into the first.
    half = "/".join(["d" * 200] * 15)
    output_of(run, 'mkdir -p "$1" "b/$1" && : > "b/$1/file" && mv b "$1/"', half)
    _removed(bench, run, "a tree that is 30 directories of 200 letters deep")


@clause("SWD-FILES-015")
def test_many_files_are_removed_soon(bench: Bench) -> None:
    """One engine call per file makes a removal take minutes."""
    run = bench.prepared()
    count = 400 if bench.is_quick else 4000
    output_of(
        run,
        "d=0; while [ $d -lt 100 ]; do mkdir $d; cd $d; n=0;"
        ' while [ $n -lt "$1" ]; do : > $n; n=$((n+1)); done; cd ..; d=$((d+1)); done',
        str(count // 100),
    )
    limit_s = 5.0 + count / 1000
    began = time.monotonic()
    _removed(bench, run, f"{count} files")
    took_s = time.monotonic() - began
    limit = f"at most {limit_s:g} s"
    expect.that(took_s < limit_s, f"{count} files", seen=f"{took_s:.1f} s", expected=limit)


@clause("SWD-FILES-016")
def test_removal_does_not_follow_symlinks(bench: Bench) -> None:
    """A link to the home directory is all that it takes to lose it."""
    decoy = bench.ledger.decoy("outside")
    run = bench.prepared()
    output_of(run, 'ln -s "$1" dir; ln -s "$1/keep" file; mkdir d; ln -s "$1" d/l', str(decoy.path))
    _removed(bench, run, "a workspace with symlinks")
    decoy.check("a directory that only links lead to")


@clause("SWD-FILES-016")
@pytest.mark.parametrize("part", ["workspace", "home"])
def test_removal_does_not_follow_a_swapped_directory(bench: Bench, part: str) -> None:
    """A step can put a link in the place of the workspace itself."""
    decoy = bench.ledger.decoy("outside")
    run = bench.prepared()
    run.sh('cd / && rm -rf "$1" && ln -s "$2" "$1"', f"{run.run_dir}/{part}", str(decoy.path))
    run.teardown()
    decoy.check(f"a directory that a link in the place of '{part}' leads to")


class _Mount:
    """A file system with a file in it, mounted in a workspace; the driver may move it."""

    def __init__(self, path: Path) -> None:
        self._name = token()
        subprocess.run(
            ["mount", "-t", "tmpfs", self._name, str(path)], check=True, capture_output=True
        )
        self._fd = os.open(path, os.O_RDONLY)
        os.close(os.open("keep", os.O_CREAT | os.O_WRONLY, dir_fd=self._fd))

    def has_its_file(self) -> bool:
        """Return whether nobody removed what is in it, wherever it is now."""
        return "keep" in os.listdir(self._fd)  # noqa: PTH208 - a descriptor

    def close(self) -> None:
        """Unmount it, wherever it is now."""
        os.close(self._fd)
        for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
            if self._name in line:
                place = re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), line.split()[4])
                subprocess.run(["umount", place], check=False, capture_output=True)


@contextlib.contextmanager
def _mounted(path: Path) -> Iterator[_Mount]:
    """Mount something; leave the test out where that cannot be done."""
    need_root()
    try:
        mount = _Mount(path)
    except (OSError, subprocess.CalledProcessError):
        expect.not_run("mount", "a file system cannot be mounted here")
    try:
        yield mount
    finally:
        mount.close()


@clause("SWD-FILES-017")
def test_removal_does_not_cross_mounts(bench: Bench) -> None:
    """What is mounted there may be a home directory."""
    need_root()
    run = bench.prepared()
    output_of(run, "mkdir -p deep/mounted; : > deep/file")
    with _mounted(Path(run.path) / "deep/mounted") as mount:
        report = run.teardown(deadline_s=10)
        is_there = mount.has_its_file()
        expect.that(is_there, "the mounted file", seen="gone", expected="there")
        expect.that(report.errors, "errors", seen="none", expected="a line about the mount")


@clause("SWD-FILES-018")
def test_failed_removal_is_reported(bench: Bench) -> None:
    """The result of the run must not be hidden by its clean-up."""
    need_root()
    run = bench.prepared()
    output_of(run, "mkdir busy")
    busy = Path(run.path) / "busy"
    with _mounted(busy):
        report = run.teardown(deadline_s=10)
        named = [line for line in report.errors if "busy" in line or run.path in line]
        expect.that(named, "errors", seen=report.errors, expected=f"a line that names '{busy}'")
        claimed = [line for line in report.removed if str(run.run_dir) in line]
        expect.equal(claimed, [], "lines about the run directory in what is said to be removed")
    expect.equal(run.teardown().errors, (), "errors of the next teardown, without the obstacle")
