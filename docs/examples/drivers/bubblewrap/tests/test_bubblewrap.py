"""The driver with a real bwrap, and the conformance suite over it."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from swamp_driver_bubblewrap import BubblewrapDriver
from swamp_driver_conformance.judge import JudgeOptions, judge

from swamp_driver.errors import UnavailableError
from swamp_driver.host import HostSettings, load_workflow_text, plan, run
from swamp_driver.spec import Json, RunContext, StepEnd, StepIO, structure_config
from swamp_driver.testing import RecordingSink, a_run_context, a_run_outcome, a_step_request

WORKFLOW = """
name: boxed
jobs:
  - name: work
    steps:
      - name: write
        run: echo made > file; pwd -P
      - name: read
        dependsOn: [{step: write, condition: {type: succeeded}}]
        run: test "$(cat file)" = made && test "$(pwd -P)" = ${{ workspace.path }}
"""

Sh = Any


@pytest.fixture(autouse=True)
def bwrap() -> None:
    """Leave the tests out where there is no bwrap; fail in CI."""
    if shutil.which("bwrap") is None:
        leave_out = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        leave_out("not run: install the package bubblewrap")


def a_run(root: Path, options: dict[str, Json] | None = None) -> RunContext:
    """Return a run with these options, as a host reads them."""
    config = structure_config(BubblewrapDriver.info.config, options or {})
    return a_run_context(root, config=config)


@pytest.fixture
def sh(tmp_path: Path) -> Iterator[Sh]:
    """Give a function that runs a script in a sandbox and returns its code and its output."""
    opened = []

    def sh(script: str, **options: Json) -> tuple[int | None, str]:
        root = tmp_path / f"root{len(opened)}"
        root.mkdir()
        context = a_run(root, options)
        driver = BubblewrapDriver(context.config)
        opened.append((driver, context, driver.prepare_workspace(context)))
        sink = RecordingSink()
        step = a_step_request(context, "/bin/sh", "-c", script)
        result = driver.run_step(step, StepIO(sink))
        return result.exit_code, sink.stdout.decode() + sink.stderr.decode()

    yield sh
    for driver, context, _ in opened:
        driver.teardown(context, a_run_outcome())
    assert all(list(path.iterdir()) == [] for path in tmp_path.glob("root*"))


def test_a_whole_run_shares_its_workspace_and_leaves_nothing(tmp_path: Path) -> None:
    """What is promised of every driver holds in a sandbox too."""
    settings = HostSettings(root=tmp_path / "root", state_dir=tmp_path / "state")
    drivers = {"bubblewrap": BubblewrapDriver}
    planned = plan(load_workflow_text(WORKFLOW), driver="bubblewrap", drivers=drivers)
    record = run(planned, settings=settings, drivers=drivers)

    assert record.errors == ()
    assert [step.end for step in record.steps] == [StepEnd.SUCCEEDED, StepEnd.SUCCEEDED]
    assert list((tmp_path / "root" / "runs").iterdir()) == []


@pytest.mark.parametrize("path", ["/x", "/usr/x", "/etc/x", "/proc/sys/kernel/hostname"])
def test_the_system_cannot_be_written(sh: Sh, path: str) -> None:
    """A build that damages the machine it runs on is what the sandbox is for."""
    code, output = sh(f"echo x > {path}")
    assert (code, output.count("Read-only file system")) == (2, 1), output


def test_it_cannot_be_made_writable_either(sh: Sh) -> None:
    """Root in a sandbox that kept its rights could undo the sandbox."""
    assert sh("mount -o remount,rw / || mount -t tmpfs x /mnt")[0] != 0


def test_there_is_no_network(sh: Sh) -> None:
    """Neither through an interface nor through the socket of a service."""
    code, output = sh("tail -n +3 /proc/net/dev | cut -d: -f1; ls -A /run")
    assert (code, output.split()) == (0, ["lo", "swamp-agent"])


def test_the_network_can_be_left_to_steps(sh: Sh) -> None:
    """A build that installs packages needs it."""
    ours = Path("/proc/self/ns/net").readlink()
    assert sh("readlink /proc/self/ns/net", network=True) == (0, f"{ours}\n")
    assert sh("readlink /proc/self/ns/net") != (0, f"{ours}\n")


def test_homes_and_temporary_files_of_others_are_not_seen(sh: Sh, tmp_path: Path) -> None:
    """Keys and tokens are there."""
    (tmp_path / "token").touch()
    assert sh(f"ls -A /root /home; test -e {tmp_path}/token")[0] == 1
    assert sh("ls -d /usr/bin; ls -A /usr/bin", hide=["/usr/share"])[0] == 0


def test_without_bwrap_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing has been made by then."""
    monkeypatch.setenv("PATH", str(tmp_path))
    context = a_run(tmp_path)
    with pytest.raises(UnavailableError, match="install the package 'bubblewrap'"):
        BubblewrapDriver(context.config).prepare_workspace(context)
    assert list(tmp_path.iterdir()) == []


def test_a_sandbox_that_cannot_be_made_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a container that forbids namespaces a person has to read what bwrap says."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "root").mkdir()
    (tmp_path / "bin/bwrap").write_text("#!/bin/sh\necho no namespaces >&2; exit 1\n")
    (tmp_path / "bin/bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    context = a_run(tmp_path / "root")
    with pytest.raises(UnavailableError, match="makes no sandbox here: no namespaces"):
        BubblewrapDriver(context.config).prepare_workspace(context)
    assert list((tmp_path / "root").iterdir()) == []


def test_a_mount_that_goes_away_meanwhile_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Containers that end on the same machine take theirs along."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "root").mkdir()
    script = f"""#!/bin/sh
    if mkdir {tmp_path}/once 2> /dev/null; then
      echo "bwrap: Can't bind mount: Unable to apply mount flags: Invalid argument" >&2; exit 1
    fi
    exec {shutil.which("bwrap")} "$@"
    """
    (tmp_path / "bin/bwrap").write_text(script)
    (tmp_path / "bin/bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    context = a_run(tmp_path / "root")
    driver = BubblewrapDriver(context.config)
    driver.prepare_workspace(context)
    assert (tmp_path / "once").is_dir()
    driver.teardown(context, a_run_outcome())


@pytest.mark.timeout(900)
def test_it_conforms(tmp_path: Path) -> None:
    """The suite says whether it keeps the contract, clause by clause.

    With small sizes, or whole with a report where CONFORMANCE_REPORTS names a directory.
    """
    reports = os.environ.get("CONFORMANCE_REPORTS")
    options = JudgeOptions(
        object_path="swamp_driver_bubblewrap:BubblewrapDriver",
        root=tmp_path,
        quick=not reports,
        report=Path(reports, "bubblewrap") if reports else None,
    )
    assert judge(options).tests_passed
