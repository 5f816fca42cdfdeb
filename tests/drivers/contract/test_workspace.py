"""One path, on every side, with nothing of ours in it (SWD-WS)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from swamp_driver.errors import UnavailableError, WorkspaceError
from tests.drivers.harness import OpenRun, new_run


def test_the_path_is_the_one_asked_for_and_plain(open_run: Callable[..., OpenRun]) -> None:
    """Expressions have it before the driver is asked; it must be what comes back."""
    run = open_run()
    assert run.workspace is not None
    assert run.workspace.path == run.run.workspace.path
    assert os.path.realpath(run.workspace.path) == run.workspace.path


def test_a_step_starts_in_it_and_sees_the_same_path(shared_run: OpenRun) -> None:
    """Byte for byte, also where the system resolves it."""
    step = shared_run.sh('pwd; pwd -P; echo "$SWAMP_WORKSPACE"; /bin/sh -c pwd')
    assert step.text.split("\n") == [shared_run.run.workspace.path] * 4


def test_home_and_tmpdir_are_there_writable_and_not_the_workspace(shared_run: OpenRun) -> None:
    """Tools put caches there; they must not land among the results."""
    step = shared_run.sh('touch "$HOME/x" "$TMPDIR/y"; echo "$HOME"; rm "$HOME/x"')
    assert step.text == shared_run.run.workspace.home
    assert not (shared_run.path / "x").exists()


def test_nothing_of_the_driver_is_in_the_workspace(open_run: Callable[..., OpenRun]) -> None:
    """`git status` in it is clean (SWD-WS)."""
    run = open_run()
    run.sh("echo out; echo err >&2; echo a=b > $SWAMP_EXCHANGE/output")
    run.sh("exit 3")
    assert list(run.path.iterdir()) == []


def test_a_later_step_sees_what_an_earlier_one_made(open_run: Callable[..., OpenRun]) -> None:
    """Bytes, modes, symlinks, empty directories and the order of times (SWD-WS)."""
    run = open_run()
    run.sh(
        "mkdir -p empty sub; printf '\\000\\377' > sub/bytes; echo 'echo ran' > tool\n"
        "chmod 755 tool; chmod 600 sub/bytes; ln -s sub/bytes link; ln -s nowhere dangling\n"
        "touch -t 202001010000 older; touch -t 202002010000 newer; ln tool tool2"
    )
    step = run.sh(
        "./tool; readlink link dangling; ls -ld sub/bytes tool | cut -c 1-10\n"
        "test newer -nt older; test -d empty; test tool -ef tool2; od -An -tx1 sub/bytes"
    )
    assert step.text.split() == (
        ["ran", "sub/bytes", "nowhere", "-rw-------", "-rwxr-xr-x", "00", "ff"]
    )


def test_an_absolute_symlink_inside_resolves(open_run: Callable[..., OpenRun]) -> None:
    """Tools make such links (`npm`, `venv`); the path is the same for all steps."""
    run = open_run()
    run.sh('echo content > a; ln -s "$SWAMP_WORKSPACE/a" b')
    assert run.sh("cat b").text == "content"
    assert (run.path / "b").read_text() == "content\n"


def test_what_the_host_puts_there_a_step_sees(open_run: Callable[..., OpenRun]) -> None:
    """And the other way round: both sides hold the same directory."""
    run = open_run()
    (run.path / "from-host").write_text("hello")
    assert run.sh("cat from-host; echo back > from-step").text == "hello"
    assert (run.path / "from-step").read_text() == "back\n"


ODD_NAMES = [
    "with space",
    "a:b",
    "comma,equals=",
    'double"quote',
    "single'quote",
    "per%cent%s",
    "ünïcode-日本",
    "-leading-dash",
    "dollar$HOME",
    "star*",
    "back\\slash",
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_an_odd_path_works_or_is_refused_before_any_step(
    make_run: Callable[..., OpenRun], tmp_path: Path, name: str
) -> None:
    """Never half: a mount on a wrong path would show an empty workspace (SWD-WS)."""
    run = make_run(name=name)
    try:
        run.prepare()
    except (WorkspaceError, UnavailableError):
        assert list(tmp_path.iterdir()) == []
        return
    try:
        (run.path / "file").write_text("seen")
        step = run.sh('cat file; echo; pwd -P; cd "$HOME"; pwd -P')
        assert step.text.split("\n") == [
            "seen",
            run.run.workspace.path,
            run.run.workspace.home,
        ]
    finally:
        run.teardown()
    assert list(tmp_path.iterdir()) == []


def test_a_second_driver_of_the_run_works_in_the_same_directory(
    open_run: Callable[..., OpenRun], driver_under_test: object, tmp_path: Path
) -> None:
    """The first creates, the others attach; only the first removes (SWD-WS)."""
    first = open_run(name="run")
    first.sh("echo one > file")
    second = new_run(
        first.case, tmp_path, name="run", mode="attach", run={"run_id": first.run.run_id}
    )
    second.prepare()
    assert second.sh("cat file; echo two > file").text == "one"
    report = second.teardown()
    assert report.errors == ()
    assert first.sh("cat file").text == "two"


def test_attaching_to_nothing_is_refused(make_run: Callable[..., OpenRun], tmp_path: Path) -> None:
    """There is nothing to share, and nothing is made."""
    run = make_run(mode="attach")
    with pytest.raises(WorkspaceError):
        run.prepare()
    run.teardown()
    assert list(tmp_path.iterdir()) == []


def test_a_persistent_workspace_keeps_what_is_in_it(
    make_run: Callable[..., OpenRun], tmp_path: Path
) -> None:
    """The next run with the key finds the caches of the last one (SWD-WS)."""
    first = make_run(name="cache", persistent=True)
    first.prepare()
    first.sh('echo kept > file; echo kept > "$HOME/file"')
    first.teardown(remove=False)
    second = make_run(name="cache", persistent=True)
    second.prepare()
    assert second.sh('cat file "$HOME/file"').text == "kept\nkept"
    second.teardown()
    assert list(tmp_path.iterdir()) == []
