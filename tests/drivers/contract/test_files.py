"""What steps make belongs to the user, and goes without harm to anything else (SWD-FILES)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from swamp_driver.spec import StepEnd
from tests.drivers.harness import OpenRun

HOSTILE = """
mkdir -p locked/sub closed/sub deep; touch locked/file closed/file; ln -s / root; ln -s ../.. up
touch closed/sub/file; chmod 0 closed/sub/file; chmod 0555 locked/sub locked
chmod 0 closed/sub closed
name=$(printf '%0200d' 0); i=0; cd deep
while [ $i -lt 30 ]; do mkdir $name; cd -P $name 2> /dev/null || break; i=$((i+1)); done
"""


def test_what_a_step_made_belongs_to_the_user_after_a_kept_run(
    make_run: Callable[..., OpenRun],
) -> None:
    """To read, change and delete without privilege, whatever user the steps had."""
    run = make_run()
    run.prepare()
    run.sh("mkdir -p a/b; echo x > a/b/file; ln -s a link; echo y > .hidden; touch ~/home-file")
    report = run.teardown(remove=False)
    assert report.errors == ()
    assert str(run.run_dir) in report.kept
    entries = [Path(run.run_dir), *Path(run.run_dir).rglob("*")]
    assert {(e.lstat().st_uid, e.lstat().st_gid) for e in entries} == {(os.getuid(), os.getgid())}
    run.teardown()


def test_hostile_trees_are_removed(make_run: Callable[..., OpenRun], tmp_path: Path) -> None:
    """Closed directories, links out of the tree, and more levels than a path can name."""
    sentinel = tmp_path / "sentinel"
    (sentinel / "precious").mkdir(parents=True)
    run = make_run()
    run.prepare()
    assert run.sh(f"{HOSTILE}\ncd {run.path}; ln -s {sentinel} out").result.exit_code is not None
    report = run.teardown()
    assert report.errors == ()
    assert str(run.run_dir) in report.removed
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["sentinel"]
    assert (sentinel / "precious").is_dir()


@pytest.mark.parametrize("part", ["workspace", "home", "exchange"])
def test_a_part_of_the_run_directory_swapped_for_a_symlink_leads_nowhere(
    make_run: Callable[..., OpenRun], tmp_path: Path, part: str
) -> None:
    """A step can do that; the clean-up must not follow (SWD-FILES)."""
    sentinel = tmp_path / "sentinel"
    (sentinel / "precious").mkdir(parents=True)
    run = make_run()
    run.prepare()
    run.execute("/bin/sh", "-c", f"cd ..; mv {part} gone; ln -s {sentinel} {part}")
    run.teardown()
    assert (sentinel / "precious").is_dir()
    assert sentinel.stat().st_uid == os.getuid()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["sentinel"]


def test_steps_after_each_other_can_write_what_others_made(
    open_run: Callable[..., OpenRun],
) -> None:
    """All steps of a run are one user."""
    run = open_run()
    run.sh("mkdir d; echo one > d/file")
    step = run.sh("echo two >> d/file; mv d e; rm -r e; touch done")
    assert step.result.end is StepEnd.SUCCEEDED
