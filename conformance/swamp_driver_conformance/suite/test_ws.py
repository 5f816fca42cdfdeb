"""The workspace and its path (WS)."""

from __future__ import annotations

from pathlib import Path

import pytest

from swamp_driver.errors import DriverError, UnavailableError, WorkspaceError
from swamp_driver.spec import StepEnd
from swamp_driver_conformance import expect
from swamp_driver_conformance.harness import Bench, Run
from swamp_driver_conformance.marks import clause
from swamp_driver_conformance.probes import snapshot
from swamp_driver_conformance.suite._steps import output_of

_ODD_NAMES = (
    "with space",
    "a:b",
    "a,b=c",
    "quote'\"s",
    "100%",
    "$HOME",
    "back\\slash",
    "größe-日本",
    "-dash",
)


@clause("SWD-WS-001")
def test_path_is_the_one_asked_for(bench: Bench) -> None:
    """Expressions were evaluated with that string before the driver was asked."""
    run = bench.run()
    workspace = run.prepare()
    expect.equal(workspace.path, run.context.workspace.path, "Workspace.path")


@clause("SWD-WS-002")
def test_working_directory_is_the_path(run: Run) -> None:
    """A path that a step writes down must mean the same file everywhere."""
    expect.equal(output_of(run, "pwd -P"), f"{run.path}\n", "pwd -P in a step")


@clause("SWD-WS-003")
def test_workspace_and_home_are_there_and_writable(run: Run) -> None:
    """The first step of most runs is a clone into it."""
    home = run.context.workspace.home
    for directory in (run.path, home):
        done = run.sh('[ -d "$1" ] && : > "$1/new" && rm "$1/new"', directory)
        expect.equal(done.result.end, StepEnd.SUCCEEDED, f"a step that writes to '{directory}'")


@clause("SWD-WS-004")
def test_new_workspace_is_empty(run: Run) -> None:
    """`git clone … .` refuses a directory that is not empty."""
    expect.equal(run.sh("ls -A .").text, "", "what is in a new workspace")


@clause("SWD-WS-005")
def test_driver_writes_nothing_into_the_workspace(run: Run) -> None:
    """Control files end up in archives and in `git status`."""
    run.sh("echo out; cat out.txt", files={"in.txt": b"in"}, collect=("in.txt",))
    run.sh("exit 3")
    run.sh("sleep 5", timeout_s=0.1, grace_s=0.1)
    expect.equal(run.sh("ls -A .").text, "", "the workspace after steps that wrote nothing")


@clause("SWD-WS-006")
def test_files_pass_from_step_to_step(run: Run) -> None:
    """Systems that copy between steps lose some of it."""
    output_of(
        run,
        "printf 'a\\000b\\377' > data; printf '#!/bin/sh\\necho ran\\n' > tool; chmod 755 tool;"
        " mkdir -p empty deep/er; echo x > deep/er/file; ln -s deep/er link; ln -s nowhere broken",
    )
    seen = output_of(
        run,
        "cat data; ./tool; cat link/file; [ -d empty ] && echo empty;"
        " [ -L link ] && [ -L broken ] && echo links; [ -x data ] || echo plain",
    )
    expected = "a\x00b\\xffran\nx\nempty\nlinks\nplain\n"
    expect.equal(seen, expected, "what the second step finds")


@clause("SWD-WS-006")
def test_files_can_be_changed_by_later_steps(run: Run) -> None:
    """A workspace that becomes read-only is no workspace."""
    output_of(run, "echo 1 > file; mkdir dir")
    output_of(run, "echo 2 >> file; echo 3 > dir/new; rm -r dir; mkdir other")
    expect.equal(output_of(run, "cat file; ls"), "1\n2\nfile\nother\n", "what the third step finds")


@clause("SWD-WS-007")
def test_absolute_symlinks_hold(run: Run) -> None:
    """Package managers write absolute links."""
    output_of(run, 'echo target > file; ln -s "$1/file" link', run.path)
    expect.equal(output_of(run, "cat link"), "target\n", "the file behind an absolute symlink")


@clause("SWD-WS-008")
@pytest.mark.parametrize("name", _ODD_NAMES)
def test_odd_paths_work_or_are_refused(bench: Bench, name: str) -> None:
    """Mount options and command lines are split at such characters."""
    parent = bench.root / name
    parent.mkdir()
    run = bench.run(root=parent)
    try:
        run.prepare()
    except DriverError:
        expect.equal(snapshot(parent), {}, "what is left after the refusal")
        return
    seen = output_of(run, "echo hi > f; pwd -P; cat f")
    expect.equal(seen, f"{run.path}\nhi\n", "a step there")
    report = run.teardown()
    expect.equal((report.errors, snapshot(parent)), ((), {}), "errors and files after teardown")


@clause("SWD-WS-009")
def test_runs_are_apart(bench: Bench) -> None:
    """A fixed directory in a driver is found out only in production."""
    first, second = bench.prepared(), bench.prepared()
    for run, word in ((first, "one"), (second, "two")):
        output_of(run, f'echo {word} > file; echo {word} > "$HOME/file"')
    seen = [output_of(run, 'cat file "$HOME/file"; ls -A . "$HOME"') for run in (first, second)]
    for text, word in zip(seen, ("one", "two"), strict=True):
        expect.that(
            text.startswith(f"{word}\n{word}\n"), "the files of a run", seen=text, expected=word
        )


@clause("SWD-WS-010")
def test_home_is_kept_and_apart_from_the_workspace(run: Run) -> None:
    """Package managers keep their caches there."""
    output_of(run, 'echo cached > "$HOME/cache"')
    expect.equal(
        output_of(run, 'cat "$HOME/cache"; ls -A .'), "cached\n", "home, then the workspace"
    )


@clause("SWD-WS-011")
def test_host_and_steps_see_one_directory(run: Run) -> None:
    """A daemon elsewhere mounts an empty directory of the same name without a word."""
    host = Path(run.path)
    (host / "from-host").write_text("host\n", encoding="utf-8")
    seen = run.sh("cat from-host; echo step > from-step")
    expect.equal(seen.text, "host\n", "what a step reads that the host wrote")
    file = host / "from-step"
    text = file.read_text(encoding="utf-8") if file.exists() else "(no such file)"
    expect.equal(text, "step\n", "what the host reads that a step wrote")


@clause("SWD-WS-012")
def test_foreign_directory_is_refused(bench: Bench) -> None:
    """A run that adopts somebody's directory also removes it."""
    run = bench.run()
    decoy = bench.ledger.decoy(run.context.run_id)
    with expect.raises(WorkspaceError, "preparing where a directory is already"):
        run.prepare()
    decoy.check("the directory that was there")


@clause("SWD-WS-013")
def test_failed_prepare_leaves_nothing(bench: Bench) -> None:
    """Half a workspace is taken for a whole one by the next run."""
    parent = bench.root / "file"
    parent.write_text("not a directory", encoding="utf-8")
    before = snapshot(bench.root)
    run = bench.run(root=parent)
    with expect.raises((WorkspaceError, UnavailableError), "preparing below a file"):
        run.prepare()
    expect.equal(snapshot(bench.root), before, "files after the failure")


@clause("SWD-WS-014")
def test_attached_run_shares_the_workspace(bench: Bench) -> None:
    """Steps of several drivers share one workspace in one run."""
    made = bench.prepared()
    output_of(made, "echo made > first")
    attached = bench.attached(made)
    attached.prepare()
    seen = output_of(attached, "cat first; echo attached > second; pwd -P", step_id="t1")
    expect.equal(seen, f"made\n{made.path}\n", "what the attached step sees")
    expect.equal(output_of(made, "cat second"), "attached\n", "what the first driver's step sees")


@clause("SWD-WS-015")
def test_attached_teardown_leaves_the_directory(bench: Bench) -> None:
    """It belongs to the driver that made it, whose steps may still run."""
    made = bench.prepared()
    output_of(made, "echo kept > file")
    attached = bench.attached(made)
    attached.prepare()
    attached.teardown(remove=True)
    done = made.sh("cat file")
    expect.equal(done.text, "kept\n", "the file after the teardown of the attached run")


@clause("SWD-WS-016")
def test_attaching_to_nothing_is_refused(bench: Bench) -> None:
    """An empty workspace instead of the shared one shows up as a failure far away."""
    run = bench.run(request={"mode": "attach"})
    with expect.raises(WorkspaceError, "attaching to a directory that is not there"):
        run.prepare()
    expect.equal(snapshot(bench.root), {}, "files after the refusal")


def _persistent(bench: Bench, name: str = "kept") -> Run:
    return bench.run(request={"persistent": True, "run_dir": str(bench.root / name)})


@clause("SWD-WS-017")
def test_persistent_workspace_is_taken_up(bench: Bench) -> None:
    """It is a cache; that is its only use."""
    first = _persistent(bench)
    first.prepare()
    output_of(first, 'echo cached > file; echo cached > "$HOME/file"')
    first.teardown(remove=False)
    second = _persistent(bench)
    second.prepare()
    expect.equal(
        output_of(second, 'cat file "$HOME/file"'), "cached\ncached\n", "what is there again"
    )


@clause("SWD-WS-018")
def test_persistent_workspace_has_no_old_exchange(bench: Bench) -> None:
    """It holds scripts and secrets of others."""
    first = _persistent(bench)
    first.prepare()
    exchange = str(Path(first.context.workspace.exchange("x")).parent)
    output_of(first, 'mkdir "$1/old" && echo secret > "$1/old/script"', exchange)
    first.teardown(remove=False)
    second = _persistent(bench)
    second.prepare()
    seen = second.sh('ls -A "$1"', exchange, step_id="only").text
    expect.equal(seen, "only\n", "the exchange directories in the next run")


@clause("SWD-WS-019")
def test_persistent_run_refuses_a_foreign_directory(bench: Bench) -> None:
    """A key that happens to be the name of a directory must not adopt it."""
    decoy = bench.ledger.decoy("kept")
    with expect.raises(WorkspaceError, "a persistent run where a foreign directory is"):
        _persistent(bench).prepare()
    decoy.check("the directory that was there")


@clause("SWD-WS-019")
def test_persistent_run_refuses_the_directory_of_an_ordinary_run(bench: Bench) -> None:
    """The ordinary run will remove it."""
    made = bench.prepared()
    run = bench.run(request={"persistent": True, "run_dir": made.context.workspace.run_dir})
    with expect.raises(WorkspaceError, "a persistent run in the directory of another run"):
        run.prepare()
    expect.equal(made.sh("echo alive").text, "alive\n", "a step of the ordinary run")


@clause("SWD-WS-021")
def test_git_works(run: Run, bench: Bench) -> None:
    """Git checks who owns a directory."""
    if run.sh("git --version").result.end is not StepEnd.SUCCEEDED:
        expect.not_run("git", "there is no git where steps run")
    del bench
    done = run.sh("git init -q . && git status --short && echo fine")
    expect.equal(done.text, "fine\n", f"git in the workspace: {done.stderr!r}")
