"""The examples do what they are there to show, as whole commands, and leave nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.run.command import (
    EXAMPLES,
    LIMIT_S,
    REPOSITORY,
    alive_below,
    commit_files,
    left_in,
    run,
    start,
)

CI_EXAMPLE = EXAMPLES / "ci/workflow.yaml"


@pytest.fixture
def silent_server() -> Iterator[socket.socket]:
    """Listen on a port and never answer: a clone from there goes on until it is stopped."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(LIMIT_S)
        yield server


def test_the_ci_example_checks_the_repository_that_it_lies_in(root: Path) -> None:
    """It is the first command of the README: it must work in a clone with nothing given."""
    code, output = run("run", CI_EXAMPLE)

    assert code == 0, output
    for check in ("python", "data", "merge", "size"):
        assert f"{check}: " in output
    assert ", 0 findings" in output
    assert left_in(root) == []
    assert alive_below(root) == []


def test_the_ci_example_sums_up_also_where_a_check_fails(root: Path, tmp_path: Path) -> None:
    """A summary that is missing when something was found is worth nothing."""
    repository = commit_files(tmp_path / "repo", {"bad.json": "{\n", "fine.py": "print()\n"})

    code, output = run("run", CI_EXAMPLE, "--input", f"repo={repository}")

    assert code == 1, output
    assert "data: 2 files, 1 findings" in output
    assert "python: 2 files, 0 findings" in output
    assert left_in(root) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_the_ci_example_leaves_nothing_when_it_is_interrupted(
    root: Path, silent_server: socket.socket, number: signal.Signals
) -> None:
    """Whoever stops a run must not have to look for what it has left."""
    port = silent_server.getsockname()[1]
    process = start("run", CI_EXAMPLE, "--input", f"repo=git://127.0.0.1:{port}/never")
    connection, _ = silent_server.accept()  # the clone is under way now
    with connection:
        process.send_signal(number)
        output, _ = process.communicate(timeout=LIMIT_S)

    assert process.returncode == 130, output
    assert left_in(root) == []
    assert alive_below(root) == []


def test_the_larger_example_ends_its_steps_in_every_way(root: Path) -> None:
    """It is what drivers are compared with: what it says under raw is what the others must say."""
    code, output = run("run", EXAMPLES / "larger/workflow.yaml", "--preserve-workspace")

    assert code == 0, output
    (workspace,) = root.glob("runs/*/workspace")
    assert (workspace / "where.txt").read_text() == f"{workspace}\n" * 3
    assert (workspace / "verdict.txt").read_text() == "add it to the dictionary\n"
    assert (workspace / "notes-by-absolute-path").read_text() == (
        'v1.2.0\n\nFirst line.\nSecond line, with "quotes" and $dollars.\n'
    )
    assert (workspace / "releases/current").readlink() == Path("v1.2.0")
    assert (workspace / "releases/current").stat().st_mode & 0o777 == 0o555
    assert (workspace / "uploads").is_dir()
    assert alive_below(root) == []


def test_the_embedded_host_runs_a_workflow(root: Path, tmp_path: Path) -> None:
    """It is the whole program of the how-to, so it must be one that works."""
    file = tmp_path / "two.yaml"
    file.write_text(
        "name: two\njobs:\n  - name: j\n    steps:\n"
        "      - {name: ok, run: echo one}\n      - {name: bad, run: exit 4}\n"
    )

    done = subprocess.run(
        [sys.executable, EXAMPLES / "embedding/host.py", file],
        check=False,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )

    assert done.returncode == 1, done.stderr
    assert sorted(done.stdout.splitlines()) == ["bad: failed", "ok: succeeded", "one"]
    assert left_in(root) == []


def test_the_readme_names_the_commands_that_are_run_here_and_in_ci() -> None:
    """A README that differs from what is tested is the one that does not work."""
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    last_command_of_ci = (REPOSITORY / ".ci/run").read_text(encoding="utf-8").splitlines()[-1]

    assert f"\n{last_command_of_ci}\n" in readme
    assert f"swamp-driver run {os.path.relpath(CI_EXAMPLE, REPOSITORY)}\n" in readme
