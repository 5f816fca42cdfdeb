"""`swamp-driver parity`: a file gives the same result everywhere, or it is told where not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from swamp_driver.errors import UnavailableError
from swamp_driver.host import HostSettings
from swamp_driver.host.parity import Side, compare_traces, plan_sides, trace_run
from swamp_driver.spec import RunStatus
from swamp_driver.testing import fake_driver, raises, succeeds
from tests.run.command import EXAMPLES, LIMIT_S, alive_below, commit_files, left_in, run
from tests.run.shell import Done, Shell

IMAGE = "swamp-test/debian"

PLANTED = """\
name: planted
jobs:
  - name: job
    steps:
      - name: step
        allowFailure: true
        run: |
          mkdir dir
          echo same > dir/file
          ln -s "$SWAMP_WORKSPACE/dir/file" link
          echo "in $PWD, run $SWAMP_RUN_ID" | tee where
          echo key=value >> "$SWAMP_OUTPUT"
          if [ -n "${PLANT-}" ]; then
            eval "$PLANT"
          fi
"""
"""A variable that only one side lets pass makes that side do something else."""


@pytest.fixture
def call(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    """Return a way to call commands beside the workflow."""
    (tmp_path / "planted.yaml").write_text(PLANTED, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return Shell(capsys)


def parity(call: Shell, *arguments: str) -> Done:
    """Compare two raw sides, of which one lets PLANT pass."""
    sides = ("--drivers", "a=raw,b=raw", "-c", 'b:passEnv:=["PLANT"]')
    return call("parity", "planted.yaml", *sides, *arguments)


def test_equal_runs_are_equal(call: Shell, root: Path) -> None:
    """Each has another path, and prints it, writes it and links to it."""
    told = parity(call)
    assert (told.code, told.out) == (0, "✓ a and b are equal\n")
    assert "a: run " in told.err
    assert left_in(root) == []


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        ("echo other > dir/file", "dir/file: 5 and 6 bytes"),
        ("echo SAME > dir/file", "dir/file: content sha256 "),
        ("chmod 700 dir", "dir: mode 0755 and 0700"),
        ("chmod 0 dir/file", "dir/file: mode 0644 and 0000"),
        ("rm dir/file; mkfifo dir/file", "dir/file: a file and a fifo"),
        ("ln -sf /etc link", "link: target '<run dir>/workspace/dir/file' and '/etc'"),
        ("rm -r dir", "dir: a directory 0755 and missing"),
        ("mkdir dir/new", "dir/new: missing and a directory 0755"),
        ("exit 3", "job/step:exit: 0 and 3"),
        ("kill -9 $$", "job/step:signal: none and 9"),
        ("echo more", "job/step:stdout: "),
        ("echo more >&2", "job/step:stderr: nothing and 5 bytes"),
        ("echo key=x >> $SWAMP_OUTPUT", "job/step:output:key: value and x"),
    ],
)
def test_a_planted_difference_is_found(
    call: Shell, root: Path, monkeypatch: pytest.MonkeyPatch, plant: str, found: str
) -> None:
    """A comparison that finds nothing must have been able to find something."""
    monkeypatch.setenv("PLANT", plant)
    told = parity(call, "--ignore", "*:env:PLANT")
    assert told.code == 1, told.out + told.err
    assert f"  {found}" in told.out
    assert "✗ a and b: " in told.out
    assert left_in(root) == []


def test_a_variable_that_only_one_side_has_is_found(
    call: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The names are those that a program in the step's place sees."""
    monkeypatch.setenv("PLANT", ":")
    told = parity(call)
    assert (told.code, "job/step:env:PLANT: not set and set" in told.out) == (1, True)
    assert parity(call, "--ignore", "*:env:PLANT").out == "✓ a and b are equal (1 ignored)\n"


def test_json_has_everything(call: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """With it one decides in CI what may differ."""
    monkeypatch.setenv("PLANT", "echo more")
    data = json.loads(parity(call, "--json").out)
    assert data["equal"] is False
    assert [(one["label"], one["status"]) for one in data["runs"]] == [
        ("a", "succeeded"),
        ("b", "succeeded"),
    ]
    (comparison,) = data["comparisons"]
    found = {one["subject"]: one for one in comparison["differences"]}
    assert set(found) == {"job/step:stdout", "job/step:env:PLANT"}
    assert found["job/step:stdout"]["detail"][-1] == "+more"


def test_a_persistent_workspace_is_not_shared_by_the_sides(call: Shell, root: Path) -> None:
    """The second side would find what the first one left."""
    text = PLANTED.replace("jobs:", "workspace: {persistent: true, key: mine}\njobs:", 1)
    Path("planted.yaml").write_text(text, encoding="utf-8")
    assert parity(call).code == 0
    assert left_in(root) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--drivers", "raw"), "two drivers at least"),
        (("--drivers", "raw,raw"), "a name twice"),
        (("--drivers", "raw,dokcer"), "did you mean 'docker'?"),
        (("--drivers", "raw,b=raw", "-c", "passEnv=1"), "NAME:key=value"),
        (("--drivers", "raw,b=raw", "-c", "b:passEnv=1"), "passEnv"),
        (("--drivers", "raw,b=raw", "-i", "x=1"), "x"),
    ],
)
def test_what_is_wrong_is_said_before_anything_runs(
    call: Shell, root: Path, arguments: tuple[str, ...], words: str
) -> None:
    """Not after the first side has run for an hour."""
    told = call("parity", "planted.yaml", *arguments)
    assert (told.code, told.out) == (2, "")
    assert words in told.err
    assert not root.exists()


def test_a_side_that_breaks_is_no_difference(call: Shell, root: Path, short_socket: Path) -> None:
    """An engine that is not there says nothing about the workflow."""
    config = ("-c", "docker:image=x", "-c", f"docker:host=unix://{short_socket}")
    told = call("parity", "planted.yaml", "--drivers", "raw,docker", *config)
    assert (told.code, told.out) == (3, "")
    assert "cannot be reached" in told.err
    assert "nothing to compare: docker broke" in told.err
    assert left_in(root) == []


@pytest.fixture
def short_socket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a path that is short enough for a socket; nobody listens there."""
    return tmp_path_factory.mktemp("s") / "none.sock"


def test_drivers_of_a_program_can_be_compared(tmp_path: Path) -> None:
    """The comparison is a library: a driver under test needs no entry point."""
    (tmp_path / "w.yaml").write_text("name: w\njobs: [{name: j, steps: [{name: s, run: x}]}]\n")
    drivers = {
        "good": fake_driver({"s": succeeds(stdout=b"a\n")}),
        "bad": fake_driver({"s": succeeds(stdout=b"b\n")}),
        "broken": fake_driver({"s": raises(UnavailableError("gone"))}),
    }
    sides = [Side(label=name, driver=name) for name in drivers]
    settings = HostSettings(root=tmp_path / "root", state_dir=tmp_path / "state")
    plans = plan_sides(tmp_path / "w.yaml", sides, drivers=drivers)
    good, bad, broken = (
        trace_run(plan, label=side.label, settings=settings, drivers=drivers)
        for side, plan in zip(sides, plans, strict=True)
    )
    (found,) = compare_traces(good, bad, ignore=["*:env"]).differences
    assert (found.subject, found.detail[-2:]) == ("j/s:stdout", ("-a", "+b"))
    assert broken.status is RunStatus.BROKEN
    assert left_in(tmp_path / "root") == []


def test_an_interrupted_comparison_leaves_nothing(root: Path, tmp_path: Path) -> None:
    """It makes workspaces that are to be kept until they have been looked at."""
    path = tmp_path / "slow.yaml"
    path.write_text("name: w\njobs: [{name: j, steps: [{name: s, run: sleep 600}]}]\n")
    command = [sys.executable, "-m", "swamp_driver.cli", "parity", str(path)]
    with subprocess.Popen(
        [*command, "--drivers", "raw,b=raw"], stderr=subprocess.PIPE, text=True
    ) as process:
        wait_for_step(root, process)
        os.kill(process.pid, signal.SIGINT)
        _, told = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 130, told
    assert "raw: run" in told
    assert "b: run" not in told
    assert left_in(root) == []
    assert alive_below(root) == []


def wait_for_step(root: Path, process: subprocess.Popen[str]) -> None:
    """Return when a step of a run below `root` is at work."""
    import time

    deadline = time.monotonic() + LIMIT_S
    while not alive_below(root):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)


CONTAINERS = (
    *("--drivers", "raw,docker,docker-session"),
    *("-c", f"docker:image={IMAGE}", "-c", f"docker-session:image={IMAGE}"),
)


@pytest.mark.engine
def test_the_larger_example_gives_the_same_under_raw_and_in_containers(root: Path) -> None:
    """It is the promise of the product: where steps run is not seen in what they do."""
    code, told = run("parity", EXAMPLES / "larger/workflow.yaml", *CONTAINERS)
    assert "raw and docker are equal" in told
    assert "raw and docker-session are equal" in told
    assert code == 0
    assert left_in(root) == []
    assert alive_below(root) == []


@pytest.mark.engine
def test_a_workspace_that_this_host_does_not_see_is_compared(call: Shell, root: Path) -> None:
    """It is copied out of its volume, which is removed like the rest."""
    options = ("-c", f"docker:image={IMAGE}", "-c", "docker:storage=volume")
    told = call("parity", "planted.yaml", "--drivers", "raw,docker", *options)
    assert (told.code, told.out) == (0, "✓ raw and docker are equal\n"), told.out + told.err
    run_id = told.err.split("docker: run ")[1].split()[0]
    listed = subprocess.run(
        ["docker", "volume", "ls", "--quiet", "--filter", f"label=swamp-driver.run={run_id}"],
        capture_output=True,
        check=True,
    )
    assert listed.stdout == b""
    assert left_in(root) == []


@pytest.mark.engine
def test_the_ci_example_gives_the_same_under_raw_and_in_containers(
    root: Path, tmp_path: Path
) -> None:
    """Git, Python and parallel checks are what people do: a finding must be the same finding."""
    repository = commit_files(tmp_path / "repo", {"bad.json": "{\n", "fine.py": "print()\n"})
    volumes = f'volumes:=["{repository}:{repository}:ro"]'
    both = ("-c", f"docker:{volumes}", "-c", f"docker-session:{volumes}")
    # What git keeps for itself has times, inode numbers and names of hosts in it.
    arguments = ("--input", f"repo={repository}", "--ignore", "repo/.git")
    code, told = run("parity", EXAMPLES / "ci/workflow.yaml", *CONTAINERS, *both, *arguments)
    assert code == 0, told
    assert told.count("are equal") == 2
    assert "raw: run" in told
    assert "failed" in told  # the finding
    assert left_in(root) == []


APART = """\
name: apart
workspace: {enabled: false}
jobs:
  - name: job
    steps:
      - name: make
        run: mkdir out; echo x > out/f; eval "${PLANT-}"
        outputs: [{path: out, makeAvailableTo: [use]}]
      - name: use
        dependsOn: [{step: make, condition: {type: succeeded}}]
        run: ls out > /dev/null
"""


@pytest.mark.parametrize("plant", ["echo y > out/f", "chmod 711 out/f", "mkdir out/more"])
def test_files_that_are_handed_on_are_compared_where_there_is_no_workspace(
    call: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plant: str
) -> None:
    """There is no tree at the end that could be."""
    (tmp_path / "planted.yaml").write_text(APART, encoding="utf-8")
    monkeypatch.setenv("PLANT", plant)
    told = parity(call, "--ignore", "*:env:PLANT")
    assert told.code == 1, told.out + told.err
    assert "what steps handed on\n  job/make:files:out: 2 bytes in 1 files (" in told.out
    assert parity(call, "--ignore", "*:env:PLANT", "--ignore", "*:files:out").code == 0
