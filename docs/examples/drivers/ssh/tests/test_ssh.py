"""The driver with a real sshd, and the conformance suite over it."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import psutil
import pytest
from swamp_driver_conformance.judge import JudgeOptions, judge
from swamp_driver_ssh import SshDriver

from swamp_driver.errors import UnavailableError, UnsupportedCapabilityError, WorkspaceError
from swamp_driver.host import HostSettings, load_workflow_text, open_store, plan, run
from swamp_driver.host.data import open_data_store
from swamp_driver.spec import Json, RunContext, StepEnd, StepIO, Workspace, structure_config
from swamp_driver.testing import (
    RecordingSink,
    a_run_context,
    a_run_outcome,
    a_step_request,
    a_workspace_request,
)

WORKFLOW = """
name: far
jobs:
  - name: work
    steps:
      - name: write
        run: echo "$SSH_CONNECTION" > who; pwd -P
      - name: read
        dependsOn: [{step: write, condition: {type: succeeded}}]
        run: test -e who && test -z "$(cat who)" && test "$(pwd -P)" = ${{ workspace.path }}
"""
MODEL = """
import os
from swamp_driver.models import Model, Resource, method

class Far(Model):
    type = "test/far"
    resources = {"place": Resource()}

    @method
    def look(self) -> None:
        place = {"workspace": str(self.workspace), "device": os.stat(self.workspace).st_dev}
        self.write_resource("place", "here", place)
"""
CALL = """
name: call
jobs:
  - name: work
    steps:
      - name: look
        task: {type: model_method, modelType: test/far, modelName: far, methodName: look}
"""
APART = """
name: apart
workspace: {enabled: false}
jobs:
  - name: work
    steps:
      - name: make
        run: |
          mkdir -p out/empty && head -c 20000000 /dev/urandom > out/big && chmod 711 out/big
          sha256sum < out/big
        outputs: [{path: out, makeAvailableTo: [use]}]
      - name: use
        dependsOn: [{step: make, condition: {type: succeeded}}]
        run: sha256sum < out/big; ls -A out; test -x out/big; ls ..
"""
PROGRAMS = {"sshd": "openssh-server", "ssh": "openssh-client", "bwrap": "bubblewrap"}
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


@attrs.frozen
class FarSide:
    """A machine behind ssh: this one, but for what is below `root`.

    As between two machines, a path below `root` does not lead to the same file there as here.
    """

    options: dict[str, Any]
    root: Path
    pid: int

    def names(self) -> list[str]:
        """Return what is below `root` on the far side."""
        there = Path(f"/proc/{self.pid}/root{self.root}")
        return sorted(str(path.relative_to(there)) for path in there.rglob("*"))


@pytest.fixture
def far(machine: FarSide, tmp_path: Path) -> FarSide:
    """Give a test a directory of its own for runs, under the same path on both sides."""
    root = machine.root / tmp_path.name
    root.mkdir()
    return attrs.evolve(machine, root=root)


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FarSide]:
    """Start an sshd with keys, a port and files of its own."""
    if missing := [p for name, p in PROGRAMS.items() if shutil.which(name, path=PATH) is None]:
        leave_out = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        leave_out(f"not run: install the packages {', '.join(missing)}")
    directory, root = tmp_path_factory.mktemp("sshd"), tmp_path_factory.mktemp("root")
    port = write_server_config(directory)
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    place = ["bwrap", "--die-with-parent", "--cap-add", "ALL", "--dev-bind", "/", "/"]
    if (login_script := Path("~/.bashrc").expanduser()).exists():  # it may be slow
        place += ["--ro-bind", "/dev/null", str(login_script)]
    sshd = [str(shutil.which("sshd", path=PATH)), "-D", "-e", "-f", f"{directory}/sshd_config"]
    server = subprocess.Popen([*place, "--tmpfs", str(root), "--", *sshd])
    try:
        wait_for(server, port)
        (inside,) = psutil.Process(server.pid).children()
        options = {"host": "127.0.0.1", "options": client_options(directory, port)}
        yield FarSide(options, root, inside.pid)
    finally:
        server.terminate()
        server.wait()


def write_server_config(directory: Path) -> int:
    """Write keys and sshd_config; return the port."""
    for name in ("host", "user"):
        key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(directory / name)]
        subprocess.run(key, check=True)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    (directory / "sshd_config").write_text(
        f"ListenAddress 127.0.0.1:{port}\nHostKey {directory}/host\n"
        f"AuthorizedKeysFile {directory}/user.pub\nPidFile none\nStrictModes no\nUsePAM no\n"
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\nAcceptEnv *\n"
        "MaxStartups 100\nMaxSessions 100\nLogLevel FATAL\n",
        encoding="utf-8",
    )
    return port


def client_options(directory: Path, port: int) -> list[str]:
    """Return what comes after `ssh -o` to log in there."""
    return [
        f"Port={port}",
        f"IdentityFile={directory}/user",
        "IdentitiesOnly=yes",
        "StrictHostKeyChecking=no",
        f"UserKnownHostsFile={directory}/known_hosts",
        "LogLevel=ERROR",
    ]


def wait_for(server: subprocess.Popen[bytes], port: int) -> None:
    """Wait until the server listens."""
    while True:
        assert server.poll() is None, "sshd ended at once"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=10).close()
        except ConnectionRefusedError:
            time.sleep(0.01)
        else:
            return


@contextlib.contextmanager
def one_connection(far: FarSide, path: Path) -> Iterator[dict[str, Any]]:
    """Yield options with which all logins share a connection: most of their time is its making."""
    shared = [*far.options["options"], f"ControlPath={path}"]
    words = [word for option in shared for word in ("-o", option)]
    master = subprocess.Popen(["ssh", "-M", "-N", *words, far.options["host"]])
    try:
        while not path.exists():
            assert master.poll() is None, "ssh ended at once"
            time.sleep(0.01)
        yield {**far.options, "options": shared}
    finally:
        master.terminate()
        master.wait()


def a_run(far: FarSide, options: dict[str, Json] | None = None, **fields: Any) -> RunContext:
    """Return a run on the far side with these options in addition, as a host reads them."""
    config = structure_config(SshDriver.info.config, far.options | (options or {}))
    return a_run_context(far.root, config=config, **fields)


def prepared(context: RunContext) -> tuple[SshDriver, Workspace]:
    """Return a driver with a workspace on the far side."""
    driver = SshDriver(context.config)
    return driver, driver.prepare_workspace(context)


def test_a_whole_run_leaves_nothing_on_either_side(far: FarSide, tmp_path: Path) -> None:
    """Steps share a workspace there, and see nothing of the login's environment but PATH."""
    settings = HostSettings(root=far.root, state_dir=tmp_path)
    loaded, drivers = load_workflow_text(WORKFLOW), {"ssh": SshDriver}
    planned = plan(loaded, driver="ssh", driver_config=far.options, drivers=drivers)
    record = run(planned, settings=settings, drivers=drivers)

    assert record.errors == ()
    assert [(step.step, step.end) for step in record.steps] == [
        ("write", StepEnd.SUCCEEDED),
        ("read", StepEnd.SUCCEEDED),
    ]
    assert far.names() == ["runs"]
    assert list((far.root / "runs").iterdir()) == []


def test_a_method_of_a_model_runs_on_the_far_side(far: FarSide, tmp_path: Path) -> None:
    """A driver that knows nothing of models carries them, and what they write comes back."""
    repository = tmp_path / "repository"
    (repository / "extensions/models").mkdir(parents=True)
    (repository / "extensions/models/far.py").write_text(MODEL)
    settings = HostSettings(root=far.root, state_dir=tmp_path / "state")
    loaded, drivers = load_workflow_text(CALL, directory=repository), {"ssh": SshDriver}
    planned = plan(loaded, driver="ssh", driver_config=far.options, drivers=drivers)
    record = run(planned, settings=settings, drivers=drivers)

    assert [(step.end, step.detail) for step in record.steps] == [(StepEnd.SUCCEEDED, "")]
    with open_data_store(settings, repository) as store:
        (found,) = store.latest_of("far")
    assert found.attributes["workspace"] == record.workspace_path
    assert found.attributes["device"] != far.root.stat().st_dev


def test_files_are_handed_on_where_steps_share_nothing(far: FarSide, tmp_path: Path) -> None:
    """A driver that knows nothing of outputs carries them, by running steps and nothing else."""
    settings = HostSettings(root=far.root, state_dir=tmp_path / "state")
    loaded, drivers = load_workflow_text(APART), {"ssh": SshDriver}
    planned = plan(loaded, driver="ssh", driver_config=far.options, drivers=drivers)
    record = run(planned, settings=settings, drivers=drivers)

    assert [(step.end, step.detail) for step in record.steps] == [(StepEnd.SUCCEEDED, "")] * 2
    with open_store(settings) as store:
        made, used = (
            b"".join(piece.data for piece in store.step_output(record.run_id, step.step_id))
            for step in record.steps
        )
    assert used == made + b"big\nempty\n" + f"{record.steps[1].step_id}\n".encode()
    assert far.names() == ["runs"]


def test_a_login_that_is_refused_says_what_ssh_says(far: FarSide) -> None:
    """The person who reads it has to repair keys or names, which only ssh knows."""
    options = ["User=nobody-here", *far.options["options"]]

    with pytest.raises(UnavailableError, match="Permission denied") as caught:
        prepared(a_run(far, {"options": options}))
    assert str(caught.value.fix).startswith("try 'ssh -T")


@pytest.mark.parametrize("wish", [{"mode": "attach"}, {"persistent": True}])
def test_what_is_not_declared_is_refused_before_any_login(
    wish: dict[str, Any], tmp_path: Path
) -> None:
    """A host that asks in vain must not find anything changed on either side."""
    nowhere = FarSide({"host": "no.such.host.invalid"}, tmp_path, 0)
    with pytest.raises(UnsupportedCapabilityError):
        prepared(a_run(nowhere, workspace=a_workspace_request(tmp_path, **wish)))


def test_what_is_there_already_is_not_touched(far: FarSide) -> None:
    """The path is chosen on this side; on the far side it may be another run's."""
    context = a_run(far)
    driver, workspace = prepared(context)
    before = far.names()

    with pytest.raises(WorkspaceError, match="exists already"):
        prepared(context)
    assert far.names() == before
    driver.teardown(context, workspace, a_run_outcome())


def test_another_process_can_tear_down(far: FarSide) -> None:
    """After a crash the host has nothing but the handle and the options."""
    context = a_run(far)
    driver, workspace = prepared(context)

    report = SshDriver(context.config).teardown(context, workspace, a_run_outcome())
    assert (report.removed, report.errors) == ((context.workspace.run_dir,), ())
    assert far.names() == []
    assert driver.teardown(context, workspace, a_run_outcome()).errors == ()


def test_a_peer_that_falls_silent_is_noticed_by_both_sides(far: FarSide) -> None:
    """A cable that is pulled sends no end of file: only silence tells."""
    context = a_run(far, {"leaseS": 1.0})
    driver, workspace = prepared(context)
    (client,) = [p for p in psutil.Process().children() if p.name() == "ssh"]
    sink = RecordingSink()

    def freeze_the_line(stream: Any, data: bytes) -> None:
        sink(stream, data)
        client.suspend()

    step = a_step_request(context, "/bin/sh", "-c", "echo $$; exec sleep 600")
    result = driver.run_step(step, StepIO(freeze_the_line))

    assert result.end is StepEnd.LOST
    assert "nothing was heard for 1 s" in result.detail
    give_up = time.monotonic() + 60
    while psutil.pid_exists(int(sink.stdout)):
        assert time.monotonic() < give_up, "the step is still alive on the far side"
        time.sleep(0.02)
    assert driver.teardown(context, workspace, a_run_outcome()).errors == ()
    assert far.names() == []


@pytest.mark.timeout(900)
def test_it_conforms(far: FarSide, tmp_path: Path) -> None:
    """The suite says whether it keeps the contract, clause by clause.

    With small sizes and one connection for all, or whole, with a connection for each run and a
    report, where CONFORMANCE_REPORTS names a directory.
    """
    reports = os.environ.get("CONFORMANCE_REPORTS")
    with contextlib.ExitStack() as stack:
        options = far.options
        if not reports:
            options = stack.enter_context(one_connection(far, tmp_path / "shared"))
        (tmp_path / "options.json").write_text(json.dumps(options), encoding="utf-8")
        wanted = JudgeOptions(
            object_path="swamp_driver_ssh:SshDriver",
            config=tmp_path / "options.json",
            root=far.root,
            quick=not reports,
            report=Path(reports, "ssh") if reports else None,
        )
        assert judge(wanted).tests_passed
